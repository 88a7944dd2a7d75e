"""What the table of faults cannot say in data, row by row: sign-in, answers, silence.

Those of values, writes and life are in `fault_stories_later`.
"""

import json
from typing import Any, Final, override
from unittest.mock import patch

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
import pytest

from custom_components.tesla_gateway.const import DOMAIN
from custom_components.tesla_gateway.diagnostics import (
    async_get_config_entry_diagnostics,
)
from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PASSWORD, STATE_UNKNOWN
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component
from simulator.server import DEFAULT_PASSWORD

from .fault_cases import (
    CHARGE,
    LOGIN,
    OPERATION,
    POWERWALL,
    SECOND_POWERWALL,
    Row,
    answers,
    expire,
    together,
    wait,
)
from .faulty_home import Home, end, matching
from .sightings import aborted, discover

THIRD_POWERWALL: Final = "3012170-05-B--TGSIMULATED103"
NAME: Final = "gateway.invalid"
HOUR: Final = 3600


async def a_token_is_kept(home: Home, row: Row) -> None:
    """See that nobody logs in again because Home Assistant restarts."""
    home.watch()
    await home.restart()
    await home.poll()
    assert home.world.gateway.stats.logins == 0
    assert home.world.gateway.stats.total > 0


async def a_wait_without_an_end(home: Home, row: Row) -> None:
    """See that a login refused with 429 is not repeated for 5 min, if it says no time.

    Nothing else is sent either, and Home Assistant may restart meanwhile.
    """
    together(expire(), answers(LOGIN, status=429))(home.world)
    await home.poll()
    home.watch()
    await home.poll(3)
    await home.restart()
    await home.poll(5)  # to 27 s before the wait is over
    assert home.world.gateway.stats.total == 0
    assert home.reauths() == 0
    home.world.gateway.faults.clear()
    await home.rest(60)
    await home.poll(2)
    assert home.entry.state is ConfigEntryState.LOADED
    assert "sensor.home_power" in home.shown()


async def a_password_is_tried_now_and_then(home: Home, row: Row) -> None:
    """See that a refused login is tried every ten minutes, and asked for once."""
    gateway = home.world.gateway
    gateway.change_password("other")
    gateway.expire_tokens()
    home.watch()
    for _ in range(6 * 21):  # a little more than an hour
        await home.rest(30)
        assert home.reauths() <= 1
    assert home.reauths() == 1
    assert gateway.stats.logins in {6, 7}
    gateway.change_password(DEFAULT_PASSWORD)
    await home.rest(600)
    await home.poll()
    assert home.reauths() == 0
    assert "sensor.home_power" in home.shown()


async def an_endpoint_is_left_alone(home: Home, row: Row) -> None:
    """See that what is forbidden is asked for once in an hour."""
    answers(OPERATION, status=403)(home.world)
    home.watch()
    for _ in range(11):
        await home.rest(300)
    stats = home.world.gateway.stats
    assert stats.logins <= 1
    assert stats.requests[f"GET {OPERATION}"] <= 2
    assert home.reauths() == 0


async def a_wait_outlives_a_restart(home: Home, row: Row) -> None:
    """See that nothing is sent in a wait, also when Home Assistant restarts in it."""
    answers(times=1, **wait(120))(home.world)
    await home.poll()
    home.watch()
    await home.restart()
    await home.poll(2)
    assert home.world.gateway.stats.total == 0
    await home.rest(60)
    await home.poll(2)
    assert home.entry.state is ConfigEntryState.LOADED
    assert "sensor.home_power" in home.shown()


async def hours_of_errors(home: Home, row: Row) -> None:
    """See that each coordinator says it once, the slow ones too."""
    answers(status=500)(home.world)
    home.watch()
    for _ in range(25):
        await home.rest(300)
    home.assert_quiet()
    said = [line.split(" data")[0].split()[-1] for line in home.complaints()]
    assert sorted(said) == ["devices", "info", "live", "state"]
    assert not home.shown()
    home.world.gateway.faults.clear()
    await home.rest(HOUR)
    await home.poll()
    assert {"sensor.home_power", "sensor.uptime"} <= home.shown().keys()


async def a_page_is_not_in_the_log(home: Home, row: Row) -> None:
    """See that the log names the endpoint, not what it said."""
    answers(OPERATION, body="<html><body>Secret</body></html>")(home.world)
    home.watch()
    await home.poll(4)
    assert any(OPERATION in line for line in home.complaints())
    assert "Secret" not in home.log.text
    assert "bound method" not in home.log.text


