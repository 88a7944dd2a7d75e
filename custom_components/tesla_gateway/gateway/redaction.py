"""What tells who somebody is or where they live, taken out of what a gateway says.

The same secret becomes the same token everywhere, `serial1` or `name2`, inside longer
texts and in names too. So what belongs together still does, and a report can be served
again as if a gateway said it. A DIN keeps its part number.

First everything is learned from, then it is rewritten: a secret that shows itself in
one place is known in all others.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
import ipaddress
import re
from typing import Final
from zoneinfo import available_timezones

import orjson

from .vocabulary import KEYS, PATH_WORDS, SECRET_KEYS, WORDS


def _spelled(key: str) -> str:
    """Return a name without what differs from one firmware to the next."""
    return key.replace("_", "").lower()


_KINDS_OF_KEYS: Final = {_spelled(key): kind for key, kind in SECRET_KEYS.items()}
_GRID_CODE: Final = frozenset({"country", "distributor", "retailer", "utility"})
"""Beside one of these `state` is a place; elsewhere it is how something is doing."""
_PUBLIC: Final = frozenset({"", "*", "Tesla", "Energy"})
"""What stands for nobody; the last two are the name in every login."""
_VALUES: Final = frozenset({"float_value", "int_value", "string_value", "bool_value"})
_NUMBERS: Final[Mapping[str, object]] = {"float_value": 0.0, "int_value": "0"}
"""What stands for a number of vitals, some of which protobuf writes as texts."""
_GENERIC: Final = frozenset(
    {"data", "device", "id", "info", "location", "model", "name", "value"}
)
"""Names that say nothing: what is under them is what the name above them says."""
_UNKNOWN: Final = "text"
"""The kind of what stands under a name that nobody has described."""
_MOST_LENGTHS: Final = 16
"""Lengths of secrets that begin alike, of which each is tried at each such place.

No gateway has as many; a made-up one must not take minutes.
"""
_SHORTEST_PART: Final = 4
"""Characters of a secret that is looked for inside longer texts."""
_LEAST_NUMBER: Final = 1000
"""What a number has to be to be looked for in texts."""
_SHORTEST_NUMBER: Final = 8
"""Characters of letters and digits that are a secret wherever they stand in a word."""
_DEEPEST: Final = 40
"""Levels of what is reported; no real answer has more than ten."""

_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?( ?[+-]\d\d:?\d\d|Z)?( [A-Z]{3,4})?"
    r"|-?(\d{1,9}(\.\d{1,9})?(h|m|s|ms|us|ns)){1,6},?"
)
"""Time stamps and durations, as Go writes them."""
_ALERT: Final = re.compile(r"[A-Z]{2,6}_[awf]\d{3}_\w{1,80}", re.ASCII)
_DIN: Final = re.compile(r"([A-Z0-9][A-Z0-9-]*)--(.+)", re.DOTALL)
_METER: Final = re.compile(r"(.+)(synchrometer[A-Z])")
_PORT: Final = re.compile(r"\[?(.+?)\]?(?::\d{1,5})?")
_PATTERNS: Final = re.compile(
    # Each begins where nothing like it stands before, and has a bound. A colon or a
    # full stop may follow: what is wrong with an address stands behind it.
    r"(?u:(?<![\w.+-])(?P<email>[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}))"
    r"|(?<![\w+/-])(?P<secret>[\w+/-]{86}==)"
    r"|(?<![\w-])(?P<mac>[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5})(?![\w-])"
    r"|(?<![\w.])(?P<ipv6>[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})"
    r"(?:(?<!:)|(?<=::))(?!\w|\.\d)"
    r"|(?<!\d)(?<!\d\.)(?P<ipv4>\d{1,3}(?:\.\d{1,3}){3})(?!\d|\.\d)"
    r"|(?<![A-Z0-9])(?P<serial>[A-Z0-9]{10,})(?![A-Z0-9])",
    re.ASCII,
)
_KINDS: Final = {"ipv4": "address", "ipv6": "address", "mac": "address"}


def _is_address(text: str) -> bool:
    """Return whether it is an address of somebody, not a mask or a time of day."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not address.is_unspecified and not text.startswith("255.")


def _has_both(text: str) -> bool:
    """Return whether there are letters and digits, as in a serial number."""
    return not text.isdigit() and not text.isalpha()


_CHECKS: Final[Mapping[str, Callable[[str], bool]]] = {
    "ipv4": _is_address,
    "ipv6": _is_address,
    "serial": _has_both,
}
"""What of a pattern's finds is one."""


@cache
def _time_zones() -> frozenset[str]:
    """Return the names of time zones, of which a part may be where somebody lives."""
    return frozenset(available_timezones())


def _folded(text: str) -> str:
    """Return a text in small letters, of the same length."""
    if text.isascii():
        return text.lower()
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


