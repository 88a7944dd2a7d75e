"""Tests of changing the password, as a gateway lets one in its own Wi-Fi."""

from typing import Any

import pytest

from simulator.profiles import PROFILES
from simulator.server import Simulator

from .conftest import Client, Connect, Simulate

CHANGE = "/api/password/change"
GOOD = {"old_password": "KLMNP", "new_password": "FGHIJ", "toggled_pw": False}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("document", [GOOD, {}, {**GOOD, "old_password": "wrong"}])
async def test_from_the_home_network(
    simulate: Simulate, connect: Connect, profile: str, document: Any
) -> None:
    """Test it is refused whatever is asked, and on a Powerwall 3 not there."""
    gateway = simulate(profile=profile)
    client = connect(gateway)
    answer = await client.post(CHANGE, document)
    if profile == "pw3":
        assert answer.status == 404
    else:
        assert answer.status == 400
        assert answer.json()["error"] == "unexpected request origin"
    assert (await client.log_in()).status == 200


@pytest.mark.parametrize("profile", sorted(PROFILES.keys() - {"pw3"}))
async def test_from_its_own_wifi(
    simulate: Simulate, connect: Connect, profile: str
) -> None:
    """Test the next login is with the new one, and open sessions go on."""
    gateway = simulate(profile=profile, own_wifi=True)
    insider = connect(gateway)
    await insider.log_in("installer")
    answer = await connect(gateway).post(CHANGE, GOOD)
    assert (answer.status, answer.json()) == (200, {"password": "FGHIJ"})
    assert (await insider.get("/api/powerwalls")).status == 200
    assert (await insider.log_in()).status == 401
    assert (await insider.log_in(password="FGHIJ")).status == 200
    assert (gateway.stats.logins_accepted, gateway.stats.logins_refused) == (2, 1)


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ({**GOOD, "new_password": ""}, "Invalid password"),
        ({**GOOD, "new_password": None}, "Invalid password"),
        ({**GOOD, "new_password": 12345}, "Invalid password"),
        ({"old_password": "KLMNP"}, "Invalid password"),
        ([], "Invalid password"),
        ({**GOOD, "old_password": "wrong"}, "bad credentials"),
        ({**GOOD, "old_password": None}, "bad credentials"),
        ({"new_password": "FGHIJ"}, "bad credentials"),
        ({**GOOD, "toggled_pw": True}, "Toggle Error:"),
    ],
)
async def test_refused(
    simulate: Simulate, connect: Connect, document: Any, error: str
) -> None:
    """Test a refusal tells why, and the password stays."""
    client = connect(simulate(own_wifi=True))
    answer = await client.post(CHANGE, document)
    assert answer.status == 400
    assert answer.json()["code"] == 400
    assert answer.json()["error"].startswith(error)
    assert (await client.log_in(password="FGHIJ")).status == 401
    assert (await client.log_in()).status == 200


async def test_moving_into_its_wifi(gateway: Simulator, client: Client) -> None:
    """Test where clients are can change while the gateway runs."""
    gateway.control({"own_wifi": True})
    assert (await client.post(CHANGE, GOOD)).status == 200
    gateway.own_wifi = False
    assert (await client.post(CHANGE, GOOD)).status == 400


@pytest.mark.parametrize("profile", PROFILES)
async def test_by_get(simulate: Simulate, connect: Connect, profile: str) -> None:
    """Test it is posted."""
    client = connect(simulate(profile=profile, own_wifi=True))
    answer = await client.get(CHANGE)
    assert answer.status == (404 if profile == "pw3" else 405)
