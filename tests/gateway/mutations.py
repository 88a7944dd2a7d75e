"""What can be wrong with an answer: JSON and vitals, spoiled by chance.

All chance comes from the `Random` that is handed in, so that Hypothesis can make small
what it finds, and `scripts/fuzz` can spoil in the same ways what is new to it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from itertools import islice
import json
from random import Random
from typing import Any, Final

from google.protobuf.message import DecodeError, Message

from custom_components.tesla_gateway.gateway.proto import vitals_pb2


class Raw(str):
    """A piece of JSON as it is written, whatever it is."""

    __slots__ = ()


NUMBERS: Final = (
    *("0", "1", "-1", "-0", "-0.0", "0.1", "99", "101", "4095.5", "1e308", "-1e308"),
    *("1.7976931348623157e308", "1e309", "-1e400", "1e9999999", "5e-324", "1e-400"),
    *("2147483648", "4294967296", "9007199254740993", "9223372036854775807"),
    *("9223372036854775808", "-9223372036854775808", "-9223372036854775809"),
    *("18446744073709551615", "18446744073709551616", "9" * 400, "253402300800000"),
    *("NaN", "Infinity", "-Infinity", "nan", "01", "1.", ".5", "+1", "0x10", "1_0"),
)
TEXTS: Final = (
    *("", " ", "\0", "\n", "é", "İ", "ß", "ﬁ", "😀", "٣", "\u200b", "\u202e", "\ufeff"),
    *("nan", "inf", "-1e999", "true", "Yes", "None", "_", "a__b", "A" * 300, "_" * 300),
    *("a" + "_" * 60 + "!", "a1" * 200, "--", "a--b", "TETHC--1--2", "9h", "1s" * 200),
    *("99999999h", "999999999d" * 2, "1.5µs", "0001-01-01T00:00:00Z", "2021-06-09"),
    *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2021-06-09T24:00:00Z"),
    *('[{"name":"x","value":1e400}]', '{"token":"a b"}', "a@example.com", "192.0.2.1"),
)
VALUES: Final = (
    *("null", "true", "false", "[]", "{}", "[[]]", "[{}]", "[null]", '{"":null}'),
    *('"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '"\\x"', "undefined", "", "]", ":"),
    *("[" * 2000, "[" * 600 + "]" * 600, '{"a":' * 600 + "1" + "}" * 600),
)
DOUBLES: Final = (
    *(float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 5e-324, -0.0),
    *(0.0, 1.0, 0.5, -1.0, -256.0, -180.5, 33.1, 2.0**53, 2.0**63, 2.0**64),
)
INTEGERS: Final = (0, 1, -1, 5, 2**31 - 1, -(2**31), 2**32 - 1, 2**63 - 1, -(2**63))

type Place = tuple[Any, Any]
"""A list or an object, and where in it."""


# JSON


def spoiled_json(body: bytes, random: Random) -> bytes:
    """Return an answer in JSON of which a few things are not as they were."""
    root = {"": json.loads(body)}
    for _ in range(random.randint(1, 4)):
        places = [*islice(_places(root), 2000)]
        if not places:
            break
        container, key = random.choice(places)
        random.choice(WAYS)(container, key, random)
    text = written(root.get("", Raw()))
    return damaged(text.encode(errors="surrogatepass"), random)


def written(value: Any) -> str:
    """Return a value as JSON, or as what stands in the place of it."""
    match value:
        case Raw():
            return str(value)
        case dict():
            pairs = (
                f"{json.dumps(key)}:{written(each)}" for key, each in value.items()
            )
            return "{" + ",".join(pairs) + "}"
        case list():
            return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _places(value: Any) -> Iterator[Place]:
    """Yield every place in a value, at any depth."""
    match value:
        case dict():
            inside: Iterator[Place] = iter(value.items())
        case list():
            inside = iter(enumerate(value))
        case _:
            return
    for key, each in inside:
        yield value, key
        yield from _places(each)


def _drop(container: Any, key: Any, _random: Random) -> None:
    """Take something away."""
    del container[key]


def _value(container: Any, key: Any, random: Random) -> None:
    """Put something else in its place: nothing, or what has another type."""
    container[key] = Raw(random.choice(VALUES))


def _number(container: Any, key: Any, random: Random) -> None:
    """Put a strange number in its place."""
    container[key] = Raw(random.choice(NUMBERS))


def _text(container: Any, key: Any, random: Random) -> None:
    """Put a strange text in its place."""
    container[key] = random.choice(TEXTS)


def _nest(container: Any, key: Any, random: Random) -> None:
    """Put it one level deeper, or many."""
    for _ in range(random.choice((1, 1, 2, 60))):
        value = container[key]
        container[key] = random.choice(([value], {"value": value}, {str(key): value}))


def _grow(container: Any, key: Any, random: Random) -> None:
    """Make more of it."""
    times = random.choice((2, 3, 40))
    match container[key]:
        case list() as some:
            container[key] = [*some, *some] if times == 2 else some[:1] * times
        case dict() as some:
            container[key] = some | {f"new_{n}": n for n in range(times)}
        case Raw() | None | bool() | int() | float():
            container[key] = [container[key]] * times
        case text:
            container[key] = text * times


def _twice(container: Any, key: Any, random: Random) -> None:
    """Let the same name stand there twice; in a list, the same element."""
    other = random.choice((*VALUES[:9], *NUMBERS[:9]))
    pair = other if isinstance(container, list) else f"{json.dumps(key)}:{other}"
    container[key] = Raw(f"{written(container[key])},{pair}")


def _rename(container: Any, key: Any, random: Random) -> None:
    """Give it another name; in a list, put it at the end."""
    value = container[key]
    del container[key]
    if isinstance(container, list):
        container.append(value)
    else:
        name = random.choice((str(key).upper(), f"{key} ", *TEXTS))
        container[name] = value


def _swap(container: Any, key: Any, random: Random) -> None:
    """Put something in its place that stands elsewhere."""
    others = [where[which] for where, which in _places({"": container})]
    container[key] = deepcopy(random.choice(others))


def _inside(container: Any, key: Any, random: Random) -> None:
    """Spoil the JSON in a text; anything else is made such a text."""
    value = container[key]
    text = value if isinstance(value, str) and value[:1] in "[{" else written(value)
    with suppress(ValueError, RecursionError):
        inner = spoiled_json(text.encode(errors="replace"), random)
        container[key] = inner.decode(errors="replace")


WAYS: Final[Sequence[Callable[[Any, Any, Random], None]]] = (
    *(_drop, _value, _number, _text, _nest, _grow, _twice, _rename, _swap, _inside),
)


# Vitals


def spoiled_vitals(body: bytes, random: Random) -> bytes:
    """Return vitals of which a few things are not as they were."""
    message = vitals_pb2.DevicesWithVitals.FromString(body)
    texts = (*TEXTS, *{text for each in _messages(message) for text in _texts(each)})
    for _ in range(random.randint(1, 4)):
        part = random.choice([*_messages(message)])
        random.choice(WIRE_WAYS)(part, sorted(texts), random)
    return damaged(message.SerializeToString(), random)


def _messages(message: Message) -> Iterator[Message]:
    """Yield a message and all in it."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for each in value if field.is_repeated else (value,):
                yield from _messages(each)


