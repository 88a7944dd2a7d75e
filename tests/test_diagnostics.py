"""Tests of the diagnostics."""

from http import HTTPStatus
import json
from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from custom_components.tesla_gateway.gateway import UnexploredEndpoint
from custom_components.tesla_gateway.gateway.proto import vitals_pb2
from custom_components.tesla_gateway.gateway.reader import SURVEYED
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator.server import Simulator

from .conftest import PASSWORD, AddGateway, StateOf, Tick

type Download = dict[str, Any]

POLLED = {
    "/api/meters/aggregates",
    "/api/operation",
    "/api/powerwalls",
    "/api/site_info",
    "/api/sitemaster",
    "/api/status",
    "/api/system_status",
    "/api/system_status/grid_status",
    "/api/system_status/soe",
}


@pytest.fixture
async def download(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: GatewayConfigEntry
) -> Download:
    """Return the diagnostics of the gateway, as they are downloaded."""
    diagnostics: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    return dict(diagnostics)


async def test_settings(download: Download, entry: GatewayConfigEntry) -> None:
    """Test the settings are there, but none that opens anything."""
    settings = download["settings"]
    assert settings["role"] == entry.data["role"] == "customer"
    assert settings["model"] == entry.data["model"]
    hidden = {"host", "password", "fingerprint"}
    for key in hidden:
        assert settings[key].isidentifier()
        assert settings[key] != entry.data[key]
    assert settings["record"]["token"].isidentifier()
    assert settings["record"]["wait_until"] is None
    assert download["options"] == {}


async def test_a_name_of_ours(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
) -> None:
    """Test the name a person gave the entry is looked for in what the gateway says."""
    hass.config_entries.async_update_entry(entry, title="Villa Tralala")
    problems = {"problems": ["no word from Villa Tralala"]}
    gateway.faults.add("/api/troubleshooting/problems", edit=problems)
    await tick(301)
    download: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert "Tralala" not in json.dumps(download)


async def test_coordinators(download: Download) -> None:
    """Test how each coordinator is doing is there."""
    well = {"last_update_success": True, "last_error": None}
    assert download["coordinators"] == dict.fromkeys(
        ("live", "state", "devices", "info"), well
    )


async def test_endpoints(download: Download, gateway: Simulator) -> None:
    """Test every endpoint is there with what it said, whether it is polled or not."""
    endpoints = download["endpoints"]
    assert set(endpoints) == {*SURVEYED, *POLLED}
    assert set(endpoints) >= gateway.device.profile.reads
    soe = endpoints["/api/system_status/soe"]
    assert soe["status"] == 200
    assert soe["outcome"] == "200"
    assert soe["body"] == {"percentage": gateway.site.charge_percent}
    assert soe["bytes"] > 10
    assert soe["counts"] == {"200": 1}
    assert soe["seconds_longest"] >= soe["seconds_last"] >= 0
    devices = endpoints["/api/devices/vitals"]["body"]["devices"]
    assert {"name": "THC_AmbientTemp", "float_value": 21.0} in devices[1]["vitals"]
    absent = endpoints["/api/solar_powerwall"]
    assert (absent["status"], absent["body"]["code"]) == (404, 404)


async def test_nothing_is_unknown(download: Download) -> None:
    """Test all that is recorded of real gateways has been described."""
    assert download["unknown"] == {"keys": {}, "values": {}, "vitals": []}


UNKNOWN = {
    "/api/system_status/grid_status": {"grid_status": "SystemOnMars"},
    "/api/system_status": {"system_island_state": "SystemAdrift"},
    "/api/operation": {"real_mode": "party", "owner": "Ann", "age": 44},
    "/api/meters/aggregates": {"windmill": {"instant_power": 5, "blades": 3}},
    "/api/status": {"device_type": "tardis"},
    "/api/system/update/status": {"state": "/exploding"},
    "/api/networks": {"0.interface": "PigeonType"},
    "/api/devices/vitals": {
        "TETHC.0.vitals": {"THC_Mood": "grim", "THC_Age": 3.5, "THC_Ok": True}
    },
}


