"""Whatever a gateway answers is read, or is one error; nothing impossible comes out.

`pytest --hypothesis-profile=nightly` tries more, by chance. What takes how long is in
`test_parse_time`, and `scripts/fuzz` looks for what nobody has thought of.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields as fields_of, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
import math
from random import Random
from typing import Any, Final

from hypothesis import HealthCheck, given, note, settings, strategies as st
import orjson
import pytest

from custom_components.tesla_gateway.gateway import (
    GatewayResponseError,
    fields,
    gateway_report,
    learned_redactor,
    vitals,
)
from custom_components.tesla_gateway.gateway.journal import Journal
from custom_components.tesla_gateway.gateway.proto import vitals_pb2
from custom_components.tesla_gateway.gateway.transport import Answer
from simulator.profiles import TEDAPI_DIN, VITALS
from simulator.wire import encode_vitals

from .mutations import (
    DOUBLES,
    INTEGERS,
    NUMBERS,
    TEXTS,
    VALUES,
    damaged,
    spoiled_json,
    spoiled_vitals,
    written,
)
from .parsers import BY_PATH, OF_VITALS, PARSERS, good_answers
from .vital_names import NAMED
from .vitals_site import IDS, SITE

NIGHTLY: Final = settings.get_current_profile_name() == "nightly"
FUZZ: Final = settings(
    max_examples=20_000 if NIGHTLY else 50,
    derandomize=not NIGHTLY,
    deadline=None,
    suppress_health_check=[*HealthCheck],
)
pytestmark = [
    pytest.mark.timeout(3600 if NIGHTLY else 60),
    pytest.mark.filterwarnings("ignore:It looks like `register_random`"),
]

RANDOM: Final = st.randoms(use_true_random=False)


def answer_to(name: str, random: Random) -> bytes:
    """Return what a parser may be given: a good answer, spoiled."""
    spoil = spoiled_vitals if name in OF_VITALS else spoiled_json
    if name == TEDAPI_DIN:
        spoil = damaged
    body = spoil(random.choice(good_answers(name)), random)
    note(repr(body))
    return body


def check(value: Any) -> None:
    """Check that no number in a model, however deep, is one that nobody could show."""
    for number in numbers(value):
        assert math.isfinite(number)
        # What JSON by orjson holds, and with it all that Home Assistant sends.
        assert isinstance(number, float) or -(2**63) <= number < 2**64


def numbers(model: Any) -> Iterator[float]:
    """Yield the numbers in a model, also those that it works out when asked."""
    found = [model]
    while found:
        match found.pop():
            case int() | float() as number:
                yield number
            case Mapping() as mapping:
                found += [*mapping.keys(), *mapping.values()]
            case tuple() | list() | set() as some:
                found += some
            case value if is_dataclass(value):
                names = [field.name for field in fields_of(value)]
                found += [
                    getattr(value, name) for name in (*names, *properties(type(value)))
                ]
            case value:
                assert isinstance(value, str | Enum | datetime | timedelta | None)


def properties(model: type) -> list[str]:
    """Return the names of what a model works out."""
    return [
        name
        for each in model.__mro__
        for name, member in vars(each).items()
        if isinstance(member, property)
    ]


@pytest.mark.parametrize("name", PARSERS)
@given(random=RANDOM)
@FUZZ
def test_anything_is_read_or_one_error(name: str, random: Random) -> None:
    """Test each parser with answers in which something is wrong."""
    body = answer_to(name, random)
    with suppress(GatewayResponseError):
        check(PARSERS[name](body))


@pytest.mark.parametrize("path", [*BY_PATH, VITALS, TEDAPI_DIN])
@given(random=RANDOM)
@settings(FUZZ, max_examples=2_000 if NIGHTLY else 50)
def test_anything_can_be_reported(path: str, random: Random) -> None:
    """Test diagnostics of such an answer, whatever its status, can be downloaded."""
    body = answer_to("vitals" if path == VITALS else path, random)
    journal = Journal()
    for status in (random.choice((200, 500)), 200):
        journal.answered(path, status, body, seconds=1, kept=True)
    report = gateway_report(learned_redactor({}, journal.endpoints), journal.endpoints)
    check(report)
    orjson.dumps(report)


def test_deep_unknowns_can_be_reported() -> None:
    """Test what nobody has described is cut off where orjson could not write it."""
    journal = Journal()
    body = b'{"new_key":' + b"[" * 600 + b"]" * 600 + b"}"
    journal.answered("/api/status", 200, body, seconds=1, kept=True)
    report = gateway_report(learned_redactor({}, journal.endpoints), journal.endpoints)
    assert 10 < orjson.dumps(report["endpoints"]).count(b"[") < 50


@pytest.mark.parametrize(
    ("written_number", "read"),
    [
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775808", None),
        ("9.3e18", None),
        ("-1e300", None),
        ("1e18", 10**18),
        ("1.5", None),
    ],
)
def test_whole_numbers_fit(written_number: str, read: int | None) -> None:
    """Test a whole number is one that 64 bits hold."""
    body = b'{"available_blocks": %s}' % written_number.encode()
    assert BY_PATH["/api/system_status"](body).available_batteries == read


READERS: Final[Mapping[str, Callable[[fields.Object, str], Any]]] = {
    reader.__name__: reader
    for reader in (
        *(fields.epoch, fields.duration, fields.flag, fields.flags, fields.inner),
        *(fields.lifetime, fields.moment, fields.number, fields.objects, fields.text),
        *(fields.texts, fields.units, fields.whole, fields.words),
    )
}


@pytest.mark.parametrize("name", READERS)
def test_any_value_of_a_field(name: str) -> None:
    """Test each reader of fields with all that is strange, also in lists."""
    read = READERS[name]
    for value in (*NUMBERS, *VALUES, *map(written, TEXTS)):
        with suppress(GatewayResponseError):
            body = f'{{"a":{value},"b":[{value}],"c":{{"c":{value}}}}}'
            answer = fields.json_object("/api/some/thing", body.encode())
            for key in answer:
                check(read(answer, key))


@pytest.mark.parametrize("kind", SITE)
def test_any_value_of_a_vital(kind: str) -> None:
    """Test each vital with all that is strange, whatever its type on the wire."""
    site = vitals_pb2.DevicesWithVitals.FromString(encode_vitals(SITE.values()))
    dins = [each.device.device.din.value for each in site.devices]
    device = site.devices[[din.partition("--")[0] for din in dins].index(kind)]
    names = [each.wire for each in NAMED if each.kind == kind]
    for field, values in VITAL_VALUES.items():
        for value in values:
            del device.vitals[:]
            for name in names:
                device.vitals.append(
                    vitals_pb2.DeviceVital(name=name, **{field: value})
                )
            component = vitals.components(site.SerializeToString())[IDS[kind]]
            check(component)
            # A number that is shown as a text has no more digits than 64 bits.
            texts = [text for text in component.readings.values() if str is type(text)]
            assert field == "string_value" or all(len(text) <= 20 for text in texts)


VITAL_VALUES: Final[Mapping[str, Sequence[Any]]] = {
    "bool_value": (True, False),
    "float_value": DOUBLES,
    "int_value": INTEGERS,
    "string_value": TEXTS,
}
DATES: Final = st.lists(
    st.sampled_from(
        (
            *("Mon,", "01", "31", "99", "Jan", "Dec", "1", "0001", "2026", "9999"),
            *("00:00:00", "23:59:59", "99:99", "GMT", "+2359", "-2359", "+9999999999"),
            *("-", "(", '"', "\\", ":", "²", "٣", "é", *NUMBERS[:40:3]),
        )
    ),
    max_size=8,
)


@given(words=DATES, space=st.sampled_from((" ", "")))
@FUZZ
def test_any_wait_that_is_asked_for(words: list[str], space: str) -> None:
    """Test the header that says for how long nothing shall be sent."""
    wait = Answer(429, {"Retry-After": space.join(words)}, b"").retry_after
    check(wait)
    assert wait is None or wait >= 0
