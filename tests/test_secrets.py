"""Nothing that tells whose gateway it is gets about by other ways than logs.

Flows, errors of actions, repairs, states and events: planted, then looked for.
"""

from collections.abc import Awaitable, Mapping
import json
import logging
import traceback
from typing import Any, Final

import pytest

from custom_components.tesla_gateway.const import CONF_ADVANCED, DOMAIN, LOGGER
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import (
    CONF_EMAIL,
    CONF_HOST,
    CONF_PASSWORD,
    EVENT_CALL_SERVICE,
    MATCH_ALL,
)
from homeassistant.core import Event, HomeAssistant, State, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.util.event_type import EventType
from simulator.faults import Ending
from simulator.server import Simulator

from .conftest import PASSWORD, Act, AddGateway, Tick, TickUntil
from .control_ways import WAYS, Way, ways
from .planted import (
    BATTERY,
    DIN,
    EMAIL,
    GATEWAY,
    IP,
    IPV6,
    MAC,
    MAIL,
    METER,
    NAME,
    NEURIO,
    PHONE,
    PLANTED,
    SITE_UID,
    STATE,
    TOKEN,
    found,
    plant,
)

NEW_PASSWORD: Final = "Tr0ub4dor-3"
EVERYTHING: Final = " ".join(PLANTED)
ANSWERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "401": {"status": 401, "body": EVERYTHING},
    "403": {"status": 403, "body": EVERYTHING},
    "404": {"status": 404, "body": EVERYTHING},
    "500": {"status": 500, "body": EVERYTHING},
    "502": {"status": 502, "body": ""},
    "redirect": {"status": 302, "headers": {"Location": f"https://{IP}/{GATEWAY}"}},
    "no JSON": {"status": 200, "body": EVERYTHING},
    "cut": {"body": EVERYTHING, "ending": Ending.CUT},
    "reset": {"body": EVERYTHING, "ending": Ending.RESET},
    "429": {"status": 429, "body": EVERYTHING, "headers": {"Retry-After": EVERYTHING}},
}
"""What may come instead of an answer; after the last nothing is sent for a while."""
READ: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "get_grid_faults": ("/api/system_status/grid_faults", {}),
    "get_problems": ("/api/troubleshooting/problems", {}),
    "request": ("/api/logging", {"endpoint": "log"}),
}
"""The actions that only return something: what they ask, and what they need."""
NUMBERS: Final = (
    *(GATEWAY, BATTERY, METER, NEURIO, SITE_UID),
    *(IP, IPV6, MAC, MAIL, PHONE, TOKEN, PASSWORD),
)
"""What is planted that no word is like."""
UNASKED: Final = {METER, *(each for each in PLANTED if each.startswith("Plant-"))}
"""What stands in an answer that only a download asks for, so that nobody knows it."""
PLACES: Final = {STATE}
"""What is in the name of the grid code, which an entity shows to whoever enables it."""
NAMES: Final = {NAME}
"""What a person has given the entry as its title, and finds it by."""


class Heard:
    """All that is told on Home Assistant's bus."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen from now on."""
        self.events: list[Event[Any]] = []
        hass.bus.async_listen(MATCH_ALL, self._hear)

    @callback
    def _hear(self, event: Event[Any]) -> None:
        self.events.append(event)

    def told(self, *but: EventType[Any] | str) -> list[str]:
        """Return it as text, but events of some types, and names people give."""
        return [
            json.dumps(each.data, default=_shown, ensure_ascii=False)
            for each in self.events
            if each.event_type not in but
        ]


def _shown(value: object) -> object:
    """Return what is shown of a state, and else what it says of itself."""
    if not isinstance(value, State):
        return str(value)
    attributes = {k: v for k, v in value.attributes.items() if k != "friendly_name"}
    return {"state": value.state, "attributes": attributes}


@pytest.fixture
def heard(hass: HomeAssistant) -> Heard:
    """Return what is told from before the gateway is added."""
    return Heard(hass)


@pytest.fixture
async def entry(
    heard: Heard, gateway: Simulator, add_gateway: AddGateway
) -> GatewayConfigEntry:
    """Return the entry of a gateway that tells all about its owner."""
    plant(gateway)
    return await add_gateway(email=EMAIL)


@pytest.fixture
def secrets(entry: GatewayConfigEntry, gateway: Simulator) -> set[str]:
    """Return what is planted, and what is ours."""
    token = str(entry.data["record"]["token"])
    host = f"127.0.0.1:{gateway.port}"
    return {*PLANTED, PASSWORD, NEW_PASSWORD, EMAIL, host, token}