async def test_the_unknown(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    add_gateway: AddGateway,
    gateway: Simulator,
) -> None:
    """Test what nobody has described is told by name and type."""
    for path, edit in UNKNOWN.items():
        gateway.faults.add(path, edit=edit)
    entry = await add_gateway()
    download: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert download["unknown"] == {
        "keys": {
            "/api/meters/aggregates": ["blades", "windmill"],
            "/api/operation": ["age", "owner"],
        },
        "values": {
            "device_type": ["tardis"],
            "grid_status": ["SystemOnMars"],
            "interface": ["PigeonType"],
            "meters": ["windmill"],
            "real_mode": ["party"],
            "state": ["/exploding"],
            "system_island_state": ["SystemAdrift"],
        },
        "vitals": ["TETHC: THC_Age", "TETHC: THC_Mood", "TETHC: THC_Ok"],
    }
    told = {path: each.get("body") for path, each in download["endpoints"].items()}
    assert told["/api/operation"]["age"] == 0
    assert told["/api/operation"]["owner"].startswith("text")
    windmill = told["/api/meters/aggregates"]["windmill"]
    assert windmill == {"instant_power": 5, "blades": 0}
    vitals = told["/api/devices/vitals"]["devices"][1]["vitals"]
    assert {"name": "THC_Age", "float_value": 0.0} in vitals
    assert {"name": "THC_Ok", "bool_value": True} in vitals
    assert "grim" not in json.dumps(download)


async def test_a_failing_endpoint(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
) -> None:
    """Test a refusal is told beside what was last read."""
    gateway.faults.add("/api/operation", status=500, body="<h1>Ann's gateway</h1>")
    gateway.faults.add("/api/sitemaster", body="x" * 70_000)
    await tick(31)
    download: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    operation = download["endpoints"]["/api/operation"]
    assert operation["status"] == 500
    assert operation["body"].startswith("text")
    assert operation["counts"] == {"200": 1, "500": 1}
    assert operation["last_good"]["body"]["real_mode"] == "self_consumption"
    long = download["endpoints"]["/api/sitemaster"]
    assert (long["bytes"], "body" in long) == (70_000, False)


async def test_vitals_that_are_none(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
) -> None:
    """Test bytes that nobody can read cost nothing but themselves."""
    gateway.faults.add("/api/devices/vitals", body=b"\xff\xff Ann")
    await tick(31)
    download: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    vitals = download["endpoints"]["/api/devices/vitals"]
    assert (vitals["status"], vitals["bytes"]) == (200, 6)
    assert vitals["body"].startswith("text")
    assert download["unknown"]["vitals"] == []


async def test_logins_and_requests(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
) -> None:
    """Test of a login, and of what was sent by hand, only counts are told."""
    gateway.expire_tokens()
    problems = {"problems": ["no word from METER-7"]}
    gateway.faults.add("/api/troubleshooting/problems", edit=problems)
    await tick(301)
    verify = UnexploredEndpoint.VERIFY_METER
    await entry.runtime_data.client.try_out(verify, serial="meter-7")
    download: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    (path,) = (path for path in download["endpoints"] if path.endswith("/verify"))
    assert path.startswith("POST /api/meters/serial")
    for told in ("/api/login/Basic", path):
        kept = set(download["endpoints"][told])
        assert kept == {"counts", "outcome", "seconds_last", "seconds_longest"}
    assert download["endpoints"]["/api/login/Basic"]["counts"] == {"200": 1}
    (problem,) = download["endpoints"]["/api/troubleshooting/problems"]["body"][
        "problems"
    ]
    assert problem == f"no word from {path.split('/')[3]}"


@pytest.mark.parametrize("gateway_options", [{"profile": "pw3"}])
async def test_a_compressed_din(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    gateway: Simulator,
    add_gateway: AddGateway,
) -> None:
    """Test the DIN is told with its part number, compressed or not."""
    gateway.device.is_din_compressed = True
    entry = await add_gateway()
    download: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    din = download["endpoints"]["/tedapi/din"]["body"]
    part, _, serial = din.rpartition("--")
    assert part == str(entry.unique_id).rpartition("--")[0]
    assert serial.startswith("serial")


async def test_an_unloaded_entry(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: GatewayConfigEntry,
) -> None:
    """Test a gateway that is turned off still has its settings to hand on."""
    await hass.config_entries.async_unload(entry.entry_id)
    download: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert download["settings"]["role"] == "customer"
    assert PASSWORD not in json.dumps(download)
    assert download["coordinators"] == {}
    assert download["endpoints"] == {}