class Redactor:
    """Learns secrets from documents, then rewrites documents without them."""

    def __init__(self, names: Collection[str] = ()) -> None:
        """Know nothing yet but the vocabulary, and the names of vitals given here."""
        self._vitals = frozenset(names)
        self._known = KEYS | self._vitals
        self._words = WORDS | self._vitals
        self._tokens: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._lengths: dict[str, list[int]] = {}
        """How long the secrets are that begin with these characters, longest first."""
        self._scrubbed: dict[str, str] = {}

    # Learning

    def learn(self, document: object) -> None:
        """Learn the secrets in a document, of the gateway or of ours."""
        for kind, value in _strings(document):
            if kind:
                self.learn_secret(kind, value)
            for found, text in _finds(value):
                self._learn(_KINDS.get(found, found), text)

    def learn_secret(self, kind: str, value: str) -> None:
        """Learn that a text is a secret, whatever it looks like."""
        value = value.strip()
        if self._is_open(value):
            return
        if kind == "serial" and (din := _DIN.fullmatch(value)):
            self._learn(kind, din[2])
        elif kind == "serial" and (meter := _METER.fullmatch(value)):
            self._learn(kind, meter[1])
        else:
            self._learn(kind, value)
            if kind == "address" and (host := _PORT.fullmatch(value)):
                self._learn(kind, host[1])

    def learn_path(self, path: str) -> None:
        """Learn the serial number in a path, if there is one."""
        for part in path.split("/"):
            if part not in PATH_WORDS:
                self.learn_secret("serial", part)

    def _is_open(self, text: str) -> bool:
        """Return whether a text is nobody's, or a word of the gateway's own."""
        return text in _PUBLIC or text in self._words

    def _learn(self, kind: str, secret: str) -> None:
        """Give a secret its token; a long one is looked for inside texts too."""
        key = _folded(secret)
        if key in self._tokens:
            return
        self._token(kind, secret)
        self._scrubbed.clear()
        if len(key) >= _SHORTEST_PART:
            lengths = self._lengths.setdefault(key[:_SHORTEST_PART], [])
            if len(key) not in lengths and len(lengths) < _MOST_LENGTHS:
                lengths.append(len(key))
                lengths.sort(reverse=True)

    def _token(self, kind: str, secret: str) -> str:
        """Return what stands for a secret."""
        key = _folded(secret)
        if key not in self._tokens:
            self._counts[kind] += 1
            self._tokens[key] = f"{kind}{self._counts[kind]}"
        return self._tokens[key]

    # Rewriting

    def is_known(self, key: str) -> bool:
        """Return whether some documentation or recording has a name, or it is a secret.

        What an answer lists by serial number has names that nobody could know.
        """
        return (
            key in self._known
            or _ALERT.fullmatch(key) is not None
            or self.text(key) != key
        )

    def redacted(self, document: object) -> object:
        """Return a document of the gateway without secrets.

        Of what nobody has described only the type is left: unknown texts become
        tokens, and numbers 0.
        """
        return self._rewritten(document, strict=True)

    def scrubbed(self, document: object) -> object:
        """Return a document without secrets, and else as it is."""
        return self._rewritten(document, strict=False)

    def path(self, path: str) -> str:
        """Return a path without secrets: what is no word in it is a serial number."""
        parts = path.split("/")
        return "/".join(
            part if part in PATH_WORDS else self._secret("serial", part)
            for part in parts
        )

    def text(self, text: str) -> str:
        """Return a text without the secrets in it."""
        if text not in self._scrubbed:
            self._scrubbed[text] = self._scrub(text)
        return self._scrubbed[text]

    def _scrub(self, text: str) -> str:
        """Replace first what is known as a secret, then what looks like one.

        So a secret of which a part looks like another is found as a whole.
        """
        whole = self._tokens.get(_folded(text))
        if whole and text not in self._words:
            return whole
        if _TIME.fullmatch(text) or text in _time_zones():
            return text
        is_word = text in self._words or _ALERT.fullmatch(text) is not None
        folded, pieces, start, index = _folded(text), [], 0, 0
        while index < len(text):
            end = self._end_of_secret(folded, index, is_word=is_word)
            if end is None:
                index += 1
            else:
                pieces.append(self._without_looks(text, start, index))
                pieces.append(self._tokens[folded[index:end]])
                start = index = end
        return "".join([*pieces, self._without_looks(text, start, len(text))])

    def _without_looks(self, text: str, start: int, stop: int) -> str:
        """Return a part of a text without what looks like a secret."""
        pieces = []
        for match in _PATTERNS.finditer(text, start, stop):
            kind = match.lastgroup or ""
            if _CHECKS.get(kind, bool)(match[0]):
                pieces.append(text[start : match.start()])
                pieces.append(self._token(_KINDS.get(kind, kind), match[0]))
                start = match.end()
        return "".join([*pieces, text[start:stop]])

    def _end_of_secret(self, folded: str, start: int, *, is_word: bool) -> int | None:
        """Return where the longest secret ends that begins at a place, if one does."""
        for length in self._lengths.get(folded[start : start + _SHORTEST_PART], ()):
            end = start + length
            if (
                end <= len(folded)
                and folded[start:end] in self._tokens
                and _stands_alone(folded, start, end, is_word=is_word)
            ):
                return end
        return None

    def _rewritten(
        self, value: object, *, strict: bool, kind: str = "", depth: int = 0
    ) -> object:
        """Return a value without secrets; `kind` is that of the key it stands under."""
        inner = depth + 1
        match value:
            case dict() if depth < _DEEPEST:
                return self._object(value, strict=strict, kind=kind, depth=inner)
            case list() | tuple() if depth < _DEEPEST:
                return [
                    self._rewritten(each, strict=strict, kind=kind, depth=inner)
                    for each in value
                ]
            case str():
                return self._secret(kind, value) if kind else self.text(value)
            case bool() | None:
                return value
            case int() | float():
                return type(value)() if kind else value
        return None

    def _object(
        self, document: Mapping[str, object], *, strict: bool, kind: str, depth: int
    ) -> dict[str, object]:
        """Return an object without secrets, in its names neither."""
        rewritten: dict[str, object] = {}
        repeats: Counter[str] = Counter()
        vital = document.get("name")
        is_vague = not (isinstance(vital, str) and vital in self._vitals)
        is_vague &= strict and not _VALUES.isdisjoint(document)
        for key, value in document.items():
            inner = _kind(key, document, kind)
            is_open = self._describes(key) and not (is_vague and key in _VALUES)
            if strict and not inner and not is_open:
                inner = _UNKNOWN
            name = key if key in self._known else self.text(key)
            first = name
            while name in rewritten:
                repeats[first] += 1
                name = f"{first}_{repeats[first]}"
            if is_vague and key in _NUMBERS:
                rewritten[name] = _NUMBERS[key]
            elif key == "decoded_alert" and isinstance(value, str):
                rewritten[name] = self._alert(value)
            else:
                rewritten[name] = self._rewritten(
                    value, strict=strict, kind=inner, depth=depth
                )
        return rewritten

    def _describes(self, key: str) -> bool:
        """Return whether a name says what is under it."""
        return key in self._known or _ALERT.fullmatch(key) is not None

    def unknown_text(self, text: str) -> str:
        """Return a token for any text; one that is a secret as a whole has its own."""
        if not text:
            return text
        token = self._tokens.get(_folded(text))
        return token or self._texts.setdefault(text, f"text{len(self._texts) + 1}")

    def _secret(self, kind: str, text: str) -> str:
        """Return what stands for a secret, or for what nobody has described.

        A DIN keeps its part number.
        """
        if kind == _UNKNOWN:
            return self.unknown_text(text)
        value = text.strip()
        # A password may be any word, but opens something.
        if not value or (kind != "secret" and self._is_open(value)):
            return text
        if kind != "serial":
            return self._token(kind, value)
        if din := _DIN.fullmatch(value):
            return f"{self.text(din[1])}--{self._token(kind, din[2])}"
        if meter := _METER.fullmatch(value):
            return f"{self._token('serial', meter[1])}{meter[2]}"
        return self._token(kind, value)

    def _alert(self, text: str) -> str:
        """Return JSON in a text without the secrets in it."""
        try:
            document = orjson.loads(text)
        except orjson.JSONDecodeError:
            return self.text(text)
        return orjson.dumps(self.scrubbed(document)).decode()


