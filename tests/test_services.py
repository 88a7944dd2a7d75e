"""Tests of the actions."""

import json
from typing import Any

import probatio as vol
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
from homeassistant.setup import async_setup_component
from simulator.faults import Ending
from simulator.server import Simulator

FAULTS = "/api/system_status/grid_faults"
LOGGING = "/api/logging"
PROBLEMS = "/api/troubleshooting/problems"
NAMES = ["get_grid_faults", "get_problems", "request"]
"""Those that return something."""
SETTING = ["change_password", "go_off_grid", "reconnect_to_grid", "set_operation"]


async def _call(
    hass: HomeAssistant,
    name: str,
    entry: GatewayConfigEntry,
    *,
    context: Context | None = None,
    **data: Any,
) -> Any:
    """Return what an action returns."""
    return await hass.services.async_call(
        DOMAIN,
        name,
        {"config_entry_id": entry.entry_id, **data},
        blocking=True,
        context=context,
        return_response=True,
    )


async def test_there_without_a_gateway(hass: HomeAssistant) -> None:
    """Test the actions are there before any gateway is."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert sorted(hass.services.async_services_for_domain(DOMAIN)) == sorted(
        NAMES + SETTING
    )


@pytest.mark.parametrize("name", NAMES)
async def test_not_loaded(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, name: str
) -> None:
    """Test an action about a gateway that is not loaded, or is none, is refused."""
    more: dict[str, Any] = {"endpoint": "log"} if name == "request" else {}
    with pytest.raises(ServiceValidationError):
        await _call(hass, name, entry, **more, config_entry_id="nonsense")
    await hass.config_entries.async_unload(entry.entry_id)
    gateway.reset_stats()
    with pytest.raises(ServiceValidationError):
        await _call(hass, name, entry, **more)
    assert gateway.stats.total == 0


async def test_grid_faults(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test disturbances are told with what was measured."""
    assert await _call(hass, "get_grid_faults", entry) == {"faults": []}
    gateway.control({"grid_faults": [{"code": "PINV_a007_vfCheckOverFrequency"}]})
    (told,) = (await _call(hass, "get_grid_faults", entry))["faults"]
    assert told.pop("occurred_at").startswith("20")
    assert told == {
        "code": "PINV_a007_vfCheckOverFrequency",
        "name": "Vf check over frequency",
        "is_fault": False,
        "component": "TEPINV",
        "values": [{"name": "Frequency", "value": 60.937, "unit": "Hz"}],
    }


async def test_a_grid_fault_without_details(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test a disturbance is told as far as it is known."""
    gateway.faults.add(FAULTS, body='[{"alert_name": "PINV_a008_vfCheckRocof"}]')
    (told,) = (await _call(hass, "get_grid_faults", entry))["faults"]
    assert told == {
        "code": "PINV_a008_vfCheckRocof",
        "name": "Vf check rocof",
        "is_fault": None,
        "occurred_at": None,
        "component": None,
        "values": [],
    }


async def test_problems(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test problems are told in the gateway's words, without what tells whose it is."""
    assert await _call(hass, "get_problems", entry) == {"problems": []}
    serial = gateway.device.profile.serial
    problem = {"what": f"Simulated Home: {serial} is hot", "degrees": 90}
    gateway.faults.add(PROBLEMS, edit={"problems": [problem]})
    (told,) = (await _call(hass, "get_problems", entry))["problems"]
    assert told["degrees"] == 90
    assert serial not in told["what"]
    assert told["what"].startswith("name")
    assert told["what"].endswith(" is hot")


@pytest.mark.parametrize("name", ["get_problems", "request"])
@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("Villa Tralala", id="a name of ours"),
        pytest.param("Simulated Wi-Fi", id="told elsewhere"),
    ],
)
async def test_what_is_known_from_elsewhere(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    name: str,
    secret: str,
) -> None:
    """Test an answer is looked through for all that is known of whose it is."""
    hass.config_entries.async_update_entry(entry, title="Villa Tralala")
    answer = json.dumps({"problems": [f"no word from {secret}"]})
    for path in (PROBLEMS, LOGGING):
        gateway.faults.add(path, body=answer)
    more: dict[str, Any] = {"endpoint": "log"} if name == "request" else {}
    told = await _call(hass, name, entry, **more)
    (problem,) = told.get("body", told)["problems"]
    assert problem.startswith("no word from ")
    assert secret not in problem


@pytest.mark.parametrize("name", NAMES)
async def test_nobody_listens(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, name: str
) -> None:
    """Test nothing is asked for somebody who does not want the answer."""
    gateway.reset_stats()
    data = {"config_entry_id": entry.entry_id}
    more = {"endpoint": "log"} if name == "request" else {}
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call(DOMAIN, name, data | more, blocking=True)
    assert gateway.stats.total == 0


