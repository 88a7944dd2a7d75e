"""Tests of the command line."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
import signal
import socket
import sys
from typing import Any

from aiohttp import ClientSession
import pytest

from simulator.__main__ import main

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def _running(*arguments: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run the simulator as a program."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator",
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_serve_until_interrupted(
    socket_enabled: None, number: signal.Signals
) -> None:
    """Test it says where it listens, and leaves cleanly when told."""
    async with _running("--batteries", "2", "--latency-ms", "1") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = (await process.stdout.readline()).decode()
        address, _, port = line.strip().rpartition(":")
        assert address == "listening on https://127.0.0.1"
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        process.send_signal(number)
        assert await process.wait() == 0
        assert await process.stderr.read() == b""
        assert await reader.read() == b""
        writer.close()


async def test_options_reach_the_gateway(socket_enabled: None) -> None:
    """Test who may write, and from where a password is changed, as the options say."""
    options = ("--own-wifi", "--writes", "installer")
    async with _running(*options) as process, ClientSession() as session:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().split()[-1]

        async def post(path: str, document: Any, **headers: str) -> Any:
            async with session.post(
                f"{url}{path}", json=document, headers=headers, ssl=False
            ) as response:
                return response.status, await response.json()

        passwords = {"old_password": "KLMNP", "new_password": "FGHIJ"}
        assert await post("/api/password/change", passwords) == (
            200,
            {"password": "FGHIJ"},
        )
        credentials = {"username": "customer", "password": "FGHIJ"}
        _, login = await post("/api/login/Basic", credentials)
        bearer = f"Bearer {login['token']}"
        settings = {"mode": "backup", "backup_reserve_percent": 50}
        status, _ = await post("/api/operation", settings, Authorization=bearer)
        assert status == 403


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--profile", "99.99"], "argument --profile: invalid choice: '99.99'"),
        (["--scenario", "doom"], "argument --scenario: invalid choice: 'doom'"),
        (["--writes", "kiosk"], "argument --writes: invalid choice: 'kiosk'"),
        (["--port", "65536"], "argument --port: 65536 is not from 0 to 65535"),
        (["--port", "http"], "argument --port: http is not from 0 to 65535"),
        (["--batteries", "0"], "argument --batteries: 0 is not from 1 to 100"),
        (["--latency-ms", "-1"], "argument --latency-ms"),
        (["--replay", "nowhere"], "nowhere is not a folder of recorded answers"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
    ],
)
def test_bad_arguments(
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    """Test nonsense is told in one line."""
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert leaving.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("python -m simulator: ")
    assert printed.err.count("\n") == 1
    assert message in printed.err


def test_port_in_use(capsys: pytest.CaptureFixture[str], socket_enabled: None) -> None:
    """Test a port somebody else has is told."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SystemExit) as leaving:
            main(["--port", str(port)])
    assert leaving.value.code == 2
    assert "in use" in capsys.readouterr().err


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Test all profiles and scenarios are explained."""
    with pytest.raises(SystemExit) as leaving:
        main(["--help"])
    assert leaving.value.code == 0
    printed = capsys.readouterr().out
    assert "pw3           Powerwall 3: three endpoints and the DIN" in printed
    assert "outage        An evening without grid" in printed
