"""Who may come in: passwords, tokens, and the roles behind them."""

import base64
from collections.abc import Mapping
import secrets
from typing import Any, Final

from .profiles import CUSTOMER, INSTALLER
from .wire import Answer, encode, json_answer, refusal

ROLES: Final[Mapping[str, str]] = {
    CUSTOMER: "Home_Owner",
    INSTALLER: "Provider_Engineer",
}
"""The role a user name stands for. The other user names of Tesla's own are refused."""

BAD_REQUEST: Final = "Bad Request"
STRANGE_ORIGIN: Final = refusal(400, "unexpected request origin", BAD_REQUEST)
"""A password is changed by nobody but who is in the gateway's own Wi-Fi."""


class Logins:
    """The open sessions of a gateway; any number of tokens are good at a time."""

    def __init__(self, password: str) -> None:
        """Let in whoever knows the password."""
        self.password = password
        self.installer_needs_switch = False
        """Since 1.50.1 an installer first has to turn a Powerwall off and on."""
        self.expired_status = 401
        """How an unknown token is refused; some firmware answers 403."""
        self._users: dict[str, str] = {}

    def log_in(self, request: Mapping[str, Any], now: str) -> Answer:
        """Answer a login: a token, also as cookies, or why not."""
        username = str(request.get("username"))
        if username not in ROLES or request.get("password") != self.password:
            return refusal(401, "bad credentials", "Login Error")
        role = ROLES[username]
        if username == INSTALLER and self.installer_needs_switch:
            error = f"roles [{role}] require physical access"
            return refusal(401, error, "Login Error")
        token = base64.urlsafe_b64encode(secrets.token_bytes(64)).decode()
        self._users[token] = username
        document = {
            "email": request.get("email", ""),
            "firstname": "Tesla",
            "lastname": "Energy",
            "roles": [role],
            "token": token,
            "provider": "Basic",
            "loginTime": now,
        }
        record = base64.b64encode(encode(document)).decode()
        cookies = (f"AuthCookie={token}; Path=/", f"UserRecord={record}; Path=/")
        return json_answer(document, cookies=cookies)

    def change_password(self, request: Mapping[str, Any]) -> Answer:
        """Take another password, for the next login on.

        Of how a real gateway refuses, the status is known and how a toggle's error
        begins; the other words are made up.
        """
        password = request.get("new_password")
        if not isinstance(password, str) or not password:
            return refusal(400, "Invalid password", BAD_REQUEST)
        if str(request.get("toggled_pw")).lower() == "true":
            return refusal(400, "Toggle Error: no switch was turned", BAD_REQUEST)
        if request.get("old_password") != self.password:
            return refusal(400, "bad credentials", BAD_REQUEST)
        self.password = password
        return json_answer({"password": password})

    def user(self, token: str | None) -> str | None:
        """Return whose token this is, None if nobody's."""
        return self._users.get(token or "")

    def refusal(self, method: str, token: str | None) -> Answer:
        """Answer a request without a good token."""
        if token is None or self.expired_status == 403:
            return forbidden(method)
        return refusal(401, f"Unable to {method} to resource", "Token Expired")

    def log_out(self, token: str | None) -> Answer:
        """Forget a token; garbage is accepted too."""
        self._users.pop(token or "", None)
        return Answer(status=204)

    def expire(self, status: int = 401) -> None:
        """Forget all tokens, and refuse them with this status from now on."""
        self._users.clear()
        self.expired_status = status


def forbidden(method: str) -> Answer:
    """Return a refusal: nobody is logged in, or the role may not do this."""
    message = "User does not have adequate access rights"
    return refusal(403, f"Unable to {method} to resource", message)
