"""Config flow: a gateway's address and password, tried before anything is kept."""

from collections.abc import Mapping
from typing import Any, Final, override

from aiohttp import DummyCookieJar
import probatio

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_BASE, CONF_EMAIL, CONF_HOST, CONF_PASSWORD
from homeassistant.core import callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.selector import (
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .connection import client_of
from .const import (
    CONF_ADVANCED,
    CONF_FINGERPRINT,
    CONF_MODEL,
    CONF_PACE,
    CONF_RECORD,
    CONF_ROLE,
    DOMAIN,
    LOGGER,
    PACE_NORMAL,
    PACES,
)
from .gateway import (
    GatewayAuthenticationError,
    GatewayCertificateError,
    GatewayConnectionError,
    GatewayError,
    GatewayIdentityError,
    GatewayModel,
    GatewayNameError,
    GatewayRateLimitError,
    GatewayRecord,
    GatewayRejectedError,
    GatewayTimeoutError,
    GatewayTlsError,
    Identity,
    LoginRefusal,
    Role,
    certificate_fingerprint,
    normalized_host,
)

_PASSWORD = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)
_ROLE = SelectSelector(
    SelectSelectorConfig(
        options=[role.value for role in Role],
        mode=SelectSelectorMode.DROPDOWN,
        translation_key="role",
    )
)
_USER_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_HOST): TextSelector(
            TextSelectorConfig(autocomplete="off")
        ),
        probatio.Required(CONF_PASSWORD): _PASSWORD,
        probatio.Optional(CONF_EMAIL): TextSelector(
            TextSelectorConfig(type=TextSelectorType.EMAIL)
        ),
        probatio.Optional(CONF_ADVANCED): section(
            probatio.Schema(
                {probatio.Required(CONF_ROLE, default=Role.CUSTOMER.value): _ROLE}
            ),
            {"collapsed": True},
        ),
    }
)
_REAUTH_SCHEMA: Final = probatio.Schema(
    {probatio.Required(CONF_PASSWORD): _PASSWORD, probatio.Optional(CONF_ROLE): _ROLE}
)
_OPTIONS_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_PACE, default=PACE_NORMAL): SelectSelector(
            SelectSelectorConfig(
                options=list(PACES),
                mode=SelectSelectorMode.DROPDOWN,
                translation_key="pace",
            )
        )
    }
)
_ERRORS: Final[Mapping[type[GatewayError], tuple[str, str]]] = {
    GatewayCertificateError: (CONF_BASE, "certificate_changed"),
    GatewayNameError: (CONF_HOST, "unknown_host"),
    GatewayTimeoutError: (CONF_HOST, "timeout_connect"),
    GatewayTlsError: (CONF_HOST, "no_tls"),
    GatewayConnectionError: (CONF_HOST, "cannot_connect"),
    GatewayRateLimitError: (CONF_BASE, "rate_limited"),
    GatewayIdentityError: (CONF_BASE, "no_identity"),
    GatewayRejectedError: (CONF_BASE, "gateway_error"),
    GatewayError: (CONF_HOST, "not_a_gateway"),
}
"""The field and the text of each error, most specific first."""
_READ_ONLY_SINCE: Final = (24, 44)
"""Firmware from which on the customer's settings are refused (docs/protocol.md)."""


class GatewayConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds a gateway, and asks for its password again when it changes."""

    VERSION = 1

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> GatewayOptionsFlow:
        """Return the options flow."""
        return GatewayOptionsFlow()

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for address and password, and add the gateway that answers."""
        errors: dict[str, str] = {}
        if user_input is not None:
            data = {
                CONF_HOST: user_input[CONF_HOST],
                CONF_PASSWORD: user_input[CONF_PASSWORD],
                CONF_EMAIL: user_input.get(CONF_EMAIL, ""),
                CONF_ROLE: user_input.get(CONF_ADVANCED, {}).get(
                    CONF_ROLE, Role.CUSTOMER.value
                ),
            }
            identity, errors = await self._async_try(data)
            if identity:
                await self.async_set_unique_id(identity.din, raise_on_progress=False)
                self._abort_if_unique_id_configured()
                return self.async_create_entry(
                    title=identity.site_name or identity.model.value,
                    data=data,
                    description=_limits(identity, Role(data[CONF_ROLE])),
                    description_placeholders={
                        "model": identity.model.value,
                        "firmware": identity.firmware or "?",
                    },
                )
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                _USER_SCHEMA, _without_password(user_input)
            ),
            errors=errors,
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Start over with the password: the gateway refuses the one we have."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the password, and try it on the gateway we know."""
        errors: dict[str, str] = {}
        entry = self._get_reauth_entry()
        data = dict(entry.data) | (user_input or {})
        if user_input is not None:
            identity, errors = await self._async_try(data)
            if identity:
                await self.async_set_unique_id(identity.din)
                self._abort_if_unique_id_mismatch(reason="another_gateway")
                return self.async_update_reload_and_abort(entry, data=data)
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(
                _REAUTH_SCHEMA, {CONF_ROLE: data[CONF_ROLE]}
            ),
            description_placeholders={"name": entry.title},
            errors=errors,
        )

    async def _async_try(
        self, data: dict[str, Any]
    ) -> tuple[Identity | None, dict[str, str]]:
        """Connect once; return who answers, or the form's errors.

        Add to the entry's data what is found out on the way.
        """
        if not data[CONF_PASSWORD]:
            return None, {CONF_PASSWORD: "password_missing"}
        try:
            data[CONF_HOST] = normalized_host(data[CONF_HOST])
        except ValueError:
            return None, {CONF_HOST: "invalid_host"}
        try:
            return await self._async_connect(data), {}
        except GatewayAuthenticationError as err:
            return None, _refusal_errors(err.refusal)
        except GatewayError as err:
            LOGGER.debug("No gateway to add: %s", err)
            errors = (error for kind, error in _ERRORS.items() if isinstance(err, kind))
            return None, dict([next(errors)])

    async def _async_connect(self, data: dict[str, Any]) -> Identity:
        """Log in to the gateway; keep certificate, model and token in the data."""
        web = async_create_clientsession(
            self.hass, auto_cleanup=False, cookie_jar=DummyCookieJar()
        )
        record = GatewayRecord()
        try:
            if CONF_FINGERPRINT not in data:
                fingerprint = await certificate_fingerprint(data[CONF_HOST], web=web)
                data[CONF_FINGERPRINT] = fingerprint.hex()
            client = client_of(data, web=web, record=record)
            await client.login()
            with client.poll():
                identity = await client.identity()
        finally:
            web.detach()
        data[CONF_MODEL] = identity.model.value
        data[CONF_RECORD] = record.as_dict()
        return identity


class GatewayOptionsFlow(OptionsFlowWithReload):
    """Lets people choose how often the gateway is asked."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the pace."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                _OPTIONS_SCHEMA, self.config_entry.options
            ),
        )


def _refusal_errors(refusal: LoginRefusal) -> dict[str, str]:
    """Return a refused login's reason where the frontend shows it.

    Errors inside a section are not shown, so the role's stands at the top.
    """
    if refusal is LoginRefusal.PHYSICAL_ACCESS:
        return {CONF_BASE: "role_refused"}
    return {CONF_PASSWORD: "invalid_auth"}


def _without_password(user_input: dict[str, Any] | None) -> dict[str, Any]:
    """Return what was typed and may be shown again."""
    return {
        field: value
        for field, value in (user_input or {}).items()
        if field != CONF_PASSWORD
    }


def _limits(identity: Identity, role: Role) -> str:
    """Return the text on what can only be shown and not set."""
    if identity.model is GatewayModel.POWERWALL_3:
        return "powerwall_3"
    if identity.running is False:
        return "stopped"
    if role is Role.CUSTOMER and identity.release >= _READ_ONLY_SINCE:
        return "read_only"
    return "default"