@pytest.mark.parametrize(
    ("name", "path"), [("get_grid_faults", FAULTS), ("get_problems", PROBLEMS)]
)
async def test_a_read_that_fails(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    name: str,
    path: str,
) -> None:
    """Test a gateway that does not answer is a failure that says so."""
    gateway.faults.add(path, status=500)
    with pytest.raises(HomeAssistantError) as raised:
        await _call(hass, name, entry)
    assert raised.value.translation_key == "action_failed"
    assert "status 500" in str(raised.value)


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (
            {"endpoint": "run_for_commissioning"},
            "POST /api/sitemaster/run_for_commissioning",
        ),
        ({"endpoint": "ping_test"}, "GET /api/system/networks/ping_test"),
        (
            {"endpoint": "ping_test", "data": {"host": "a"}},
            "POST /api/system/networks/ping_test",
        ),
        ({"endpoint": "log", "data": {"level": "???", "log": [1]}}, f"POST {LOGGING}"),
        ({"endpoint": "log", "data": [{"level": "???"}]}, f"POST {LOGGING}"),
        (
            {"endpoint": "registration_legal"},
            "POST /api/customer/registration/legal",
        ),
        (
            {"endpoint": "verify_meter", "serial": "ABC-12"},
            "POST /api/meters/ABC-12/verify",
        ),
    ],
)
async def test_request(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    data: dict[str, Any],
    path: str,
) -> None:
    """Test each endpoint nobody has described is asked, and its answer handed on."""
    serial = gateway.device.profile.serial
    by = f"unit {serial} of Simulated Home with me-7"
    body = f'{{"done": 3, "by": "{by}", "vin": "ME-7"}}'
    gateway.faults.add(path.split()[1], status=418, body=body)
    gateway.reset_stats()
    told = await _call(hass, "request", entry, **data)
    assert gateway.stats.requests == {path: 1}
    assert told["status"] == 418
    assert told["body"]["done"] == 3
    assert serial not in told["body"]["by"]
    assert "Simulated Home" not in told["body"]["by"]
    assert told["body"]["by"].startswith("unit serial")
    assert told["body"]["by"].endswith(f" with {told['body']['vin']}")


async def test_request_answered_by_a_text(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test an answer that is no JSON is handed on as a text."""
    gateway.faults.add(LOGGING, status=500, body="call ann@example.com")
    told = await _call(hass, "request", entry, endpoint="log")
    assert told["status"] == 500
    assert told["body"].startswith("call email")


async def test_request_without_an_answer(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test no answer is a failure, and nothing is sent a second time."""
    gateway.faults.add(LOGGING, body="{}", ending=Ending.RESET)
    gateway.reset_stats()
    with pytest.raises(HomeAssistantError) as raised:
        await _call(hass, "request", entry, endpoint="log")
    assert raised.value.translation_key == "action_failed"
    assert gateway.stats.requests == {f"POST {LOGGING}": 1}


@pytest.mark.parametrize(
    "data",
    [
        {"endpoint": "verify_meter"},
        {"endpoint": "verify_meter", "serial": "a/b"},
        {"endpoint": "log", "serial": "ABC"},
    ],
)
async def test_request_with_a_wrong_serial(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    data: dict[str, Any],
) -> None:
    """Test a serial number is wanted where it belongs, and leads nowhere else."""
    gateway.reset_stats()
    with pytest.raises(ServiceValidationError) as raised:
        await _call(hass, "request", entry, **data)
    assert raised.value.translation_key == "invalid_serial"
    assert gateway.stats.total == 0


@pytest.mark.parametrize(
    "data",
    [
        {"endpoint": "/api/sitemaster/stop"},
        {"endpoint": "stop"},
        {"endpoint": "log", "path": "/api/sitemaster/stop"},
        {"endpoint": "log", "data": "text"},
        {"endpoint": "log", "data": {"level": 2**64}},
        {"endpoint": "log", "data": ["\ud800"]},
        {},
    ],
)
async def test_request_for_anything_else(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    data: dict[str, Any],
) -> None:
    """Test no other path can be named, and nothing sent that is no JSON."""
    gateway.reset_stats()
    with pytest.raises(vol.Invalid):
        await _call(hass, "request", entry, **data)
    assert gateway.stats.total == 0


async def test_request_is_for_administrators(
    hass: HomeAssistant,
    hass_admin_user: MockUser,
    hass_read_only_user: MockUser,
    entry: GatewayConfigEntry,
    gateway: Simulator,
) -> None:
    """Test nobody else may send what nobody knows; reading is for all."""
    gateway.reset_stats()
    for name in ("get_grid_faults", "get_problems"):
        context = Context(user_id=hass_read_only_user.id)
        assert await _call(hass, name, entry, context=context)
    assert gateway.stats.total == 2
    with pytest.raises(Unauthorized):
        await _call(
            hass,
            "request",
            entry,
            endpoint="log",
            context=Context(user_id=hass_read_only_user.id),
        )
    assert gateway.stats.total == 2
    context = Context(user_id=hass_admin_user.id)
    told = await _call(hass, "request", entry, endpoint="log", context=context)
    assert told["status"] == 404
