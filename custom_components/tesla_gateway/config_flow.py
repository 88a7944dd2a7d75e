"""Config flow: a gateway's address and password, tried before anything is kept."""

from collections.abc import Mapping
from typing import Any, Final, override

import probatio

from homeassistant.config_entries import (
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_BASE, CONF_EMAIL, CONF_HOST, CONF_PASSWORD
from homeassistant.core import callback
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo

from .certificate import async_certificate_changed
from .config_schemas import (
    DISCOVERY_SCHEMA,
    OPTIONS_SCHEMA,
    REAUTH_SCHEMA,
    RECONFIGURE_SCHEMA,
    USER_SCHEMA,
)
from .connection import (
    UNPINNED,
    anonymous_client,
    async_pin,
    brief_session,
    client_from_entry_data,
    record_of,
    updates_after_login,
)
from .const import (
    CONF_ADVANCED,
    CONF_FINGERPRINT,
    CONF_MODEL,
    CONF_PIN_CERTIFICATE,
    CONF_RECORD,
    CONF_ROLE,
    DOMAIN,
    LOGGER,
)
from .coordinator import GatewayConfigEntry
from .discovery import Sighting, async_look
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
    normalized_host,
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
    """Adds a gateway, and changes how it is reached when it or its password moves."""

    VERSION = 1
    _discovered: Mapping[str, Any]

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: GatewayConfigEntry) -> GatewayOptionsFlow:
        """Return the options flow."""
        return GatewayOptionsFlow()

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for address and password, and add the gateway that answers."""
        errors: dict[str, str] = {}
        if user_input is not None:
            host = {CONF_HOST: user_input[CONF_HOST]}
            advanced = user_input.get(CONF_ADVANCED, {})
            pin = {} if advanced.get(CONF_PIN_CERTIFICATE, True) else UNPINNED
            data = host | _login(user_input) | pin
            identity, errors = await self._async_try(data)
            if identity:
                return await self._async_add(identity, data)
        return self._async_ask("user", USER_SCHEMA, user_input, errors)

    @override
    async def async_step_dhcp(
        self, discovery_info: DhcpServiceInfo
    ) -> ConfigFlowResult:
        """Follow a gateway that has moved, or ask about one that is new."""
        entries = self._async_current_entries(include_ignore=False)
        sighting = Sighting.of(discovery_info)
        try:
            found = await async_look(self.hass, sighting, entries)
        except GatewayError as err:
            LOGGER.debug("No gateway where one was seen: %s", err)
            return self.async_abort(reason="cannot_connect")
        await self.async_set_unique_id(found.unique_id)
        self._abort_if_unique_id_configured(
            updates=found.data if found.has_moved else None
        )
        self._discovered = found.data
        self.context["title_placeholders"] = {"name": sighting.host}
        return await self.async_step_discovery_confirm()

    async def async_step_discovery_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the password of a gateway that was seen; add it with that alone."""
        errors: dict[str, str] = {}
        if user_input is not None:
            data = {**self._discovered, **_login(user_input)}
            identity, errors = await self._async_try(data)
            if identity:
                return await self._async_add(identity, data)
        return self._async_ask(
            "discovery_confirm",
            DISCOVERY_SCHEMA,
            user_input,
            errors,
            host=self._discovered[CONF_HOST],
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask where a gateway is now, and how to log in; it must be the same one."""
        errors: dict[str, str] = {}
        entry = self._get_reconfigure_entry()
        before = entry.data
        data = dict(before) | (user_input or {})
        if user_input is not None:
            data[CONF_PASSWORD] = data[CONF_PASSWORD] or before[CONF_PASSWORD]
            identity, errors = await self._async_try(data)
            if identity:
                return await self._async_change(identity, entry, before, data)
        shown = {CONF_HOST: data[CONF_HOST], CONF_ROLE: data[CONF_ROLE]}
        return self._async_ask(
            "reconfigure", RECONFIGURE_SCHEMA, shown, errors, name=entry.title
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
        before = entry.data
        data = dict(before) | (user_input or {})
        if user_input is not None:
            identity, errors = await self._async_try(data)
            if identity:
                return await self._async_change(identity, entry, before, data)
        shown = {CONF_ROLE: data[CONF_ROLE]}
        return self._async_ask(
            "reauth_confirm", REAUTH_SCHEMA, shown, errors, name=entry.title
        )

    @callback
    def _async_ask(
        self,
        step_id: str,
        schema: probatio.Schema,
        shown: Mapping[str, Any] | None,
        errors: Mapping[str, str],
        **placeholders: str,
    ) -> ConfigFlowResult:
        """Show a form, with what may be shown again of what was typed.

        An error of a field that the form does not have stands above all fields.
        """
        again = {
            key: value for key, value in (shown or {}).items() if key != CONF_PASSWORD
        }
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, again),
            description_placeholders=placeholders,
            errors={
                key if key in schema.schema else CONF_BASE: error
                for key, error in errors.items()
            },
        )

    async def _async_add(
        self, identity: Identity, data: dict[str, Any]
    ) -> ConfigFlowResult:
        """Add a gateway, unless there is an entry of it."""
        await self.async_set_unique_id(identity.din, raise_on_progress=False)
        self._abort_if_unique_id_configured()
        self._forget_sightings(data[CONF_FINGERPRINT])
        return self.async_create_entry(
            title=identity.site_name or identity.model.value,
            data=data,
            description=_limits(identity, Role(data[CONF_ROLE])),
            description_placeholders={
                "model": identity.model.value,
                "firmware": identity.firmware or "?",
            },
        )

    @callback
    def _forget_sightings(self, fingerprint: str | None) -> None:
        """Ask no more about a gateway that did not tell its DIN when it was seen."""
        flows = self.hass.config_entries.flow
        seen = {"unique_id": fingerprint}
        found = flows.async_progress_by_handler(DOMAIN, match_context=seen)
        for flow in found if fingerprint else []:
            flows.async_abort(flow["flow_id"])

    async def _async_change(
        self,
        identity: Identity,
        entry: GatewayConfigEntry,
        before: Mapping[str, Any],
        data: Mapping[str, Any],
    ) -> ConfigFlowResult:
        """Change the entry of a gateway, unless another one answers."""
        await self.async_set_unique_id(identity.din)
        self._abort_if_unique_id_mismatch(reason="another_gateway")
        updates = updates_after_login(before, data, now=entry.data)
        return self.async_update_reload_and_abort(entry, data_updates=updates)

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
            self._tell_entry(err)
            if isinstance(err, GatewayTlsError) and not data.get(
                CONF_FINGERPRINT, True
            ):
                return None, {CONF_BASE: "not_verified"}
            errors = (error for kind, error in _ERRORS.items() if isinstance(err, kind))
            field, text = next(errors)
            return None, {field: text}

    @callback
    def _tell_entry(self, error: GatewayError) -> None:
        """Tell the entry that is being changed what its gateway has said meanwhile."""
        entries = self.hass.config_entries
        entry = entries.async_get_entry(self.context.get("entry_id", ""))
        if entry is None:
            return
        if isinstance(error, GatewayCertificateError):
            # No poll asks about it when the gateway has another address as well.
            async_certificate_changed(self.hass, entry, error)
        elif isinstance(error, GatewayRateLimitError):
            record_of(self.hass, entry).wait(error.retry_after)

    async def _async_connect(self, data: dict[str, Any]) -> Identity:
        """Log in to the gateway; keep certificate, model and token in the data."""
        # Empty: a person's login is neither counted nor held up.
        record = GatewayRecord()
        with brief_session(self.hass) as web:
            if CONF_FINGERPRINT not in data:
                data |= await async_pin(data[CONF_HOST], web=web)
            client = client_from_entry_data(data, web=web, record=record)
            with client.poll():
                await client.login()
                identity = await client.identity()
        data[CONF_MODEL] = identity.model.value
        data[CONF_RECORD] = record.as_dict()
        return identity


class GatewayOptionsFlow(OptionsFlowWithReload):
    """Lets people choose how often the gateway is asked, and how it is known."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the pace, and whether the certificate is pinned."""
        errors: dict[str, str] = {}
        pinned = self.config_entry.data[CONF_FINGERPRINT] is not None
        if user_input is not None:
            if user_input[CONF_PIN_CERTIFICATE] is not pinned:
                errors = await self._async_pin_or_not(pin=not pinned)
            if not errors:
                # The fingerprint in the entry's data is what decides. Whether to pin is
                # stored too because Home Assistant reloads only when an option changes.
                return self.async_create_entry(data=user_input)
        shown = {**self.config_entry.options, CONF_PIN_CERTIFICATE: pinned}
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                OPTIONS_SCHEMA, shown | (user_input or {})
            ),
            errors=errors,
        )

    async def _async_pin_or_not(self, *, pin: bool) -> dict[str, str]:
        """Pin the certificate that is shown now, or see that an authority vouches.

        Neither takes anything secret. What fails changes nothing; return its error.
        """
        entry, host = self.config_entry, self.config_entry.data[CONF_HOST]
        try:
            with brief_session(self.hass) as web:
                if pin:
                    updates: Mapping[str, Any] = await async_pin(host, web=web)
                else:
                    updates = UNPINNED
                    unpinned = {**entry.data, **updates}
                    await anonymous_client(unpinned, web=web).open_din()
        except GatewayError as err:
            LOGGER.debug("No certificate to rely on: %s", err)
            unverified = not pin and isinstance(err, GatewayTlsError)
            return {CONF_BASE: "not_verified" if unverified else "cannot_connect"}
        # Only now: a login, an address, a certificate may have been kept meanwhile.
        data = {**entry.data, **updates}
        self.hass.config_entries.async_update_entry(entry, data=data)
        return {}


def _login(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was typed of the login to a new gateway."""
    advanced = user_input.get(CONF_ADVANCED, {})
    return {
        CONF_PASSWORD: user_input[CONF_PASSWORD],
        CONF_EMAIL: user_input.get(CONF_EMAIL, ""),
        CONF_ROLE: advanced.get(CONF_ROLE, Role.CUSTOMER.value),
    }


def _refusal_errors(refusal: LoginRefusal) -> dict[str, str]:
    """Return a refused login's reason where the frontend shows it.

    Errors inside a section are not shown, so the role's stands at the top.
    """
    if refusal is LoginRefusal.PHYSICAL_ACCESS:
        return {CONF_BASE: "role_refused"}
    return {CONF_PASSWORD: "invalid_auth"}


def _limits(identity: Identity, role: Role) -> str:
    """Return the text on what can only be shown and not set."""
    if identity.model is GatewayModel.POWERWALL_3:
        return "powerwall_3"
    if identity.running is False:
        return "stopped"
    if role is Role.INSTALLER:
        return "default"
    return "read_only" if identity.release >= _READ_ONLY_SINCE else "customer"
