"""A report of trouble: what a gateway has said, without what tells whose it is.

Pure, and some work: for an executor. What it gives can be served again as a gateway.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import orjson

from . import parse, vitals
from .errors import GatewayResponseError
from .journal import Answered, EndpointJournal
from .models import MeterKind, OperationMode
from .parse_installation import DEVICE_TYPES, INTERFACES, UPDATE_STATES
from .redaction import Redactor
from .vital_names import NAMES

VITALS: Final = "/api/devices/vitals"
DIN: Final = "/tedapi/din"
METERS: Final = "/api/meters/aggregates"

_ENUMERATIONS: Final[Iterable[tuple[str, str, Iterable[str]]]] = (
    ("/api/system_status/grid_status", "grid_status", parse.GRID_STATUSES),
    ("/api/system_status", "system_island_state", parse.GRID_STATUSES),
    ("/api/operation", "real_mode", OperationMode),
    ("/api/status", "device_type", (*DEVICE_TYPES, "smc")),
    ("/api/networks", "interface", INTERFACES),
    ("/api/system/update/status", "state", (*UPDATE_STATES, "/update_unknown")),
)
"""Path, key, and the values that somebody has described."""
_METER_KINDS: Final = {*MeterKind, "frequency"}
"""Firmware that lists a meter `frequency` has it full of zeros."""

type Endpoints = Mapping[str, EndpointJournal]


def learned_redactor(settings: object, endpoints: Endpoints) -> Redactor:
    """Return a redactor that has seen our settings, and all that the gateway said."""
    names = {name for kind in NAMES.values() for name in kind}
    knowing = Redactor(names)
    knowing.learn(settings)
    for path, journal in endpoints.items():
        knowing.learn_path(path)
        for answer in (journal.last, journal.last_good):
            if answer and answer.body:
                document = _document(path, answer)
                if path == DIN and isinstance(document, str):
                    knowing.learn_secret("serial", document)
                knowing.learn(document)
    return knowing


def gateway_report(redactor: Redactor, endpoints: Endpoints) -> dict[str, object]:
    """Return how each endpoint went and what it said, and what nobody could read."""
    return {
        "endpoints": {
            redactor.path(path): _endpoint(redactor, path, journal)
            for path, journal in sorted(endpoints.items())
        },
        "unknown": {
            "keys": {
                redactor.path(path): keys
                for path, document in _documents(endpoints)
                if (keys := _unknown_keys(redactor, document))
            },
            "values": redactor.scrubbed(_unknown_values(endpoints)),
            "vitals": redactor.scrubbed(_unknown_vitals(endpoints)),
        },
    }


def _endpoint(
    redactor: Redactor, path: str, journal: EndpointJournal
) -> dict[str, object]:
    """Return how one endpoint went."""
    told: dict[str, object] = {
        "outcome": journal.outcome,
        "counts": dict(journal.counts),
        "seconds_last": journal.seconds_last,
        "seconds_longest": journal.seconds_longest,
    }
    if journal.last:
        told |= {"status": journal.last.status}
        told |= _answer(redactor, path, journal.last)
    if journal.last_good and journal.last_good is not journal.last:
        told["last_good"] = _answer(redactor, path, journal.last_good)
    return told


def _answer(redactor: Redactor, path: str, answer: Answered) -> dict[str, object]:
    """Return an answer; without `body`, where it was too long to be kept."""
    if answer.body is None:
        return {"bytes": answer.size}
    document = _document(path, answer)
    if path == DIN and isinstance(document, str):
        # It is nothing but a secret, which has no key here.
        body = redactor.redacted({"din": document})
        document = body["din"] if isinstance(body, dict) else None
    elif isinstance(document, str):
        document = redactor.unknown_text(document)
    else:
        document = redactor.redacted(document)
    return {"bytes": answer.size, "body": document}


def _document(path: str, answer: Answered) -> object:
    """Return what a body says: a JSON value, or its text where it is none."""
    body = answer.body
    if not body:
        return None
    try:
        if path == DIN and answer.is_good:
            return parse.din(body)
        if path == VITALS and answer.is_good:
            return vitals.as_json(body)
        return orjson.loads(body)
    except GatewayResponseError, orjson.JSONDecodeError:
        return body.decode(errors="replace")


def _documents(endpoints: Endpoints) -> Iterator[tuple[str, object]]:
    """Yield what each endpoint said when it last said something."""
    for path, journal in sorted(endpoints.items()):
        answer = journal.last_good or journal.last
        if answer and answer.body:
            yield path, _document(path, answer)


def _unknown_keys(redactor: Redactor, document: object) -> list[str]:
    """Return the names in a document that nobody has described."""
    return sorted(
        {redactor.text(k) for k in _keys(document) if not redactor.is_known(k)}
    )


def _keys(value: object, depth: int = 0) -> Iterator[str]:
    """Yield the names in a document, at any depth."""
    if isinstance(value, dict) and depth < 40:
        yield from value
        value = list(value.values())
    if isinstance(value, list) and depth < 40:
        for each in value:
            yield from _keys(each, depth + 1)


def _unknown_values(endpoints: Endpoints) -> dict[str, list[str]]:
    """Return the values of enumerations that nobody has described, by their key."""
    documents = dict(_documents(endpoints))
    unknown: dict[str, list[str]] = {}
    for path, key, known in _ENUMERATIONS:
        found = _values(documents.get(path), key) - set(known) - {""}
        if found:
            unknown[key] = sorted(found | set(unknown.get(key, ())))
    meters = documents.get(METERS)
    if isinstance(meters, dict) and (kinds := meters.keys() - _METER_KINDS):
        unknown["meters"] = sorted(kinds)
    return unknown


def _values(document: object, key: str) -> set[str]:
    """Return the texts under a key in an object, or in each object of a list."""
    entries = document if isinstance(document, list) else [document]
    values = [each.get(key) for each in entries if isinstance(each, dict)]
    return {value for value in values if isinstance(value, str)}


def _unknown_vitals(endpoints: Endpoints) -> list[str]:
    """Return the vitals and types of devices that nobody has named."""
    journal = endpoints.get(VITALS)
    answer = journal.last_good if journal else None
    try:
        body = answer.body if answer else None
        return list(vitals.unknown_names(body)) if body else []
    except GatewayResponseError:
        return []