async def a_word_is_shown_as_it_is(home: Home, row: Row) -> None:
    """See where words nobody knows are, and that nobody can choose them."""
    grid, operation, device_type = row.cases
    grid.begin(home.world)
    operation.begin(home.world)
    await home.poll()
    shown = home.shown()
    assert shown["sensor.grid_status"] == STATE_UNKNOWN
    assert shown["sensor.operation_mode"] == STATE_UNKNOWN
    assert shown["select.operation_mode"] == "lunar"
    assert "lunar" in home.attributes("select.operation_mode")["options"]
    home.watch()
    with pytest.raises(ServiceValidationError):
        await home.act("select.operation_mode", "select_option", option="lunar")
    assert not home.world.gateway.stats.requests[f"POST {OPERATION}"]
    device_type.begin(home.world)
    await home.restart()
    diagnostics = await async_get_config_entry_diagnostics(home.hass, home.entry)
    text = json.dumps(diagnostics, default=str)
    for word in ("SystemOnTheMoon", "lunar", "moon"):
        assert f'"{word}"' in text


async def a_value_is_unknown(home: Home, row: Row) -> None:
    """See that what a meter lacks is unknown, and the rest there, from the start."""
    voltage = home.entity_ids()["sensor.grid_voltage"]
    er.async_get(home.hass).async_update_entity(voltage, disabled_by=None)
    await home.restart()
    assert float(home.shown()["sensor.grid_voltage"]) > 100
    row.cases[0].begin(home.world)
    await home.poll()
    assert home.shown()["sensor.grid_voltage"] == STATE_UNKNOWN
    assert home.shown()["sensor.grid_power"] != STATE_UNKNOWN
    for case in row.cases[1:]:
        home.world.gateway.faults.clear()
        case.begin(home.world)
        await home.restart()
        assert home.entry.state is ConfigEntryState.LOADED
        assert not matching(home.shown(), case.lost)
        assert "sensor.grid_power" in home.shown()


async def a_device_can_be_deleted(home: Home, row: Row) -> None:
    """See that a battery's values go at once, and its device can while it is away."""
    integration = await async_get_integration(home.hass, DOMAIN)
    component: Any = await integration.async_get_component()

    async def may_go(number: str) -> bool:
        device = dr.async_get(home.hass).async_get_device_by_identifier(
            (DOMAIN, number), home.entry.entry_id
        )
        return bool(
            await component.async_remove_config_entry_device(
                home.hass, home.entry, device
            )
        )

    assert not await may_go(SECOND_POWERWALL)
    home.world.gateway.control({"site": {"batteries": 1}})
    await home.poll()
    # What is installed is read every 5 min.
    left = matching(home.shown(), [f"*.{SECOND_POWERWALL}_*"])
    assert left == {f"binary_sensor.{SECOND_POWERWALL}_updating"}
    await home.poll(10)
    assert await may_go(SECOND_POWERWALL)
    assert not await may_go(POWERWALL)
    assert not await may_go(str(home.entry.unique_id))


async def one_more_appears(home: Home, row: Row) -> None:
    """See a battery with all that it has at the next poll, without a reload."""
    assert f"sensor.{THIRD_POWERWALL}_power" not in home.entity_ids()
    home.world.gateway.control({"site": {"batteries": 3}})
    await home.poll()
    keys = ("power", "energy_remaining", "pack_energy_remaining", "alerts")
    expected = {f"sensor.{THIRD_POWERWALL}_{key}" for key in keys}
    assert expected <= home.shown().keys()
    assert dr.async_get(home.hass).async_get_device_by_identifier(
        (DOMAIN, THIRD_POWERWALL), home.entry.entry_id
    )


async def a_pack_is_shown_as_disabled(home: Home, row: Row) -> None:
    """See which one is disabled, and why."""
    home.world.gateway.control({"site": {"disabled_batteries": 1}})
    await home.poll()
    disabled = f"binary_sensor.{SECOND_POWERWALL}_disabled"
    assert home.shown()[disabled] == "on"
    assert home.attributes(disabled)["reasons"]
    assert home.shown()[f"binary_sensor.{POWERWALL}_disabled"] == "off"


async def ten_seconds_for_all(home: Home, row: Row) -> None:
    """See that a refresh of many requests ends after 10 s; set-up is tried again."""
    answers(ending="hang")(home.world)
    began = home.world.clock()
    refresh = home.entry.runtime_data.state.async_refresh()
    await end(home.hass, home.world, refresh)
    passed = (home.world.clock() - began).total_seconds()
    assert 10 <= passed <= 14
    await home.restart()
    assert home.entry.state is ConfigEntryState.SETUP_RETRY
    home.world.gateway.faults.clear()
    await home.rest(120)
    assert home.entry.state is ConfigEntryState.LOADED