def _kind(key: str, beside: Mapping[str, object], above: str) -> str:
    """Return what kind of secret a key has, `above` that of what it stands in.

    None where it is empty.
    """
    if key in _GENERIC:
        return above
    spelled = _spelled(key)
    if spelled == "state" and _GRID_CODE.isdisjoint(beside):
        return ""
    return _KINDS_OF_KEYS.get(spelled, "")


def _stands_alone(text: str, start: int, end: int, *, is_word: bool) -> bool:
    """Return whether what is found in a text is the secret, not part of a word.

    A serial number is one wherever it stands; anything else could be a syllable.
    """
    found = text[start:end]
    if len(found) >= _SHORTEST_NUMBER and found.isalnum() and _has_both(found):
        return True
    if is_word:
        return False
    before, after = text[start - 1 : start], text[end : end + 1]
    return not before.isalnum() and not after.isalnum()


def _strings(
    value: object, kind: str = "", depth: int = 0
) -> Iterator[tuple[str, str]]:
    """Yield every text in a document, names too, with the kind of its key."""
    match value:
        case dict() if depth < _DEEPEST:
            for key, inner in value.items():
                yield "", key
                yield from _strings(inner, _kind(key, value, kind), depth + 1)
        case list() | tuple() if depth < _DEEPEST:
            for each in value:
                yield from _strings(each, kind, depth + 1)
        case str():
            yield kind, value
        case int() if kind and abs(value) >= _LEAST_NUMBER:
            yield kind, str(value)


def _finds(text: str) -> Iterator[tuple[str, str]]:
    """Yield what in a text looks like a secret, and which kind."""
    if _TIME.fullmatch(text):
        return
    for match in _PATTERNS.finditer(text):
        kind = match.lastgroup or ""
        if _CHECKS.get(kind, bool)(match[0]):
            yield kind, match[0]
