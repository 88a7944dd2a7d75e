"""What a gateway takes from whom, and what is said of what it refuses."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from simulator.server import Simulator

from .conftest import PASSWORD, Act, Shown, Tick, TickUntil
from .control_ways import WAYS, Way, taken, ways

pytestmark = pytest.mark.usefixtures("with_site_controller")

SELECT = WAYS["select"]


def _repairs(issue_registry: ir.IssueRegistry) -> list[ir.IssueEntry]:
    """Return what is said of this integration in the settings."""
    return [each for each in issue_registry.issues.values() if each.domain == DOMAIN]


@pytest.fixture
def refuse(act: Act, gateway: Simulator) -> Any:
    """Return what lets the gateway refuse a setting to a login that works."""

    async def refused(way: Way = SELECT) -> HomeAssistantError:
        gateway.faults.add(way.path, method=way.method, status=403)
        with pytest.raises(HomeAssistantError) as raised:
            await act(way)
        gateway.faults.clear()
        return raised.value

    return refused


@pytest.mark.parametrize(**ways())
async def test_refused(
    act: Act,
    refuse: Any,
    gateway: Simulator,
    shown: Shown,
    tick: Tick,
    tick_until: TickUntil,
    issue_registry: ir.IssueRegistry,
    way: Way,
) -> None:
    """Test one repair says it, nobody logs in again, and the truth is shown."""
    gateway.reset_stats()
    for _ in range(2):
        error = await refuse(way)
        assert error.translation_key == "write_forbidden"
        assert "status 403" in str(error)
        (repair,) = _repairs(issue_registry)
        assert repair.translation_key == "settings_refused_customer"
        assert repair.translation_placeholders == {
            "name": "Simulated Home",
            "firmware": "21.44",
        }
        assert shown(way) == way.before
    assert gateway.stats.requests[way.endpoint] == 2
    assert gateway.stats.logins == 0
    assert taken(gateway) == []
    await tick(30)
    assert shown(way) == way.before
    assert _repairs(issue_registry) == [repair]
    await tick_until(act(way))
    assert shown(way) == way.after
    assert _repairs(issue_registry) == []


async def test_refused_on_a_token_that_is_none(
    act: Act, gateway: Simulator, issue_registry: ir.IssueRegistry
) -> None:
    """Test a token that has run out is renewed once, and no matter of settings."""
    for status in (401, 403):
        gateway.expire_tokens(status)
        gateway.reset_stats()
        await act(SELECT)
        assert taken(gateway) == SELECT.whole
        assert gateway.stats.logins == 1
    assert _repairs(issue_registry) == []


async def test_refusal_forgotten(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    refuse: Any,
    gateway: Simulator,
    tick: Tick,
    issue_registry: ir.IssueRegistry,
) -> None:
    """Test it goes with other firmware, another role, a reload, and the entry."""
    await refuse()
    await tick(3600)
    assert len(_repairs(issue_registry)) == 1
    gateway.control({"version": "21.44.1 223a56cd"})
    await tick(3600)
    assert _repairs(issue_registry) == []

    await refuse()
    assert len(_repairs(issue_registry)) == 1
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert _repairs(issue_registry) == []

    await refuse()
    entry.async_start_reauth(hass)
    await hass.async_block_till_done()
    (flow,) = entry.async_get_active_flows(hass, {SOURCE_REAUTH})
    await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"password": PASSWORD, "role": "installer"}
    )
    await hass.async_block_till_done(wait_background_tasks=True)
    assert _repairs(issue_registry) == []

    await refuse()
    (repair,) = _repairs(issue_registry)
    assert repair.translation_key == "settings_refused_installer"
    await hass.config_entries.async_remove(entry.entry_id)
    assert _repairs(issue_registry) == []


async def test_refused_before_the_firmware_is_known(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    refuse: Any,
    gateway: Simulator,
    tick: Tick,
    issue_registry: ir.IssueRegistry,
) -> None:
    """Test firmware that becomes known is no other firmware."""
    gateway.faults.add("/api/status", status=500)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    await refuse()
    assert len(_repairs(issue_registry)) == 1
    for _ in range(2):
        await tick(300)
    info = entry.runtime_data.info.data
    assert info.status is not None
    assert info.status.firmware == "21.44"
    assert len(_repairs(issue_registry)) == 1


async def test_the_same_firmware(
    entry: GatewayConfigEntry,
    refuse: Any,
    gateway: Simulator,
    tick: Tick,
    issue_registry: ir.IssueRegistry,
) -> None:
    """Test it stays when something else is another thing than before."""
    await refuse()
    site = entry.runtime_data.info.data.site
    gateway.faults.add("/api/site_info", edit={"nominal_system_energy_kWh": 27})
    await tick(3601)
    assert entry.runtime_data.info.data.site != site
    assert len(_repairs(issue_registry)) == 1


LAST: Final = "site controller"
DONE: Final = "done"
MISSING: Final = "missing"
"""There is no such control."""
NO_SUCH: Final = "write_not_supported"
ALL_DONE: Final = dict.fromkeys(WAYS, DONE)
FORBIDDEN: Final = dict.fromkeys(WAYS, "write_forbidden")
WITHOUT_OPERATION: Final = {"select": MISSING, "number": MISSING}
OUTCOMES: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("21.13", "any"): {
        **ALL_DONE,
        **WITHOUT_OPERATION,
        "switch": NO_SUCH,
        "go off grid": NO_SUCH,
    },
    ("21.44", "any"): ALL_DONE,
    ("24.44", "customer"): FORBIDDEN,
    ("24.44", "installer"): ALL_DONE,
    ("pw3", "any"): {
        **WITHOUT_OPERATION,
        "switch": MISSING,
        "site controller": MISSING,
        "set operation": NO_SUCH,
        "go off grid": NO_SUCH,
    },
    # The switch is not there before the gateway tells how it stands to the grid.
    ("stopped", "any"): {
        **ALL_DONE,
        "switch": MISSING,
        "go off grid": "not_read_back",
    },
}
"""What becomes of each way, by profile and by who is logged in."""
AS_BEFORE: Final = {
    "mode": "self_consumption",
    "backup_reserve_percent": 24,
    "is_off_grid_wanted": False,
}


@pytest.mark.parametrize("role", ["customer", "installer"])
@pytest.mark.parametrize(
    "gateway_options",
    [{"profile": each} for each in ("21.13", "21.44", "24.44", "pw3", "stopped")],
    ids=str,
)
async def test_profiles(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    act: Act,
    gateway: Simulator,
    gateway_options: dict[str, Any],
    tick_until: TickUntil,
    entity_registry: er.EntityRegistry,
    issue_registry: ir.IssueRegistry,
    role: str,
) -> None:
    """Test what each kind of gateway takes from whom, and how often it is asked."""
    profile = gateway_options["profile"]
    key = (profile, role) if (profile, role) in OUTCOMES else (profile, "any")
    # The site controller comes last: without it there is not much left.
    for name, way in sorted(WAYS.items(), key=lambda item: item[0] == LAST):
        gateway.control({"site": AS_BEFORE})
        gateway.reset_stats()
        outcome = OUTCOMES[key][name]
        if outcome == MISSING:
            platform, key_ = way.control
            unique_id = f"{entry.unique_id}_{key_}"
            found = entity_registry.async_get_entity_id(platform, DOMAIN, unique_id)
            assert found is None or hass.states.get(found) is None
            continue
        if outcome == DONE:
            await tick_until(act(way))
            assert way.done(gateway.site)
        else:
            with pytest.raises(HomeAssistantError) as raised:
                await tick_until(act(way))
            assert raised.value.translation_key == outcome
        endpoints = [each.endpoint for each in gateway.stats.writes]
        assert len(endpoints) == len(set(endpoints))
        assert gateway.stats.logins == 0
    is_refused = "write_forbidden" in OUTCOMES[key].values()
    assert len(_repairs(issue_registry)) == is_refused
