"""Tests of the simulator with aiopowerwall, unmodified, over HTTPS on loopback.

It speaks to a Powerwall 3: login, DIN, and the three endpoints; its signed messages
are not simulated. On the oldest Home Assistant it cannot be installed.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
import pytest

from simulator.server import Simulator

from .conftest import TAKES_AIOPOWERWALL, Simulate

if TAKES_AIOPOWERWALL:
    import aiopowerwall
else:
    pytest.skip("aiopowerwall needs a newer protobuf", allow_module_level=True)

WHOLE_PASSWORD = "SIMULATED-KLMNP"
"""As on a sticker: the login takes its last five characters."""


@cache
def _key() -> bytes:
    """Return a key that no gateway knows: it only has to be one."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


type Make = Callable[..., aiopowerwall.PowerwallClient]


@pytest.fixture
async def make() -> AsyncGenerator[Make]:
    """Return what makes a client of a gateway."""
    async with AsyncExitStack() as clients:

        def make(
            gateway: Simulator, password: str = WHOLE_PASSWORD
        ) -> aiopowerwall.PowerwallClient:
            client = aiopowerwall.PowerwallClient(
                host=f"127.0.0.1:{gateway.port}",
                gateway_password=password,
                rsa_private_key_pem=_key(),
            )
            clients.push_async_callback(client.close)
            return client

        yield make


@pytest.fixture
def gateway(simulate: Simulate) -> Simulator:
    """Run a simulator of a Powerwall 3."""
    return simulate(profile="pw3")


@pytest.mark.parametrize("is_compressed", [False, True])
async def test_login(
    gateway: Simulator,
    make: Make,
    is_compressed: bool,  # noqa: FBT001
) -> None:
    """Test it logs in and reads the DIN, also where that is gzip."""
    gateway.control({"compressed_din": is_compressed})
    client = make(gateway)
    assert await client.connect() == gateway.device.profile.din == client.din
    assert gateway.stats.logins == 1
    assert gateway.stats.requests["GET /tedapi/din"] == 1


async def test_readings(gateway: Simulator, make: Make) -> None:
    """Test it reads all three endpoints with one login."""
    client, site, flows = make(gateway), gateway.site, gateway.site.flows()
    meters = await client.get_meters_aggregates()
    assert {name: meter["instant_power"] for name, meter in meters.items()} == {
        "site": flows.site,
        "battery": flows.battery,
        "load": flows.load,
        "solar": flows.solar,
    }
    assert await client.get_battery_soe_raw() == site.charge_percent
    app_percent = (site.charge_percent - 5) / 0.95
    assert await client.get_battery_soe() == pytest.approx(app_percent)
    assert await client.get_grid_status() == "SystemGridConnected"
    assert gateway.stats.logins == 1


@pytest.mark.parametrize("status", [401, 403])
async def test_logs_in_again(gateway: Simulator, make: Make, status: int) -> None:
    """Test an expired token is renewed, whichever way it is refused."""
    client = make(gateway)
    await client.connect()
    gateway.expire_tokens(status)
    assert await client.get_battery_soe_raw() == gateway.site.charge_percent
    assert gateway.stats.logins == 2


async def test_wrong_password(gateway: Simulator, make: Make) -> None:
    """Test it is not let in with another password."""
    with pytest.raises(aiopowerwall.PowerwallAuthenticationError):
        await make(gateway, "SIMULATED-WRONG").connect()
    assert gateway.stats.logins_refused == 1


async def test_limited(gateway: Simulator, make: Make) -> None:
    """Test it takes a limit for one."""
    gateway.faults.add("/api/login/Basic", status=429)
    with pytest.raises(aiopowerwall.PowerwallRateLimitError):
        await make(gateway).connect()


@pytest.mark.parametrize("profile", ["21.44", "24.44"])
async def test_older_gateways(simulate: Simulate, make: Make, profile: str) -> None:
    """Test it is let in by a gateway that has no DIN there, and says so."""
    gateway = simulate(profile=profile)
    with pytest.raises(aiopowerwall.PowerwallProtocolError, match="404"):
        await make(gateway).connect()
    assert gateway.stats.logins == 1
