"""Tests of the actions that set something."""

import logging
from math import nan
from typing import Any

import probatio as vol
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from custom_components.tesla_gateway.diagnostics import (
    async_get_config_entry_diagnostics,
)
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
from simulator.server import Simulator
from simulator.site import WriteEffect, WriteKind

from .conftest import PASSWORD, Act, Shown, Tick, TickUntil
from .control_ways import COMMIT, OPERATION, WAYS

SET = WAYS["set operation"]
LEAVE = WAYS["go off grid"]
NEW = "Fresh-Pw-77"
CHANGE = "POST /api/password/change"
ACTIONS: dict[str, dict[str, Any]] = {
    "set_operation": {"mode": "backup"},
    "go_off_grid": {},
    "reconnect_to_grid": {},
    "change_password": {"old_password": PASSWORD, "new_password": NEW},
}


async def _call(
    hass: HomeAssistant, entry: GatewayConfigEntry, name: str, **data: Any
) -> None:
    """Call an action."""
    context = data.pop("context", None)
    data = {"config_entry_id": entry.entry_id, **ACTIONS[name], **data}
    await hass.services.async_call(DOMAIN, name, data, blocking=True, context=context)


async def test_both_at_once(act: Act, gateway: Simulator, shown: Shown) -> None:
    """Test mode and reserve go out together, are committed once, and are shown."""
    gateway.reset_stats()
    await act(SET, mode="autonomous", backup_reserve=40)
    document = {"mode": "autonomous", "backup_reserve_percent": 43}
    assert gateway.stats.writes == [(OPERATION, document, 200), (COMMIT, {}, 202)]
    assert shown(WAYS["select"]) == ("autonomous", "autonomous")
    assert shown(WAYS["number"]) == ("40", "40.0")


async def _set(
    hass: HomeAssistant, entry: GatewayConfigEntry, **data: Any
) -> HomeAssistantError | None:
    """Set what is given, and return what goes wrong."""
    data = {"config_entry_id": entry.entry_id, **data}
    try:
        await hass.services.async_call(DOMAIN, "set_operation", data, blocking=True)
    except HomeAssistantError as err:
        return err
    return None