def _texts(message: Message) -> Iterator[str]:
    """Yield the texts that stand in a message itself."""
    for _, value in message.ListFields():
        if isinstance(value, str):
            yield value


def _clear(message: Message, _texts: Sequence[str], random: Random) -> None:
    """Take away what stands in a message, some or all of it."""
    names = [field.name for field, _ in message.ListFields()]
    for name in random.choice((names, names[:1], names[-1:])):
        message.ClearField(name)


def _set(message: Message, texts: Sequence[str], random: Random) -> None:
    """Set some field of a message to something strange."""
    there = [field for field, _ in message.ListFields()]
    of_kind = message.DESCRIPTOR.fields
    field: Any = random.choice(random.choice((there or of_kind, of_kind)))
    value: Any = getattr(message, field.name)
    if field.is_repeated:
        with suppress(TypeError, ValueError):
            value.extend([random.choice((*value, *texts[:9], *INTEGERS))])
    elif field.message_type is not None:
        value.SetInParent()
    else:
        strange: Mapping[type, Sequence[Any]]
        strange = {float: DOUBLES, str: texts, bool: (True, False), int: INTEGERS}
        with suppress(ValueError):  # a number too large for the field
            setattr(message, field.name, random.choice(strange[type(value)]))


def _more(message: Message, _texts: Sequence[str], random: Random) -> None:
    """Repeat what can be repeated."""
    for field, value in message.ListFields():
        if field.is_repeated:
            value.extend([*value][:9] * random.choice((1, 3, 30)))


def _foreign(message: Message, _texts: Sequence[str], random: Random) -> None:
    """Add what does not belong there: of another type on the wire, or unknown."""
    with suppress(DecodeError):
        message.MergeFromString(_fragment(random))


WIRE_WAYS: Final[Sequence[Callable[[Message, Sequence[str], Random], None]]] = (
    *(_clear, _set, _set, _more, _foreign),
)
PAYLOADS: Final = (
    *(b"", b"\0", b"\1", b"\x7f", b"\xff" * 9 + b"\1", b"\xff" * 11, b"\x80" * 9),
    *(
        b"\0" * 4,
        b"\0" * 8,
        b"\xff" * 8,
        b"\0\0\0\0\0\0\xf8\x7f",
        b"\1a",
        b"\2\xff\xfe",
    ),
    *(b"\5abc", b"\xff\xff\xff\xff\x07", b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
    *(b"\2\x0a\0", b"\4\x0a\2\x0a\0", b"\4\x1a\2\xff\xfe"),
)


def _fragment(random: Random) -> bytes:
    """Return a field of protobuf: any number, any type, anything in it."""
    tag = random.choice((*range(1, 16), 500)) << 3 | random.randrange(8)
    tags = bytes((tag,)) if tag < 128 else bytes((tag & 127 | 128, tag >> 7))
    return tags + random.choice(PAYLOADS)


# Bytes


def damaged(body: bytes, random: Random) -> bytes:
    """Return bytes, now and then with damage from the way."""
    place = random.randint(0, len(body))
    before, after = body[:place], body[place:]
    match random.randrange(12):
        case 0:
            body = before
        case 1:
            body = after
        case 2:
            piece = random.choice((b"\xff", b"\0", b'"', b"\\", *PAYLOADS))
            body = before + piece + after
        case 3:
            body = before + _fragment(random) + after
        case 4 if after:
            body = before + bytes((after[0] ^ 1 << random.randrange(8),)) + after[1:]
        case 5:
            body = random.choice((b"\xef\xbb\xbf", b" ", b"\0")) + body
        case 6:
            body += after
    return body