async def _error(call: Awaitable[object]) -> list[str]:
    """Return all that an error says, to people and to logs."""
    with pytest.raises(HomeAssistantError) as raised:
        await call
    error = raised.value
    assert error.translation_key
    told = [str(error), json.dumps(error.translation_placeholders)]
    return told + traceback.format_exception(error)


def _form(result: Mapping[str, Any]) -> list[str]:
    """Return all that a step of a flow shows."""
    schema = result.get("data_schema")
    fields = [f"{key} {key.description}" for key in schema.schema] if schema else []
    shown = ("type", "step_id", "reason", "errors", "description")
    placeholders = result.get("description_placeholders")
    return [*fields, str(placeholders), str([result.get(key) for key in shown])]


async def _refused_forms(
    hass: HomeAssistant, gateway: Simulator, flow_id: str, typed: dict[str, Any]
) -> list[str]:
    """Return what a flow shows after all that can go wrong."""
    shown = []
    for path in ("/api/login/Basic", "*"):
        for answer in ANSWERS.values():
            gateway.faults.clear()
            gateway.faults.add(path, **answer)
            result = await hass.config_entries.flow.async_configure(flow_id, typed)
            assert result["type"] == "form"
            assert result["errors"]
            shown += _form(result)
    gateway.faults.clear()
    return shown


async def test_forms(hass: HomeAssistant, gateway: Simulator, heard: Heard) -> None:
    """Test a form shows what was typed but the password, and nothing planted."""
    typed = {
        CONF_HOST: f"127.0.0.1:{gateway.port}",
        CONF_PASSWORD: PASSWORD,
        CONF_EMAIL: EMAIL,
        CONF_ADVANCED: {"role": "installer"},
    }
    flows = hass.config_entries.flow
    first = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    shown = _form(first) + await _refused_forms(hass, gateway, first["flow_id"], typed)
    gateway.stop()
    shown += _form(await flows.async_configure(first["flow_id"], typed))
    gateway.start()
    plant(gateway)
    added = await flows.async_configure(first["flow_id"], typed)
    assert added["type"] == "create_entry"
    shown += _form(added)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert found([EMAIL], *shown) == {EMAIL}
    assert found([*PLANTED, PASSWORD], *shown) == set()
    assert found([*PLANTED, PASSWORD, EMAIL], *heard.told()) == set()


async def test_forms_of_an_entry(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    secrets: set[str],
    heard: Heard,
) -> None:
    """Test the forms for a gateway that is known show its title, and no more."""
    entry.async_start_reauth(hass)
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    shown = [str(flow["context"]["title_placeholders"])]
    typed = {CONF_PASSWORD: PASSWORD}
    shown += await _refused_forms(hass, gateway, flow["flow_id"], typed)
    gateway.faults.add("/api/status", edit={"din": "1232100-00-E--TGANOTHER0001"})
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], typed)
    assert result["type"] == "abort"
    shown += _form(result)
    options = await hass.config_entries.options.async_init(entry.entry_id)
    shown += _form(options)
    assert found(secrets - NAMES, *shown) == set()
    assert found(secrets, *heard.told()) == set()


@pytest.fixture
def with_site_controller(entity_registry: er.EntityRegistry) -> None:
    """Let the switch of the site controller be one that a person has turned on."""
    unique_id = f"{DIN}{GATEWAY}_site_controller"
    entity_registry.async_get_or_create("switch", DOMAIN, unique_id)


@pytest.mark.usefixtures("with_site_controller")
@pytest.mark.parametrize(**ways())
async def test_errors_of_what_is_set(
    entry: GatewayConfigEntry,
    gateway: Simulator,
    act: Act,
    tick_until: TickUntil,
    secrets: set[str],
    way: Way,
) -> None:
    """Test no control and no action that sets something tells more than why not."""
    told = []
    for name, answer in ANSWERS.items():
        gateway.faults.clear()
        if name == "no JSON":
            gateway.control({"write_effect": {"kind": "ignored"}})
        else:
            gateway.faults.add(way.path, **answer)
        gateway.reset_stats()
        told += await _error(tick_until(act(way)))
        assert any(way.path in each for each in gateway.stats.requests)
        gateway.control({"write_effect": None})
    assert len(told) > 10 * len(ANSWERS)
    assert found(secrets, *told) == set()


async def test_words_of_a_refusal(
    entry: GatewayConfigEntry, gateway: Simulator, act: Act
) -> None:
    """Test of the gateway's own words no number, address or password is told."""
    told = []
    for number in NUMBERS:
        gateway.faults.clear()
        body = json.dumps({"error": f"not {number} now", "message": f"({number})"})
        gateway.faults.add("/api/operation", method="POST", status=400, body=body)
        told += await _error(act(WAYS["select"]))
    assert sum(" now" in each for each in told) >= len(NUMBERS)
    assert found(NUMBERS, *told) == set()


