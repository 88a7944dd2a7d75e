"""Actions: what the gateway knows but no entity shows, and what nobody has explored."""

from typing import Final

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
from .coordinator import GatewayConfigEntry
from .diagnostics import async_scrubbed
from .gateway import GatewayError, UnexploredEndpoint

SERVICE_GET_GRID_FAULTS: Final = "get_grid_faults"
SERVICE_GET_PROBLEMS: Final = "get_problems"
SERVICE_REQUEST: Final = "request"

ATTR_DATA: Final = "data"
ATTR_ENDPOINT: Final = "endpoint"
ATTR_SERIAL: Final = "serial"

_READ_SCHEMA: Final = probatio.Schema(
    {probatio.Required(ATTR_CONFIG_ENTRY_ID): cv.string}
)
_REQUEST_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(ATTR_CONFIG_ENTRY_ID): cv.string,
        probatio.Required(ATTR_ENDPOINT): probatio.In(
            [each.value for each in UnexploredEndpoint]
        ),
        probatio.Optional(ATTR_SERIAL): cv.string,
        probatio.Optional(ATTR_DATA): probatio.Any(dict, list),
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
    service.async_register_admin_service(
        hass,
        DOMAIN,
        SERVICE_REQUEST,
        _async_request,
        _REQUEST_SCHEMA,
        supports_response=SupportsResponse.ONLY,
    )


async def _async_get_grid_faults(call: ServiceCall) -> ServiceResponse:
    """Return the disturbances of the grid that the gateway remembers."""
    client = _entry(call).runtime_data.client
    try:
        with client.poll():
            faults = await client.grid_faults()
    except GatewayError as err:
        raise _failed(err) from err
    return {"faults": [fault.as_dict() for fault in faults.faults]}


async def _async_get_problems(call: ServiceCall) -> ServiceResponse:
    """Return the problems that the gateway has found."""
    entry = _entry(call)
    client = entry.runtime_data.client
    try:
        with client.poll():
            problems = list(await client.problems())
    except GatewayError as err:
        raise _failed(err) from err
    return {"problems": await async_scrubbed(call.hass, entry, problems)}


async def _async_request(call: ServiceCall) -> ServiceResponse:
    """Send a request to one of the endpoints that nobody has described."""
    entry = _entry(call)
    try:
        reply = await entry.runtime_data.client.try_out(
            UnexploredEndpoint(call.data[ATTR_ENDPOINT]),
            data=call.data.get(ATTR_DATA),
            serial=call.data.get(ATTR_SERIAL),
        )
    except ValueError as err:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="invalid_serial"
        ) from err
    except GatewayError as err:
        raise _failed(err) from err
    return {
        "status": reply.status,
        "body": await async_scrubbed(call.hass, entry, reply.body),
    }


def _entry(call: ServiceCall) -> GatewayConfigEntry:
    """Return the config entry of the gateway that an action is about."""
    return service.async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )


def _failed(error: GatewayError) -> HomeAssistantError:
    """Return the failure of an action."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="action_failed",
        translation_placeholders={"error": str(error)},
    )
