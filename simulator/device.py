"""The gateway as one answers: what comes back for a method, a path, a token and a body.

No network here: `server` carries requests in and answers out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
import gzip
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from .bodies import body
from .login import STRANGE_ORIGIN, Logins, forbidden
from .profiles import (
    LOGOUT,
    OPEN_PATHS,
    PASSWORD_CHANGE,
    SILENT_WHILE_STOPPED,
    SOLAR_POWERWALL,
    TEDAPI_DIN,
    VITALS,
    Profile,
)
from .site import Site
from .vitals import vitals
from .wire import Answer, json_answer, refusal, timestamp, vitals_answer
from .writes import WRITES

NOT_FOUND: Final = refusal(404, "Not Found", "Not Found")
WRONG_METHOD: Final = refusal(405, "Method Not Allowed", "Method Not Allowed")
SILENCE: Final = Answer(status=502)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a client asks."""

    method: str
    path: str
    token: str | None = None
    body: bytes = b""
    is_from_own_wifi: bool = False
    """Whether it comes by the gateway's own Wi-Fi, not the home network."""

    @property
    def endpoint(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    def document(self) -> Mapping[str, Any]:
        """Return the body as an object: JSON or a form, whatever its type claims.

        Documented calls send JSON labeled as a form.
        """
        try:
            document = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return dict(parse_qsl(self.body.decode(errors="replace")))
        return document if isinstance(document, dict) else {}


class Device:
    """One gateway: its firmware, its site and who is logged in."""

    def __init__(
        self,
        profile: Profile,
        site: Site,
        *,
        password: str,
        recording: Mapping[str, Answer] | None = None,
    ) -> None:
        """Put a gateway into a home, or let it repeat what another one said."""
        self.profile = profile
        self.site = site
        self.logins = Logins(password)
        self.is_din_compressed = False
        """Since 25.42 the DIN is gzip that no header announces."""
        self._recording = recording
        if profile.starts_stopped:
            site.is_running = False
        if recording is not None:
            self.profile = replace(
                profile, reads=frozenset(recording), writes=frozenset()
            )

    def answer(self, request: Request) -> Answer:
        """Return what the gateway says to a request."""
        if request.endpoint in self.profile.session:
            return self._session(request)
        return self._refused(request) or self._served(request)

    def _refused(self, request: Request) -> Answer | None:
        """Return why this firmware, or this user, gets no answer."""
        profile, endpoint = self.profile, request.endpoint
        if endpoint in profile.wrong_methods:
            return WRONG_METHOD
        if not self._is_read(request) and endpoint not in profile.writes:
            return NOT_FOUND
        user = self.logins.user(request.token)
        if user is None and request.path not in OPEN_PATHS:
            return self.logins.refusal(request.method, request.token)
        if endpoint in profile.writes and user not in profile.writers:
            return forbidden(request.method)
        return None

    def _is_read(self, request: Request) -> bool:
        if request.path == SOLAR_POWERWALL and not self._has_solar_inverter():
            return False
        return request.method == "GET" and request.path in self.profile.reads

    def _has_solar_inverter(self) -> bool:
        return self._recording is not None or self.site.has_solar

    def _served(self, request: Request) -> Answer:
        if self._is_read(request):
            return self._read(request.path)
        write = WRITES[request.endpoint]
        return write(self.site, self.profile, request.document())

    def _session(self, request: Request) -> Answer:
        if request.endpoint == LOGOUT:
            return self.logins.log_out(request.token)
        if request.endpoint == PASSWORD_CHANGE:
            return self._password_change(request)
        return self.logins.log_in(request.document(), timestamp(self.site))

    def _password_change(self, request: Request) -> Answer:
        if not request.is_from_own_wifi:
            return STRANGE_ORIGIN
        return self.logins.change_password(request.document())

    def _read(self, path: str) -> Answer:
        if self._recording is not None:
            return self._recording[path]
        if path == TEDAPI_DIN:
            return self._din()
        if path in SILENT_WHILE_STOPPED and not self.site.is_running:
            return SILENCE
        if path == VITALS:
            return vitals_answer(vitals(self.site, self.profile))
        return json_answer(body(path, self.site, self.profile))

    def _din(self) -> Answer:
        din = self.profile.din.encode()
        content = gzip.compress(din, mtime=0) if self.is_din_compressed else din
        return Answer(headers={"Content-Type": "text/plain"}, body=content)
