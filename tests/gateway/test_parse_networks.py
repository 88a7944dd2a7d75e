"""Ways to the internet: `/api/networks`."""

import json
from typing import Any

import orjson
import pytest

from custom_components.tesla_gateway.gateway import (
    NetworkKind,
    Networks,
    parse_installation,
)

from .shapes import NO_NUMBERS, NO_TEXTS, case_name
from .shapes_installation import CELLULAR, ETHERNET, WIFI


def _networks(*networks: dict[str, Any]) -> Networks:
    """Return what is read from some networks."""
    return parse_installation.networks(orjson.dumps(networks))


def test_networks_in_use() -> None:
    """Test the primary one of those in use is the one, wherever it stands."""
    for order in ([ETHERNET, CELLULAR, WIFI], [WIFI, CELLULAR, ETHERNET]):
        active = _networks(*order).active
        assert active is not None
        assert active.kind is NetworkKind.WIFI
    secondary = WIFI | {"primary": False}
    active = _networks(ETHERNET, CELLULAR, secondary).active
    assert active is not None
    assert active.kind is NetworkKind.CELLULAR
    idle = WIFI | {"active": False}
    active = _networks(idle, CELLULAR).active
    assert active is not None
    assert active.kind is NetworkKind.CELLULAR


@pytest.mark.parametrize("value", [False, None, 1, "true", ...], ids=case_name)
def test_no_network_in_use(value: Any) -> None:
    """Test being the primary one is not being in use."""
    network = WIFI | {"active": value}
    if value is ...:
        del network["active"]
    assert _networks(network, ETHERNET).active is None
    assert _networks().active is None


@pytest.mark.parametrize(
    ("reached", "expected"),
    [
        ([True, False], True),
        ([False, True], True),
        ([None, True], True),
        ([False, False], False),
        ([False, None], False),
        ([None, None], None),
        (["true", 1], None),
        ([], None),
    ],
)
def test_what_is_reached(reached: list[Any], expected: bool | None) -> None:  # noqa: FBT001
    """Test one network that reaches it will do, and silence is no refusal."""
    read = _networks(*(CELLULAR | {"lastInternetConnected": each} for each in reached))
    assert read.internet_reachable is expected
    assert read.tesla_reachable is (False if reached else None)
    read = _networks(*(CELLULAR | {"lastTeslaConnected": each} for each in reached))
    assert read.tesla_reachable is expected
    assert read.internet_reachable is (False if reached else None)


@pytest.mark.parametrize(
    ("interface", "kind", "strength"),
    [
        ("EthType", NetworkKind.ETHERNET, None),
        ("WifiType", NetworkKind.WIFI, 59),
        ("GsmType", NetworkKind.CELLULAR, 59),
        ("SomethingNew", None, 59),
        (None, None, 59),
        (5, None, 59),
    ],
)
def test_kinds_of_networks(
    interface: Any, kind: NetworkKind | None, strength: float | None
) -> None:
    """Test a cable has no signal, whatever stands there."""
    (network,) = _networks(WIFI | {"interface": interface}).networks
    assert (network.kind, network.signal_strength) == (kind, strength)


@pytest.mark.parametrize("value", [*NO_NUMBERS, ...], ids=case_name)
def test_a_signal_that_is_not_told(value: Any) -> None:
    """Test a network without a signal to be read, or without details at all."""
    details = {} if value is ... else {"signal_strength": value}
    for info in (details, *NO_TEXTS):
        (network,) = _networks(WIFI | {"iface_network_info": info}).networks
        assert network.signal_strength is None
        assert network.active


@pytest.mark.parametrize(
    ("told", "mac_address"),
    [
        ("00:00:5E:00:53:0A", "00:00:5e:00:53:0a"),
        ("00:00:5e:00:53:0a", "00:00:5e:00:53:0a"),
        ("00:00:00:00:00:00", None),
        ("00:00:5E:00:53", None),
        ("00:00:5E:00:53:0A:0B", None),
        ("00-00-5E-00-53-0A", None),
        ("<<MAC_ADDR>>", None),
        *((value, None) for value in NO_TEXTS),
    ],
    ids=case_name,
)
def test_mac_addresses(told: Any, mac_address: str | None) -> None:
    """Test a MAC address is read as one, and nothing else is."""
    (network,) = _networks(WIFI | {"iface_network_info": {"hw_address": told}}).networks
    assert network.mac_address == mac_address


def test_tells_no_names_of_networks() -> None:
    """Test nothing of a network's name and addresses is shown by the model."""
    shown = repr(_networks(ETHERNET, CELLULAR, WIFI)).upper()
    told = json.dumps([ETHERNET, CELLULAR, WIFI])
    for personal in ("somebody", "192.0.2", "00:00:5E", "tesla_internal"):
        assert personal in told
        assert personal.upper() not in shown
