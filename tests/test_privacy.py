"""Nothing that tells whose gateway it is gets about: planted, then looked for."""

from collections.abc import AsyncIterator, Iterator
import json
import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.tesla_gateway.const import LOGGER
from custom_components.tesla_gateway.coordinator import GatewayConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator.faults import Ending
from simulator.server import Simulator

from .conftest import PASSWORD, AddGateway, Tick
from .planted import DIN, EMAIL, GATEWAY, IP, NAME, PLANTED, found, plant


@pytest.fixture
async def planted(gateway: Simulator, add_gateway: AddGateway) -> GatewayConfigEntry:
    """Return the entry of a gateway that tells all about its owner."""
    LOGGER.setLevel(logging.DEBUG)
    plant(gateway)
    return await add_gateway(advanced={"role": "customer"}, email=EMAIL)


def _own(entry: GatewayConfigEntry, gateway: Simulator) -> list[str]:
    """Return the secrets that come from us."""
    return [
        PASSWORD,
        EMAIL,
        "127.0.0.1",
        gateway.fingerprint.hex(),
        str(entry.data["record"]["token"]),
    ]


def _logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return what we have logged, and what Home Assistant has for us.

    But for a set-up that fails, where it names the entry by its title, as in its pages.
    """
    return "\n".join(
        caplog.handler.format(record)
        for record in caplog.get_records("setup") + caplog.get_records("call")
        if record.name.startswith(LOGGER.name) and record.module != "config_entries"
    )


def _attributes(hass: HomeAssistant, entry: GatewayConfigEntry) -> Iterator[str]:
    """Yield the attributes of all entities but their names, which people give."""
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        if state := hass.states.get(entity.entity_id):
            shown = {k: v for k, v in state.attributes.items() if k != "friendly_name"}
            yield json.dumps(shown, default=str, ensure_ascii=False)


def _said(entry: GatewayConfigEntry) -> str:
    """Return all that the gateway has said, as it came."""
    told = entry.runtime_data.client.journal.endpoints.values()
    bodies = [each.last.body or b"" for each in told if each.last]
    return b"\n".join(bodies).decode(errors="replace")


async def test_diagnostics(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    planted: GatewayConfigEntry,
    gateway: Simulator,
) -> None:
    """Test nothing planted is in the download, though all was in what it is made of."""
    download: Any = await get_diagnostics_for_config_entry(hass, hass_client, planted)
    text = json.dumps(download, ensure_ascii=False)
    assert found(PLANTED, _said(planted)) == set(PLANTED)
    assert found(PLANTED, text) == set()
    own = _own(planted, gateway)
    assert found(own, json.dumps(dict(planted.data))) == set(own)
    assert found(own, text) == set()
    assert planted.title == NAME
    assert planted.unique_id == DIN + GATEWAY


async def test_relations_survive(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    planted: GatewayConfigEntry,
) -> None:
    """Test the same secret is the same token wherever it was."""
    download: Any = await get_diagnostics_for_config_entry(hass, hass_client, planted)
    body = {
        path: told["body"]
        for path, told in download["endpoints"].items()
        if "body" in told
    }
    serial = body["/api/powerwalls"]["powerwalls"][0]["PackageSerialNumber"]
    assert (
        serial == body["/api/system_status"]["battery_blocks"][0]["PackageSerialNumber"]
    )
    assert body["/api/status"]["leader"] == DIN + serial
    assert serial in body["/api/system_status/grid_faults"][0]["decoded_alert"]
    (device,) = body["/api/devices/vitals"]["devices"]
    parent = device["device"]["device"]["component_parent_din"]["value"]
    assert parent == f"STSTSM--{body['/api/config']['vin']}"
    assert set(body["/api/meters/readings"]) >= {body["/api/meters"][0]["serial"]}
    network = body["/api/networks"][2]["network_name"]
    assert network in body["/api/powerwalls"]["phase_detection_last_error"]


async def _troubles(gateway: Simulator, tick: Tick) -> AsyncIterator[None]:
    """Let one thing after another go wrong, and time pass."""
    everything = " ".join(PLANTED)
    for fault in (
        {"status": 500, "body": everything},
        {"status": 401, "body": everything},
        {"status": 403, "body": everything},
        {"status": 302, "headers": {"Location": f"https://{IP}/{GATEWAY}"}},
        {"body": f"<html>{everything}"},
        {"body": json.dumps([everything]), "ending": Ending.CUT},
    ):
        gateway.faults.clear()
        gateway.faults.add("/api/system_status*", **fault)
        await tick(31)
        await tick(31)
        yield
    gateway.faults.clear()
    await tick(31)
    gateway.stop()
    await tick(601)
    gateway.start()
    await tick(31)
    yield
    gateway.change_password(GATEWAY)
    gateway.expire_tokens()
    await tick(601)
    gateway.renew_certificate()
    gateway.stop()
    gateway.start()
    await tick(601)
    yield


async def test_log_and_attributes(
    hass: HomeAssistant,
    planted: GatewayConfigEntry,
    gateway: Simulator,
    tick: Tick,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test nothing planted is logged or shown, whatever goes wrong."""
    secrets = (*PLANTED, *_own(planted, gateway))
    shown = list(_attributes(hass, planted))
    async for _ in _troubles(gateway, tick):
        shown += _attributes(hass, planted)
    await hass.config_entries.async_reload(planted.entry_id)
    logged = _logged(caplog)
    assert len(logged.splitlines()) > 20
    assert "cannot read" in logged
    assert "Full error" in logged
    assert len(shown) > 100
    assert found(secrets, logged) == set()
    assert found(secrets, *shown) == set()


async def test_would_be_found(
    hass: HomeAssistant,
    planted: GatewayConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test each planted secret would be noticed in our log and in attributes."""
    assert found(PLANTED, _logged(caplog)) == set()
    for secret in PLANTED:
        LOGGER.getChild("gateway").debug("cannot read %s", secret)
    assert found(PLANTED, _logged(caplog)) == set(PLANTED)
    (entity, *_) = er.async_entries_for_config_entry(
        er.async_get(hass), planted.entry_id
    )
    hass.states.async_set(entity.entity_id, "on", {"owner": PLANTED})
    assert found(PLANTED, *_attributes(hass, planted)) == set(PLANTED)
