"""Actions: to set several things at once or wait for them, to read, to explore."""

from collections.abc import Generator
from contextlib import contextmanager, suppress
from math import nan
from typing import Final

import orjson
import probatio

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv, service

from .const import DOMAIN
from .controls import (
    WRITE_TIMEOUTS,
    async_change_password,
    async_set_off_grid,
    async_set_operation,
    check_reserve,
)
from .coordinator import GatewayConfigEntry
from .diagnostics import async_scrubbed
from .gateway import GatewayError, UnexploredEndpoint

SERVICE_CHANGE_PASSWORD: Final = "change_password"  # noqa: S105  # a name
SERVICE_GET_GRID_FAULTS: Final = "get_grid_faults"
SERVICE_GET_PROBLEMS: Final = "get_problems"
SERVICE_GO_OFF_GRID: Final = "go_off_grid"
SERVICE_RECONNECT_TO_GRID: Final = "reconnect_to_grid"
SERVICE_REQUEST: Final = "request"
SERVICE_SET_OPERATION: Final = "set_operation"

ATTR_BACKUP_RESERVE: Final = "backup_reserve"
ATTR_DATA: Final = "data"
ATTR_ENDPOINT: Final = "endpoint"
ATTR_MODE: Final = "mode"
ATTR_NEW_PASSWORD: Final = "new_password"  # noqa: S105  # a name
ATTR_OLD_PASSWORD: Final = "old_password"  # noqa: S105  # a name
ATTR_SERIAL: Final = "serial"
ATTR_TIMEOUT: Final = "timeout"

LONGEST_TIMEOUT: Final = 10 * WRITE_TIMEOUTS.islanding
"""Seconds; a site that needs longer than this does not get there."""


def _percent(value: object) -> float:
    """Return what is given for a reserve as a number, or say what is wanted."""
    percent = nan
    if not isinstance(value, bool):
        with suppress(probatio.Invalid):
            percent = probatio.Coerce(float)(value)
    check_reserve(percent)
    return percent


def _json(value: object) -> object:
    """Return a dictionary or list that can be sent as JSON."""
    probatio.Any(dict, list)(value)
    try:
        orjson.dumps(value)
    except TypeError as err:
        raise probatio.Invalid(f"cannot be sent as JSON: {err}") from err
    return value


_GATEWAY: Final = {probatio.Required(ATTR_CONFIG_ENTRY_ID): cv.string}
_READ_SCHEMA: Final = probatio.Schema(_GATEWAY)
_OPERATION_SCHEMA: Final = probatio.Schema(
    {
        **_GATEWAY,
        probatio.Optional(ATTR_MODE): cv.string,
        probatio.Optional(ATTR_BACKUP_RESERVE): _percent,
    }
)
_ISLAND_SCHEMA: Final = probatio.Schema(
    {
        **_GATEWAY,
        probatio.Optional(ATTR_TIMEOUT, default=WRITE_TIMEOUTS.islanding): probatio.All(
            probatio.Coerce(float), probatio.Range(min=1, max=LONGEST_TIMEOUT)
        ),
    }
)
_PASSWORD_SCHEMA: Final = probatio.Schema(
    {
        **_GATEWAY,
        probatio.Required(ATTR_OLD_PASSWORD): cv.string,
        probatio.Required(ATTR_NEW_PASSWORD): cv.string,
    }
)
_REQUEST_SCHEMA: Final = probatio.Schema(
    {
        **_GATEWAY,
        probatio.Required(ATTR_ENDPOINT): probatio.In(
            [each.value for each in UnexploredEndpoint]
        ),
        probatio.Optional(ATTR_SERIAL): cv.string,
        probatio.Optional(ATTR_DATA): _json,
    }
)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, handler in (
        (SERVICE_GET_GRID_FAULTS, _async_get_grid_faults),
        (SERVICE_GET_PROBLEMS, _async_get_problems),
    ):
        hass.services.async_register(
            DOMAIN,
            name,
            handler,
            _READ_SCHEMA,
            supports_response=SupportsResponse.ONLY,
        )
    for name, setter, schema in (
        (SERVICE_SET_OPERATION, _async_set_operation, _OPERATION_SCHEMA),
        (SERVICE_GO_OFF_GRID, _async_go_off_grid, _ISLAND_SCHEMA),
        (SERVICE_RECONNECT_TO_GRID, _async_reconnect_to_grid, _ISLAND_SCHEMA),
    ):
        hass.services.async_register(DOMAIN, name, setter, schema)
    service.async_register_admin_service(
        hass,
        DOMAIN,
        SERVICE_CHANGE_PASSWORD,
        _async_change_password,
        _PASSWORD_SCHEMA,
    )
    service.async_register_admin_service(
        hass,
        DOMAIN,
        SERVICE_REQUEST,
        _async_request,
        _REQUEST_SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )


async def _async_set_operation(call: ServiceCall) -> None:
    """Choose mode, backup reserve, or both at once."""
    mode, reserve = call.data.get(ATTR_MODE), call.data.get(ATTR_BACKUP_RESERVE)
    if mode is None and reserve is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="nothing_to_set"
        )
    await async_set_operation(_entry(call), mode=mode, backup_reserve=reserve)


async def _async_go_off_grid(call: ServiceCall) -> None:
    """Leave the grid, and wait until the site runs on its own."""
    seconds = call.data[ATTR_TIMEOUT]
    await async_set_off_grid(_entry(call), off_grid=True, seconds=seconds)


async def _async_reconnect_to_grid(call: ServiceCall) -> None:
    """Return to the grid, and wait until the site is there."""
    seconds = call.data[ATTR_TIMEOUT]
    await async_set_off_grid(_entry(call), off_grid=False, seconds=seconds)


async def _async_change_password(call: ServiceCall) -> None:
    """Change the password of the customer's login."""
    await async_change_password(
        call.hass,
        _entry(call),
        old=call.data[ATTR_OLD_PASSWORD],
        new=call.data[ATTR_NEW_PASSWORD],
    )


async def _async_get_grid_faults(call: ServiceCall) -> ServiceResponse:
    """Return the disturbances of the grid that the gateway remembers."""
    client = _entry(call).runtime_data.client
    with _translated(), client.poll():
        faults = await client.grid_faults()
    return {"faults": [fault.as_dict() for fault in faults.faults]}


async def _async_get_problems(call: ServiceCall) -> ServiceResponse:
    """Return the problems that the gateway has found."""
    entry = _entry(call)
    client = entry.runtime_data.client
    with _translated(), client.poll():
        problems = list(await client.problems())
    return {"problems": await async_scrubbed(call.hass, entry, problems)}


async def _async_request(call: ServiceCall) -> ServiceResponse:
    """Send a request to one of the endpoints that nobody has described."""
    entry = _entry(call)
    try:
        with _translated():
            reply = await entry.runtime_data.client.try_out(
                UnexploredEndpoint(call.data[ATTR_ENDPOINT]),
                data=call.data.get(ATTR_DATA),
                serial=call.data.get(ATTR_SERIAL),
            )
    except ValueError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="invalid_serial"
        ) from err
    return {
        "status": reply.status,
        "body": await async_scrubbed(call.hass, entry, reply.body),
    }


def _entry(call: ServiceCall) -> GatewayConfigEntry:
    """Return the config entry of the gateway that an action is about."""
    return service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )


@contextmanager
def _translated() -> Generator[None]:
    """Raise the client's errors as Home Assistant's."""
    try:
        yield
    except GatewayError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="action_failed",
            translation_placeholders={"error": str(err)},
        ) from err
