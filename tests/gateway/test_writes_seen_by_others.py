"""What other people's clients read of mode and reserve after our writes."""

import asyncio
from pathlib import Path

import pypowerwall
import pytest
from tesla_powerwall.powerwall import Powerwall

from custom_components.tesla_gateway.gateway import (
    CHOOSABLE_MODES,
    Credentials,
    GatewayClient,
    OperationMode,
    Role,
)
from simulator.server import Simulator

from .conftest import EMAIL, PASSWORD, Connect

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")

WISHES = [
    *((mode, reserve) for mode in CHOOSABLE_MODES for reserve in (0, 16, 20, 100)),
    *((mode, None) for mode in CHOOSABLE_MODES),
    *((None, reserve) for reserve in (5, 21, 30, 99.5)),
]


@pytest.fixture(autouse=True)
def _no_certificates_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `requests` not read a list of authorities from the environment."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def writer(connect: Connect) -> GatewayClient:
    """Return our client, with a login that every firmware takes writes from."""
    credentials = Credentials(password=PASSWORD, email=EMAIL, role=Role.INSTALLER)
    return GatewayClient(connect(credentials=credentials))


@pytest.mark.parametrize(
    "gateway_options", [{"profile": "21.44"}, {"profile": "24.44"}], ids=str
)
async def test_tesla_powerwall(writer: GatewayClient, gateway: Simulator) -> None:
    """Test the client of core's integration, which has the gateway's own percent."""
    async with Powerwall(f"127.0.0.1:{gateway.port}", verify_ssl=False) as other:
        await other.login(PASSWORD, EMAIL)
        for mode, reserve in WISHES:
            shown = await writer.set_operation(mode=mode, backup_reserve=reserve)
            assert shown is not None
            assert shown.mode is not None
            assert (await other.get_operation_mode()).value == shown.mode
            percent = await other.get_backup_reserve_percentage()
            assert percent == shown.gateway_backup_reserve
            assert mode in (None, shown.mode)
            if reserve is not None:
                assert percent == round(0.95 * reserve + 5, 2)


@pytest.mark.parametrize("authmode", ["cookie", "token"])
@pytest.mark.parametrize(
    "gateway_options", [{"profile": "21.44"}, {"profile": "24.44"}], ids=str
)
async def test_pypowerwall(
    writer: GatewayClient, gateway: Simulator, tmp_path: Path, authmode: str
) -> None:
    """Test the one behind the dashboards, which has the app's percent."""
    other = await asyncio.to_thread(_pypowerwall, gateway, tmp_path, authmode)
    for mode, reserve in WISHES:
        shown = await writer.set_operation(mode=mode, backup_reserve=reserve)
        assert shown is not None
        assert await asyncio.to_thread(other.get_mode, force=True) == shown.mode
        percent = await asyncio.to_thread(other.get_reserve, force=True)
        assert percent == pytest.approx(shown.backup_reserve, abs=1e-9)
        assert mode in (None, shown.mode)
        if reserve is not None:
            assert percent == pytest.approx(reserve, abs=0.01)


def _pypowerwall(
    gateway: Simulator, folder: Path, authmode: str
) -> pypowerwall.Powerwall:
    """Return a client of the gateway, connected."""
    return pypowerwall.Powerwall(
        f"127.0.0.1:{gateway.port}",
        PASSWORD,
        EMAIL,
        "America/Los_Angeles",
        pwcacheexpire=0,
        authmode=authmode,
        cachefile=str(folder / ".powerwall"),
        cloudmode=False,
        auto_select=False,
        failover=False,
    )


async def test_the_other_way_round(writer: GatewayClient, gateway: Simulator) -> None:
    """Test we read what the site is set to, as both of them do."""
    async with Powerwall(f"127.0.0.1:{gateway.port}", verify_ssl=False) as other:
        await other.login(PASSWORD, EMAIL)
        gateway.control({"site": {"mode": "backup", "backup_reserve_percent": 33.5}})
        ours = await writer.operation()
        assert ours.mode is OperationMode.BACKUP
        assert (await other.get_operation_mode()).value == ours.mode
        percent = await other.get_backup_reserve_percentage()
        assert percent == ours.gateway_backup_reserve
        assert ours.backup_reserve == pytest.approx(30)
