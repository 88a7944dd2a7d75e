"""Everything that reads what a gateway says, and answers for each to begin with."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import orjson

from custom_components.tesla_gateway.gateway import (
    GatewayError,
    answers,
    parse,
    parse_installation,
    parse_inverter,
    unexplored,
    vitals,
)
from custom_components.tesla_gateway.gateway.transport import Answer
from simulator.bodies import body as simulated
from simulator.profiles import PROFILES, SOLAR_POWERWALL, TEDAPI_DIN
from simulator.scenarios import SCENARIOS
from simulator.wire import encode, encode_vitals

from .shapes import SHAPES, Parse, grid_faults, site_meters
from .shapes_installation import INSTALLED, generators, site as read_site, status
from .vital_names import NAMED
from .vitals_site import SITE, changed, simulated_body

BY_PATH: Final[Mapping[str, Parse]] = {
    "/api/config": parse.config_din,
    "/api/customer/registration": parse_installation.registered,
    "/api/generators": generators,
    "/api/generators/disconnect_types": parse_installation.disconnect_types,
    "/api/meters/aggregates": parse.meters,
    "/api/meters/site": site_meters,
    "/api/networks": parse_installation.networks,
    "/api/operation": parse.operation,
    "/api/powerwalls": parse_installation.powerwalls,
    "/api/site_info": read_site,
    "/api/sitemaster": parse.site_controller,
    "/api/solar_powerwall": parse_inverter.solar_inverter,
    "/api/solars": parse_installation.solars,
    "/api/status": status,
    "/api/system/update/status": parse_installation.firmware_update,
    "/api/system_status": parse.system_status,
    "/api/system_status/grid_faults": grid_faults,
    "/api/system_status/grid_status": parse.grid,
    "/api/system_status/soe": parse.charge,
    "/api/troubleshooting/problems": parse_installation.problems,
}
"""What reads JSON, by the path that it comes from."""
OF_VITALS: Final[Mapping[str, Parse]] = {
    "vitals": vitals.components,
    "unknown vitals": vitals.unknown_names,
    "vitals as JSON": vitals.as_json,
}


def refusal(body: bytes) -> object:
    """Read why something was refused."""
    try:
        answers.check_done("/api/operation", Answer(500, {}, body), secrets={"KLMNP"})
    except GatewayError as err:
        return str(err)
    return None


def token(body: bytes) -> str:
    """Read the token in a login's answer."""
    return answers.token_in(body, "/api/login/Basic")


def reply(body: bytes) -> unexplored.Reply:
    """Read what an endpoint answers that nobody has described."""
    return unexplored.reply(200, body)


OTHERS: Final[Mapping[str, tuple[Parse, bytes]]] = {
    "login": (token, b'{"email": "a@example.com", "token": "aA0/+=", "roles": ["a"]}'),
    "login refusal": (answers.login_refusal, b'{"error": "physical access"}'),
    "refusal": (refusal, b'{"code": 403, "error": "no", "message": "a b KLMNP"}'),
    "unexplored": (reply, b'{"hosts": [{"name": "a", "ok": true}]}'),
    TEDAPI_DIN: (parse.din, b"1232100-00-E--TG0000000000"),
}
"""What reads what comes beside the data: its reader, and an answer."""


@cache
def good_answers(name: str) -> list[bytes]:
    """Return what a parser reads: as documented, and as each profile has it."""
    if name in OTHERS:
        return [OTHERS[name][1]]
    if name in OF_VITALS:
        return _vitals()
    reader, documents = BY_PATH[name], {**SHAPES, **INSTALLED}.values()
    documented = {orjson.dumps(doc) for read, doc, _ in documents if read is reader}
    return sorted({*documented, *_simulated(name)})


def _simulated(path: str) -> Iterator[bytes]:
    """Yield what simulated gateways answer."""
    for profile in PROFILES.values():
        for scenario in SCENARIOS.values():
            site = scenario.site(2)
            if path != SOLAR_POWERWALL or site.has_solar:
                yield encode(simulated(path, site, profile))


def _vitals() -> list[bytes]:
    """Return vitals: with every name, and of simulated sites."""
    named: dict[str, dict[str, Any]] = {kind: {} for kind in SITE}
    for each in NAMED:
        named[each.kind][each.wire] = each.sent
    whole = changed(**{kind: {"vitals": vitals} for kind, vitals in named.items()})
    return [encode_vitals(whole), *map(simulated_body, SCENARIOS)]


PARSERS: Final[Mapping[str, Parse]] = {
    **BY_PATH,
    **OF_VITALS,
    **{name: reader for name, (reader, _) in OTHERS.items()},
}
"""All that read bytes."""