async def test_errors_of_what_is_read(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    secrets: set[str],
    tick: Tick,
) -> None:
    """Test no action that returns something tells why not with whose it is."""
    told = []
    for name, (path, data) in READ.items():
        told.append(str(await _call(hass, entry, name, **data)))
        for answer in ANSWERS.values():
            gateway.faults.clear()
            gateway.faults.add(path, **answer)
            plant(gateway)
            gateway.reset_stats()
            try:
                told.append(str(await _call(hass, entry, name, **data)))
            except HomeAssistantError as err:
                told += [str(err), *traceback.format_exception(err)]
            assert gateway.stats.total
            gateway.faults.clear()
            plant(gateway)
            await tick(3601)  # So that nothing is remembered of the last one.
    assert len(told) > len(READ) * (len(ANSWERS) + 1)
    assert found(secrets - UNASKED, *told) == set()


async def _call(
    hass: HomeAssistant, entry: GatewayConfigEntry, name: str, **data: Any
) -> Any:
    """Return what an action returns."""
    return await hass.services.async_call(
        DOMAIN,
        name,
        {"config_entry_id": entry.entry_id, **data},
        blocking=True,
        return_response=name in READ,
    )


async def test_errors_of_a_password(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    secrets: set[str],
    heard: Heard,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test passwords are nowhere but in the action itself, as people are told."""
    LOGGER.setLevel(logging.DEBUG)
    passwords = {"old_password": PASSWORD, "new_password": NEW_PASSWORD}
    path, told = "/api/password/change", []
    both = f"{PASSWORD} {NEW_PASSWORD} {EVERYTHING}"
    for fault in (
        *ANSWERS.values(),
        {"status": 400, "body": json.dumps({"error": both, "message": both})},
        {"status": 200, "body": json.dumps({"password": both})},
    ):
        gateway.faults.clear()
        gateway.faults.add(path, **fault)
        told += await _error(_call(hass, entry, "change_password", **passwords))
    gateway.faults.clear()
    await tick(31)
    assert found(secrets, *told) == set()
    logged = [
        caplog.handler.format(each)
        for each in caplog.records
        if each.name.startswith(LOGGER.name)
    ]
    assert logged
    assert found(passwords.values(), *logged) == set()
    assert found(secrets, *heard.told(EVENT_CALL_SERVICE)) == set()
    assert found(secrets, *heard.told()) == {PASSWORD, NEW_PASSWORD}


async def test_repairs_states_and_events(
    hass: HomeAssistant,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    issue_registry: ir.IssueRegistry,
    entity_registry: er.EntityRegistry,
    secrets: set[str],
    heard: Heard,
    act: Act,
    tick: Tick,
) -> None:
    """Test every entity, repair and event of a bad day tells of nobody."""
    for entity in er.async_entries_for_config_entry(entity_registry, entry.entry_id):
        entity_registry.async_update_entity(entity.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    shown = [*hass.states.async_all()]
    gateway.control(
        {
            "alerts": {"TEPOD.0": ["POD_w110_SW_EOC"]},
            "grid_faults": [{"code": "PINV_a008_vfCheckRocof"}],
        }
    )
    gateway.faults.clear()
    await tick(31)
    gateway.faults.add("/api/operation", method="POST", status=403, body=EVERYTHING)
    await _error(act(WAYS["select"]))
    shown += hass.states.async_all()
    gateway.stop()
    gateway.renew_certificate()
    gateway.start()
    await tick(31)
    gateway.change_password(GATEWAY)
    shown += hass.states.async_all()
    issues = [each for each in issue_registry.issues.values() if each.domain == DOMAIN]
    assert issues
    repairs = [f"{each.translation_placeholders} {each.data}" for each in issues]
    assert len(shown) > 300
    assert found(secrets, json.dumps(shown, default=_shown)) == PLACES
    assert found(secrets - NAMES, *repairs) == set()
    assert len(heard.events) > 300
    # A registry tells what a device was known by before that changed.
    assert found(secrets, *heard.told(dr.EVENT_DEVICE_REGISTRY_UPDATED)) == PLACES


def test_would_be_found(hass: HomeAssistant, heard: Heard) -> None:
    """Test each planted secret would be noticed in a state and in an event."""
    hass.states.async_set("sensor.a", "on", {"owner": PLANTED, "friendly_name": NAME})
    assert found(PLANTED, *heard.told()) == set(PLANTED)
    assert found(PLANTED, json.dumps(hass.states.async_all(), default=_shown)) == {
        *PLANTED
    }