class Names(AbstractResolver):
    """Knows one name, once it does."""

    knows = False

    @override
    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[Any]:
        """Return the address of this machine, or fail as a name server does."""
        if host != NAME or not self.knows:
            raise OSError("no such name")
        address: list[ResolveResult] = await ThreadedResolver().resolve(
            "127.0.0.1", port
        )
        return address

    @override
    async def close(self) -> None:
        """Close nothing."""


async def a_name_is_not_known(home: Home, row: Row) -> None:
    """See that it does not matter why there is no connection."""
    names = Names()
    data = {**home.entry.data, CONF_HOST: f"{NAME}:{home.world.gateway.port}"}
    home.hass.config_entries.async_update_entry(home.entry, data=data)
    connector = async_get_clientsession(home.hass).connector
    with patch.object(connector, "_resolver", names):
        await home.restart()
        assert home.entry.state is ConfigEntryState.SETUP_RETRY
        names.knows = True
        await home.rest(120)
        await home.poll()
    assert home.entry.state is ConfigEntryState.LOADED
    assert "sensor.home_power" in home.shown()


async def a_site_is_stopped(home: Home, row: Row) -> None:
    """See that a stopped site is shown as such, and is nothing to complain of."""
    home.world.gateway.control({"site": {"is_running": False}})
    home.watch()
    await home.poll(4)
    assert home.shown()["binary_sensor.site_controller"] == "off"
    assert home.complaints() == []


async def three_endpoints(home: Home, row: Row) -> None:
    """See what a Powerwall 3 shows, and that it is neither added twice nor shown."""
    shown = home.shown()
    keys = ("home_power", "grid_power", "state_of_charge", "grid_status", "home_energy")
    assert {f"sensor.{key}" for key in keys} <= shown.keys()
    flow = await home.hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    result = await home.hass.config_entries.flow.async_configure(
        flow["flow_id"],
        {
            CONF_HOST: home.entry.data[CONF_HOST],
            CONF_PASSWORD: DEFAULT_PASSWORD,
            "advanced": {"role": "customer"},
        },
    )
    assert (result["type"], result.get("reason")) == ("abort", "already_configured")
    assert aborted(await discover(home.hass, home.world.gateway))
    assert len(home.hass.config_entries.async_entries(DOMAIN)) == 1


async def as_far_as_it_goes(home: Home, row: Row) -> None:
    """See that what cannot be read of a status is unknown, at start-up too."""
    row.cases[0].begin(home.world)
    await home.restart()
    assert home.shown()["sensor.uptime"] == STATE_UNKNOWN
    registry = dr.async_get(home.hass)

    def device() -> dr.DeviceEntry:
        found = registry.async_get_device_by_identifier(
            (DOMAIN, str(home.entry.unique_id)), home.entry.entry_id
        )
        assert found
        return found

    # The registry remembers what has been told before.
    registry.async_remove_device(device().id)
    await home.restart()
    assert (device().model, device().sw_version) == ("Backup Gateway 2", None)
    assert "sensor.home_power" in home.shown()
    home.world.gateway.faults.clear()
    await home.rest(HOUR)
    assert device().sw_version == "21.44"


async def a_certificate_is_accepted(home: Home, row: Row) -> None:
    """See that a person is shown both fingerprints, and that accepting one heals."""
    assert await async_setup_component(home.hass, REPAIRS, {})
    (repair,) = home.repairs()
    assert repair.is_fixable
    placeholders = " ".join((repair.translation_placeholders or {}).values())
    told = placeholders.replace(":", "").replace(" ", "").lower()
    assert home.world.gateway.fingerprint.hex() in told
    assert home.entry.data["fingerprint"].lower() in told
    flows = home.hass.data[REPAIRS]["flow_manager"]
    step = await flows.async_init(DOMAIN, data={"issue_id": repair.issue_id})
    assert step["type"] == "form"
    await flows.async_configure(step["flow_id"], {})
    await home.hass.async_block_till_done(wait_background_tasks=True)
    await home.poll(2)
    assert "sensor.home_power" in home.shown()
    assert home.repairs() == []


async def an_answer_without_end(home: Home, row: Row) -> None:
    """See that one is cut where it is too long, since no time passes for a time-out."""
    answers(CHARGE, ending="endless")(home.world)
    home.watch()
    await home.poll(3)
    assert any("answers without end" in line for line in home.complaints())
    assert "sensor.home_power" in home.shown()
