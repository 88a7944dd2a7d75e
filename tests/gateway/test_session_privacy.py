"""Nothing secret gets about, whatever goes wrong."""

from collections.abc import Mapping
import logging
import traceback
from typing import Any

import pytest

from custom_components.tesla_gateway.gateway import (
    Credentials,
    GatewayClient,
    GatewayError,
    GatewayRecord,
)
from simulator.faults import Ending
from simulator.server import Simulator

from .conftest import EMAIL, PASSWORD, Connect

SOE = "/api/system_status/soe"

FAULTS: tuple[Mapping[str, Any], ...] = (
    {"status": 401, "body": "secret"},
    {"status": 403, "body": "secret"},
    {"status": 429, "body": "secret"},
    {"status": 500, "body": "secret"},
    {"status": 302, "headers": {"Location": "https://example.com/secret"}},
    {"body": "secret"},
    {"body": "secret", "ending": Ending.CUT},
    {"body": "secret", "ending": Ending.ENDLESS},
    {"body": "secret", "headers": {"Content-Encoding": "gzip"}},
    {"ending": Ending.HANG},
)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("path", ["*", SOE])
async def test_tells_nobody(
    connect: Connect,
    gateway: Simulator,
    caplog: pytest.LogCaptureFixture,
    fault: Mapping[str, Any],
    path: str,
) -> None:
    """Test nothing secret is in a log or in an error, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    seconds = 0.5 if fault.get("ending") == Ending.HANG else 10
    session = connect(timeout=seconds, record=GatewayRecord())
    if path == SOE:
        await session.get("/api/status")
    token = session.record.token or PASSWORD
    gateway.faults.add(path, **fault)
    said = [caplog.text, repr(session)]
    with pytest.raises(GatewayError) as raised:
        await GatewayClient(session).charge()
    said += [repr(raised.value), *traceback.format_exception(raised.value)]
    said.append(caplog.text)
    serial = gateway.device.profile.serial
    for secret in (PASSWORD, EMAIL, "secret", token, serial):
        assert [text for text in said if secret in text] == []
    # Of others' errors some hold the whole answer, as long as ours is kept.
    error: BaseException | None = raised.value
    while error := error and (error.__cause__ or error.__context__):
        assert isinstance(error, GatewayError)


def test_credentials_keep_to_themselves() -> None:
    """Test a password does not show where somebody prints what holds it."""
    credentials = Credentials(password=PASSWORD, email=EMAIL)
    assert PASSWORD not in repr(credentials)
    assert EMAIL not in repr(credentials)