async def test_either(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test what is not given stays as it is; a number may come from a template."""
    gateway.reset_stats()
    assert await _set(hass, entry, mode="backup") is None
    assert await _set(hass, entry, backup_reserve="50") is None
    assert [write.document for write in gateway.stats.writes] == [
        {"mode": "backup", "backup_reserve_percent": 24},
        {},
        {"mode": "backup", "backup_reserve_percent": 52.5},
        {},
    ]


@pytest.mark.parametrize("gateway_options", [{"profile": "21.13"}])
async def test_a_gateway_that_tells_neither(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test both can be set where none can be read, and one alone cannot."""
    gateway.reset_stats()
    for data in ({"mode": "backup"}, {"backup_reserve": 30}):
        error = await _set(hass, entry, **data)
        assert error is not None
        assert error.translation_key == "settings_not_told"
    assert gateway.stats.writes == []
    assert await _set(hass, entry, mode="backup", backup_reserve=30) is None
    assert (gateway.site.mode, gateway.site.backup_reserve_percent) == ("backup", 33.5)


NONSENSE: list[tuple[dict[str, Any], str]] = [
    ({}, "nothing_to_set"),
    ({"mode": "scheduler"}, "mode_not_choosable"),
    ({"mode": "Backup-only", "backup_reserve": 20}, "mode_not_choosable"),
    ({"mode": ""}, "mode_not_choosable"),
    ({"mode": "backup", "backup_reserve": 100.1}, "reserve_out_of_range"),
    ({"mode": "backup", "backup_reserve": nan}, "reserve_out_of_range"),
    ({"mode": "backup", "backup_reserve": "half"}, "reserve_out_of_range"),
    ({"backup_reserve": True}, "reserve_out_of_range"),
]


async def test_nonsense(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test what cannot be meant is refused in words, and nothing is sent."""
    gateway.reset_stats()
    for data, key in NONSENSE:
        error = await _set(hass, entry, **data)
        assert isinstance(error, ServiceValidationError), data
        assert error.translation_key == key, data
    assert gateway.stats.total == 0


async def test_not_ours(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test nothing is done about a gateway that is not loaded, or is none."""
    for name in ACTIONS:
        with pytest.raises(ServiceValidationError):
            await _call(hass, entry, name, config_entry_id="nonsense")
    await hass.config_entries.async_unload(entry.entry_id)
    gateway.reset_stats()
    for name in ACTIONS:
        with pytest.raises(ServiceValidationError) as raised:
            await _call(hass, entry, name)
        assert raised.value.translation_key == "service_config_entry_not_loaded"
    assert gateway.stats.total == 0


async def test_go_and_return(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    shown: Shown,
    tick_until: TickUntil,
) -> None:
    """Test each action ends when the site has got there."""
    gateway.reset_stats()
    await tick_until(_call(hass, entry, "go_off_grid"))
    assert gateway.site.grid_status == "SystemIslandedActive"
    assert shown(LEAVE) == LEAVE.after
    await tick_until(_call(hass, entry, "reconnect_to_grid"))
    assert gateway.site.is_connected
    assert shown(LEAVE) == LEAVE.before
    modes = [each.document["island_mode"] for each in gateway.stats.writes]
    assert modes == ["intentional_reconnect_failsafe", "backup"]


async def test_time_out(
    act: Act, gateway: Simulator, shown: Shown, tick: Tick, tick_until: TickUntil
) -> None:
    """Test a person decides how long to wait; the site goes on all the same."""
    gateway.site.write_effect = WriteEffect(kind=WriteKind.DELAYED, seconds=20)
    begun = gateway.site.elapsed
    with pytest.raises(HomeAssistantError) as raised:
        await tick_until(act(LEAVE, timeout=5))
    assert raised.value.translation_key == "island_mode_not_reached"
    # Home Assistant's tests ring timers up to half a second early.
    assert 4 < gateway.site.elapsed - begun < 7
    assert shown(LEAVE) == LEAVE.before
    for _ in range(3):
        await tick(10)
    assert shown(LEAVE) == LEAVE.after


async def test_longer_than_usual(
    act: Act, gateway: Simulator, shown: Shown, tick_until: TickUntil
) -> None:
    """Test a site that needs more than a minute is waited for, if somebody says so."""
    gateway.site.write_effect = WriteEffect(kind=WriteKind.DELAYED, seconds=90)
    await tick_until(act(LEAVE, timeout=120))
    assert shown(LEAVE) == LEAVE.after


@pytest.mark.parametrize("name", ["go_off_grid", "reconnect_to_grid"])
async def test_no_time_out(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, name: str
) -> None:
    """Test what is no time-out is refused, and nothing is sent."""
    gateway.reset_stats()
    for seconds in (0, -5, 601, nan, "soon", None):
        with pytest.raises(vol.Invalid):
            await _call(hass, entry, name, timeout=seconds)
    assert gateway.stats.total == 0


OWN_WIFI = pytest.mark.parametrize("gateway_options", [{"own_wifi": True}])


async def _logs_in_again(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator, tick: Tick
) -> bool:
    """Return whether the next login is taken."""
    gateway.expire_tokens()
    gateway.reset_stats()
    await tick(10)
    asked = list(entry.async_get_active_flows(hass, {SOURCE_REAUTH}))
    return gateway.stats.logins_accepted == 1 and not asked


@OWN_WIFI
async def test_change_password(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test the gateway takes it once, and so do we, without a break."""
    caplog.set_level(logging.DEBUG)
    client = entry.runtime_data.client
    gateway.reset_stats()
    await _call(hass, entry, "change_password")
    assert gateway.stats.requests == {CHANGE: 1}
    assert entry.data[CONF_PASSWORD] == NEW
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data.client is client
    assert await _logs_in_again(hass, entry, gateway, tick)
    download = str(await async_get_config_entry_diagnostics(hass, entry))
    assert entry.data[CONF_PASSWORD] == NEW
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert await _logs_in_again(hass, entry, gateway, tick)
    for secret in (PASSWORD, NEW):
        assert secret not in download
        assert not [said for said in _said_by_us(caplog) if secret in said]


@pytest.mark.parametrize(
    ("gateway_options", "data", "words"),
    [
        ({}, {}, "unexpected request origin"),
        ({"own_wifi": True}, {"old_password": "Wrong-33"}, "bad credentials"),
    ],
    ids=["from elsewhere", "wrong old one"],
)
async def test_change_password_refused(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
    data: dict[str, Any],
    words: str,
) -> None:
    """Test a no is told in the gateway's words, and nothing is another one."""
    caplog.set_level(logging.DEBUG)
    before = dict(entry.data)
    with pytest.raises(HomeAssistantError) as raised:
        await _call(hass, entry, "change_password", **data)
    assert raised.value.translation_key == "password_refused"
    assert words in str(raised.value)
    assert "own Wi-Fi" in str(raised.value)
    assert dict(entry.data) == before
    assert await _logs_in_again(hass, entry, gateway, tick)
    for secret in (PASSWORD, NEW, "Wrong-33"):
        assert secret not in f"{raised.value!r} {raised.value}"
        assert not [said for said in _said_by_us(caplog) if secret in said]


@OWN_WIFI
async def test_no_new_password(
    hass: HomeAssistant, entry: GatewayConfigEntry, gateway: Simulator
) -> None:
    """Test an empty one and the old one are refused, and nothing is sent."""
    gateway.reset_stats()
    for new in ("", PASSWORD):
        with pytest.raises(ServiceValidationError) as raised:
            await _call(hass, entry, "change_password", new_password=new)
        assert raised.value.translation_key == "no_new_password"
    for data in ({"new_password": None}, {"old_password": ["a"]}, {"toggled_pw": True}):
        with pytest.raises(vol.Invalid):
            await _call(hass, entry, "change_password", **data)
    assert gateway.stats.total == 0
    assert entry.data[CONF_PASSWORD] == PASSWORD


@OWN_WIFI
@pytest.mark.parametrize("ending", ["mute", "reset"])
async def test_changed_without_an_answer(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
    tick_until: TickUntil,
    ending: str,
) -> None:
    """Test a login finds out that the password is a new one."""
    gateway.faults.add("/api/password/change", ending=ending)
    gateway.reset_stats()
    await tick_until(_call(hass, entry, "change_password"))
    assert gateway.stats.requests[CHANGE] == 1
    assert gateway.stats.logins == gateway.stats.logins_accepted == 1
    assert entry.data[CONF_PASSWORD] == NEW
    assert await _logs_in_again(hass, entry, gateway, tick)


@OWN_WIFI
@pytest.mark.parametrize("is_login_answered", [True, False])
async def test_neither_changed_nor_answered(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
    tick_until: TickUntil,
    *,
    is_login_answered: bool,
) -> None:
    """Test nobody is asked for a password that still works."""
    gateway.faults.add("/api/password/change", ending="hang")
    if not is_login_answered:
        gateway.faults.add("/api/login/Basic", ending="hang")
    gateway.reset_stats()
    with pytest.raises(HomeAssistantError) as raised:
        await tick_until(_call(hass, entry, "change_password"))
    assert raised.value.translation_key == "password_unclear"
    assert gateway.stats.requests[CHANGE] == 1
    assert gateway.stats.requests["POST /api/login/Basic"] == 1
    gateway.faults.clear()
    assert entry.data[CONF_PASSWORD] == PASSWORD
    assert await _logs_in_again(hass, entry, gateway, tick)


@OWN_WIFI
async def test_change_password_is_for_administrators(
    hass: HomeAssistant,
    hass_admin_user: MockUser,
    hass_read_only_user: MockUser,
    entry: GatewayConfigEntry,
    gateway: Simulator,
) -> None:
    """Test nobody else may change it."""
    gateway.reset_stats()
    context = Context(user_id=hass_read_only_user.id)
    with pytest.raises(Unauthorized):
        await _call(hass, entry, "change_password", context=context)
    assert gateway.stats.total == 0
    context = Context(user_id=hass_admin_user.id)
    await _call(hass, entry, "change_password", context=context)
    assert entry.data[CONF_PASSWORD] == NEW


def _said_by_us(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return all that is logged but by Home Assistant's bus, which shows any call."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name != "homeassistant.core"
    ]