async def test_a_set_up_that_fails(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: GatewayConfigEntry,
    gateway: Simulator,
) -> None:
    """Test what went wrong is told, without asking the gateway for more."""
    gateway.faults.add(status=500)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    gateway.reset_stats()
    download: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert download["coordinators"]["live"] == {
        "last_update_success": False,
        "last_error": "GatewayRejectedError",
    }
    assert download["endpoints"]["/api/system_status/soe"]["counts"] == {"500": 1}
    assert "/api/networks" not in download["endpoints"]
    assert gateway.stats.total == 0


def _pairs(raw: Any, redacted: Any) -> dict[str, str]:
    """Return what in a document became which token."""
    if isinstance(raw, dict):
        pairs = _pairs(list(raw), list(redacted))
        for inner in zip(raw.values(), redacted.values(), strict=True):
            pairs |= _pairs(*inner)
        return pairs
    if isinstance(raw, list):
        pairs = {}
        for inner in zip(raw, redacted, strict=True):
            pairs |= _pairs(*inner)
        return pairs
    if raw == redacted:
        return {}
    start, end = _common(raw, redacted), _common(raw[::-1], redacted[::-1])
    return {raw[start : len(raw) - end]: redacted[start : len(redacted) - end]}


def _common(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    alike = zip(one, other, strict=False)
    return next(index for index, (a, b) in enumerate(alike) if a != b)


async def _states(hass: HomeAssistant, entry: GatewayConfigEntry) -> dict[str, str]:
    """Return the states of all entities of a gateway by unique id, all turned on."""
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        registry.async_update_entity(entity.entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    states = {}
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        state = hass.states.get(entity.entity_id)
        assert state is not None
        states[f"{entity.domain} {entity.unique_id}"] = state.state
    return states


@pytest.mark.parametrize(
    "gateway_options",
    [{"batteries": 3}, {"profile": "24.44"}, {"profile": "pw3"}, {"profile": "21.13"}],
    ids=lambda options: str(options.get("profile", "21.44")),
)
async def test_round_trip(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: GatewayConfigEntry,
    add_gateway: AddGateway,
    tmp_path: Path,
) -> None:
    """Test the download, served as a gateway, gives the same entities and states."""
    states = await _states(hass, entry)
    download: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    endpoints = download["endpoints"]
    tokens: dict[str, str] = {}
    for path, told in entry.runtime_data.client.journal.endpoints.items():
        match told.last.body if told.last else None:
            case bytes(body) if body.startswith((b"{", b"[")):
                tokens |= _pairs(json.loads(body), endpoints[path]["body"])
            case bytes(body) if path == "/tedapi/din" and body:
                tokens |= _pairs(body.decode(), endpoints[path]["body"])
            case bytes(body) if path == "/api/devices/vitals" and body:
                message = vitals_pb2.DevicesWithVitals.FromString(body)
                dins = [each.device.device.din.value for each in message.devices]
                devices = endpoints[path]["body"]["devices"]
                told_dins = [
                    each["device"]["device"]["din"]["value"] for each in devices
                ]
                tokens |= _pairs(dins, told_dins)

    file = tmp_path / "config_entry-tesla_gateway.json"
    file.write_text(json.dumps({"home_assistant": {}, "data": download}))
    with Simulator(replay=file) as replay:
        copy = await add_gateway(host=f"127.0.0.1:{replay.port}")
        copied = await _states(hass, copy)
        await hass.config_entries.async_unload(copy.entry_id)

    def mapped(text: str) -> str:
        for secret, token in tokens.items():
            text = text.replace(secret, token)
        return text

    assert copy.unique_id == mapped(str(entry.unique_id)) != entry.unique_id
    assert copied == {mapped(key): mapped(state) for key, state in states.items()}
    assert len(copied) > 20


async def test_diagnostics_on_an_old_token(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    entry: GatewayConfigEntry,
    gateway: Simulator,
    state_of: StateOf,
    tick: Tick,
) -> None:
    """Test a download as the token expires costs a login, and no endpoint.

    What is open to anybody answers on a dead token too, and so proves nothing.
    """
    gateway.expire_tokens(HTTPStatus.FORBIDDEN)
    gateway.reset_stats()
    await get_diagnostics_for_config_entry(hass, hass_client, entry)
    for _ in range(5):
        await tick(31)
    assert gateway.stats.logins == 1
    assert state_of("grid_power") not in (None, STATE_UNAVAILABLE)
    assert state_of("operation_mode") not in (None, STATE_UNAVAILABLE)
