"""A gateway as its users speak of it, on every kind that is simulated."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayAbsentError,
    GatewayAuthenticationError,
    GatewayClient,
    GatewayForbiddenError,
    GatewayIdentityError,
    GatewayModel,
    GatewayResponseError,
    Identity,
)
from simulator.server import Simulator

from .conftest import Connect

SERIAL = "TGSIMULATED001"
DIN = f"1232100-00-E--{SERIAL}"
SITE = "Simulated Home"


@pytest.mark.parametrize(
    ("gateway_options", "identity"),
    [
        (
            {"profile": "21.13"},
            Identity(
                din=DIN,
                model=GatewayModel.GATEWAY_2,
                firmware="21.13.2",
                site_name=SITE,
                running=True,
            ),
        ),
        (
            {"profile": "21.44"},
            Identity(
                din=DIN,
                model=GatewayModel.GATEWAY_2,
                firmware="21.44",
                site_name=SITE,
                running=True,
            ),
        ),
        (
            {"profile": "24.44"},
            Identity(
                din=DIN,
                model=GatewayModel.GATEWAY_2,
                firmware="24.44.0",
                site_name=SITE,
                running=True,
            ),
        ),
        (
            {"profile": "pw3"},
            Identity(
                din=f"1707000-11-J--{SERIAL}",
                model=GatewayModel.POWERWALL_3,
                firmware=None,
                site_name=None,
                running=None,
            ),
        ),
        (
            {"profile": "stopped"},
            Identity(
                din=DIN,
                model=GatewayModel.GATEWAY_2,
                firmware="21.44",
                site_name=SITE,
                running=False,
            ),
        ),
    ],
    ids=["21.13", "21.44", "24.44", "pw3", "stopped"],
)
async def test_knows_who_answers(
    client: GatewayClient, gateway: Simulator, identity: Identity
) -> None:
    """Test every kind of gateway tells who it is, without a request in vain."""
    await client.login()
    assert await client.identity() == identity
    assert gateway.stats.logins == 1
    assert max(gateway.stats.requests.values()) == 1


@pytest.mark.parametrize("compressed", [False, True], ids=["text", "gzip"])
@pytest.mark.parametrize("gateway_options", [{"profile": "pw3"}])
async def test_the_din_of_a_powerwall_3(
    client: GatewayClient, gateway: Simulator, *, compressed: bool
) -> None:
    """Test the last place of all that a DIN is looked for."""
    gateway.device.is_din_compressed = compressed
    assert (await client.identity()).din == f"1707000-11-J--{SERIAL}"


@pytest.mark.parametrize(
    ("faults", "asked"),
    [
        ([], "GET /api/powerwalls"),
        ([("/api/powerwalls", 404)], "GET /api/config"),
        ([("/api/powerwalls", 403), ("/api/sitemaster", 403)], "GET /api/config"),
        ([("/api/powerwalls", 500), ("/api/config", 503)], "GET /tedapi/din"),
    ],
    ids=["powerwalls", "config", "forbidden", "din"],
)
async def test_looks_for_the_din_elsewhere(
    client: GatewayClient, gateway: Simulator, faults: list[Any], asked: str
) -> None:
    """Test a status without a DIN is made good from the next place that has one."""
    gateway.faults.add("/api/status", drop=("din",))
    gateway.faults.add("/tedapi/din", body=DIN)
    for path, status in faults:
        gateway.faults.add(path, status=status)
    assert (await client.identity()).din == DIN
    places = ("GET /api/powerwalls", "GET /api/config", "GET /tedapi/din")
    assert [each for each in gateway.stats.requests if each in places][-1] == asked


@pytest.mark.parametrize(
    ("faults", "model"),
    [
        ({}, GatewayModel.POWERWALL_3),
        ({"/api/status": "<html></html>"}, GatewayModel.OTHER),
        ({"/api/site_info/site_name": '{"site_name": "a"}'}, GatewayModel.OTHER),
    ],
    ids=["absent", "unreadable", "has a name"],
)
@pytest.mark.parametrize("gateway_options", [{"profile": "pw3"}])
async def test_only_a_powerwall_3_has_no_status(
    client: GatewayClient,
    gateway: Simulator,
    faults: dict[str, str],
    model: GatewayModel,
) -> None:
    """Test a model is not made up for a gateway whose status cannot be read."""
    for path, body in faults.items():
        gateway.faults.add(path, body=body)
    assert (await client.identity()).model is model


async def test_nobody_without_a_din(client: GatewayClient, gateway: Simulator) -> None:
    """Test something that answers like a gateway, and does not say which one."""
    gateway.faults.add("/api/status", drop=("din",))
    gateway.faults.add("/api/powerwalls", drop=("gateway_din",))
    gateway.faults.add("/api/config", drop=("vin",))
    gateway.faults.add("/tedapi/din", body="<html></html>")
    with pytest.raises(GatewayIdentityError):
        await client.identity()


@pytest.mark.parametrize("ask", [GatewayClient.identity, GatewayClient.meters])
async def test_a_router_is_no_gateway(
    client: GatewayClient,
    gateway: Simulator,
    ask: Callable[[GatewayClient], Awaitable[object]],
) -> None:
    """Test a page for people in place of every answer: one login, and no more."""
    gateway.faults.add(body="<html>Your router</html>")
    with pytest.raises(GatewayResponseError, match="/api/login/Basic"):
        await ask(client)
    assert gateway.stats.total == 1


@pytest.mark.parametrize(
    ("firmware", "release"),
    [
        ("21.44", (21, 44)),
        ("24.12.6-PW3-AFCI", (24, 12, 6)),
        ("22.26.1-foxtrot", (22, 26, 1)),
        ("unknown", ()),
        (None, ()),
    ],
)
def test_a_release_to_compare(firmware: str | None, release: tuple[int, ...]) -> None:
    """Test versions of any length and with any name behind them."""
    identity = Identity(
        din=DIN,
        model=GatewayModel.OTHER,
        firmware=firmware,
        site_name=None,
        running=None,
    )
    assert identity.release == release


async def test_new_firmware_is_asked_anew(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test an endpoint that comes with an update is not waited for an hour."""
    gateway.faults.add("/api/operation", status=404, times=1)
    for _ in range(2):
        await client.status()
        with pytest.raises(GatewayAbsentError):
            await client.operation()
    gateway.control({"version": "23.28.2 27626f98"})
    await client.status()
    assert await client.operation()


async def test_a_new_client_asks_anew(connect: Connect, gateway: Simulator) -> None:
    """Test what one login was refused, another one may be given."""
    first = GatewayClient(connect())
    gateway.faults.add("/api/operation", status=403, times=1)
    for _ in range(2):
        with pytest.raises(GatewayForbiddenError):
            await first.operation()
    assert await GatewayClient(connect()).operation()
    assert gateway.stats.requests["GET /api/operation"] == 2


async def test_a_wrong_password_is_no_other_error(
    client: GatewayClient, gateway: Simulator
) -> None:
    """Test every way into a gateway tells of a wrong password as such."""
    gateway.change_password("other")
    for attempt in (client.login(), client.identity(), client.meters()):
        with pytest.raises(GatewayAuthenticationError):
            await attempt
    assert client.is_login_refused
