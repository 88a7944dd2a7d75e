"""Tests of who gets in."""

import base64

from aiohttp import Fingerprint
import orjson
import pytest

from simulator.server import Simulator

from .conftest import Client, Connect

LOGIN = "/api/login/Basic"


async def test_login(gateway: Simulator, connect: Connect) -> None:
    """Test what a login returns, and that it opens what was shut."""
    client = connect(gateway)
    refused = await client.get("/api/operation")
    assert refused.status == 403
    assert refused.json() == {
        "code": 403,
        "error": "Unable to GET to resource",
        "message": "User does not have adequate access rights",
    }
    answer = await client.log_in()
    login = answer.json()
    assert {key: login[key] for key in login if key not in {"token", "loginTime"}} == {
        "email": "a@b.c",
        "firstname": "Tesla",
        "lastname": "Energy",
        "roles": ["Home_Owner"],
        "provider": "Basic",
    }
    assert login["loginTime"] == "2026-07-01T10:30:00-07:00"
    assert len(login["token"]) == 88
    assert len(base64.urlsafe_b64decode(login["token"])) == 64
    assert (await client.get("/api/operation")).status == 200


async def test_login_cookies(gateway: Simulator, connect: Connect) -> None:
    """Test the same token comes as a cookie, which works like the header."""
    client = connect(gateway)
    async with client.session.post(
        f"{gateway.url}{LOGIN}",
        data={"username": "customer", "password": "KLMNP", "clientInfo": "timezone"},
        ssl=Fingerprint(gateway.fingerprint),
    ) as response:
        login = await response.json()
        cookies = response.headers.getall("Set-Cookie")
    record = base64.b64encode(orjson.dumps(login)).decode()
    assert cookies == [
        f"AuthCookie={login['token']}; Path=/",
        f"UserRecord={record}; Path=/",
    ]
    client.headers = {"Cookie": f"AuthCookie={login['token']}"}
    assert (await client.get("/api/operation")).status == 200


async def test_json_labeled_as_a_form(gateway: Simulator, connect: Connect) -> None:
    """Test JSON is read as what it is, as curl sends it in the documentation."""
    answer = await connect(gateway).request(
        "POST",
        LOGIN,
        data=orjson.dumps({"username": "customer", "password": "KLMNP"}),
    )
    assert answer.status == 200


@pytest.mark.parametrize(
    "body",
    [
        b'{"username":"customer","password":"wrong"}',
        b'{"username":"customer"}',
        b'{"username":"kiosk","password":"KLMNP"}',
        b'["customer","KLMNP"]',
        b"",
        b"\xff\xfe",
    ],
)
async def test_login_refused(gateway: Simulator, connect: Connect, body: bytes) -> None:
    """Test anything but a known user with the right password is refused."""
    answer = await connect(gateway).request("POST", LOGIN, data=body)
    assert answer.status == 401
    assert answer.json() == {
        "code": 401,
        "error": "bad credentials",
        "message": "Login Error",
    }
    assert gateway.stats.logins_refused == 1


async def test_installer(gateway: Simulator, connect: Connect) -> None:
    """Test an installer gets in, unless a switch has to be turned first."""
    client = connect(gateway)
    login = await client.log_in("installer")
    assert login.json()["roles"] == ["Provider_Engineer"]
    gateway.device.logins.installer_needs_switch = True
    login = await client.log_in("installer")
    assert login.status == 401
    error = "roles [Provider_Engineer] require physical access"
    assert login.json()["error"] == error
    assert (await client.log_in("customer")).status == 200


async def test_tokens_live_side_by_side(
    gateway: Simulator, connect: Connect, client: Client
) -> None:
    """Test a second login leaves the first alone, and a logout ends one only."""
    other = connect(gateway)
    await other.log_in()
    assert (await other.get("/api/logout")).status == 204
    assert (await other.get("/api/operation")).status == 401
    assert (await other.get("/api/logout")).status == 204
    assert (await client.get("/api/operation")).status == 200


@pytest.mark.parametrize("status", [401, 403])
async def test_expired_tokens(gateway: Simulator, client: Client, status: int) -> None:
    """Test tokens can be forgotten, in the way of either firmware."""
    gateway.expire_tokens(status)
    assert (await client.get("/api/operation")).status == status
    assert (await client.get("/api/status")).status == 200
    await client.log_in()
    assert (await client.get("/api/operation")).status == 200


async def test_change_password(gateway: Simulator, client: Client) -> None:
    """Test another password refuses the old one, and open sessions go on."""
    gateway.change_password("FGHIJ")
    assert (await client.log_in()).status == 401
    assert (await client.get("/api/operation")).status == 200
    assert (await client.log_in(password="FGHIJ")).status == 200


async def test_login_by_get(client: Client) -> None:
    """Test a login is posted."""
    assert (await client.get(LOGIN)).status == 405
