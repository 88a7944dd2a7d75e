"""What a gateway has refused, and when it is asked again."""

import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayAbsentError,
    GatewayForbiddenError,
    GatewayRejectedError,
)
from custom_components.tesla_gateway.gateway.endpoints import EndpointMemory

from .conftest import Clock

PATH = "/api/operation"


@pytest.fixture
def memory(clock: Clock) -> EndpointMemory:
    """Return a memory of nothing."""
    return EndpointMemory(clock)


def _is_asked(memory: EndpointMemory, path: str = PATH) -> bool:
    """Return whether an endpoint is worth asking now."""
    try:
        memory.check(path)
    except GatewayRejectedError:
        return False
    return True


def _absent(memory: EndpointMemory) -> GatewayRejectedError:
    return memory.refused(PATH, GatewayAbsentError, 404, lasting=False)


def _forbidden(memory: EndpointMemory, *, lasting: bool) -> GatewayRejectedError:
    return memory.refused(PATH, GatewayForbiddenError, 403, lasting=lasting)


def _gap(memory: EndpointMemory, clock: Clock) -> float:
    """Return the seconds until an endpoint is asked again, and let them pass."""
    start = clock.now
    while not _is_asked(memory) and clock.now < start + 86400:
        clock.now += 1
    return clock.now - start


def test_never_answered_is_asked_hourly(memory: EndpointMemory, clock: Clock) -> None:
    """Test an endpoint this firmware does not have, or not yet as it starts."""
    assert _is_asked(memory)
    for gap in (30, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600):
        _absent(memory)
        assert _gap(memory, clock) == gap


def test_answered_before_is_asked_soon(memory: EndpointMemory, clock: Clock) -> None:
    """Test each poll of the first hour asks, and a new hour begins with an answer."""
    for _ in range(2):
        memory.answered(PATH)
        for _ in range(360):
            _absent(memory)
            assert _gap(memory, clock) == 0
            clock.now += 10
        for _ in range(2):
            _absent(memory)
            assert _gap(memory, clock) == 3600


@pytest.mark.parametrize("answered", [True, False])
def test_forbidden_for_good_is_asked_hourly(
    memory: EndpointMemory, clock: Clock, *, answered: bool
) -> None:
    """Test an endpoint that is not for this login, from one day to the next or ever."""
    if answered:
        memory.answered(PATH)
    _forbidden(memory, lasting=True)
    assert _gap(memory, clock) == 3600


def test_forbidden_like_all_is_asked_soon(memory: EndpointMemory, clock: Clock) -> None:
    """Test a refusal that is not about the endpoint costs it no hour."""
    memory.answered(PATH)
    _forbidden(memory, lasting=False)
    assert _gap(memory, clock) == 0


def test_repeats_the_refusal(memory: EndpointMemory) -> None:
    """Test what is remembered is told in the same words as what was found out."""
    found = _forbidden(memory, lasting=True)
    with pytest.raises(GatewayForbiddenError) as raised:
        memory.check(PATH)
    assert (str(raised.value), raised.value.path, raised.value.status) == (
        str(found),
        PATH,
        403,
    )


@pytest.mark.parametrize(
    ("asked_for", "pause"), [(0, 0), (45, 45), (86400 * 365, 3600)]
)
def test_busy_waits_as_asked(
    memory: EndpointMemory, clock: Clock, asked_for: float, pause: float
) -> None:
    """Test a pause the gateway asks for is kept, but an hour at the most."""
    error = memory.busy(PATH, asked_for)
    assert (type(error), error.status) == (GatewayRejectedError, 503)
    assert _gap(memory, clock) == pause


def test_away_after_busy_is_asked_soon(memory: EndpointMemory, clock: Clock) -> None:
    """Test what goes away after a pause that it asked for is asked with each poll."""
    memory.answered(PATH)
    memory.busy(PATH, 60)
    clock.now += 60
    _absent(memory)
    assert _gap(memory, clock) == 0


def test_others_are_not_concerned(memory: EndpointMemory) -> None:
    """Test a refusal concerns its endpoint only."""
    _absent(memory)
    memory.busy("/api/sitemaster", 60)
    assert _is_asked(memory, "/api/status")


def test_forgets(memory: EndpointMemory, clock: Clock) -> None:
    """Test everything is asked anew, and what has answered is still known."""
    memory.answered(PATH)
    _forbidden(memory, lasting=True)
    memory.forget()
    assert _is_asked(memory)
    _absent(memory)
    assert _gap(memory, clock) == 0


def test_tells_outcomes(memory: EndpointMemory) -> None:
    """Test the last outcome of every endpoint, for diagnostics."""
    for path in ("/b", "/a", PATH):
        memory.answered(path)
    _absent(memory)
    memory.refused("/c", GatewayForbiddenError, 403, lasting=True)
    memory.busy("/d", 1)
    assert memory.outcomes == {
        "/a": "answered",
        "/b": "answered",
        PATH: "404",
        "/c": "403",
        "/d": "503",
    }
    memory.answered("/d")
    assert memory.outcomes["/d"] == "answered"
