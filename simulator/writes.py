"""What changes the site: settings, island mode and the site controller."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from .bodies import body
from .profiles import Profile
from .site import STRATEGIES, Site
from .wire import Answer, json_answer, refusal

type Document = Mapping[str, Any]
type Write = Callable[[Site, Profile, Document], Answer]

ISLAND_MODES: Final[Mapping[str, bool]] = {
    "intentional_reconnect_failsafe": True,
    "backup": False,
}
"""What is written, and whether it means to be off the grid."""

ACCEPTED: Final = Answer(status=202)
CANNOT_STOP: Final = refusal(500, "Cannot Start Wizard", "Unable to stop sitemaster")


def _operation(site: Site, _profile: Profile, document: Document) -> Answer:
    """Take mode and reserve, both or none; they wait for the commit."""
    mode = str(document.get("mode"))
    reserve = document.get("backup_reserve_percent")
    if mode not in STRATEGIES:
        return refusal(400, f"Invalid mode {mode}", "Bad Request")
    if not isinstance(reserve, int | float) or not 0 <= reserve <= 100:
        return refusal(400, f"Invalid reserve {reserve}", "Bad Request")
    site.write_operation(mode, reserve)
    return json_answer({"mode": mode, "backup_reserve_percent": reserve})


def _completed(site: Site, profile: Profile, _document: Document) -> Answer:
    """Put written settings into effect; a status was recorded as the answer."""
    site.commit_operation()
    return json_answer(body("/api/status", site, profile), status=202)


def _island_mode(site: Site, _profile: Profile, document: Document) -> Answer:
    mode = str(document.get("island_mode"))
    if mode not in ISLAND_MODES:
        return refusal(400, f"Invalid island mode {mode}", "Bad Request")
    site.write(is_off_grid_wanted=ISLAND_MODES[mode])
    return json_answer({"island_mode": mode})


def _run(site: Site, _profile: Profile, _document: Document) -> Answer:
    site.write(is_running=True)
    return ACCEPTED


def _stop(site: Site, _profile: Profile, _document: Document) -> Answer:
    if site.busy_reason:
        return CANNOT_STOP
    site.write(is_running=False)
    return ACCEPTED


WRITES: Final[Mapping[str, Write]] = {
    "POST /api/operation": _operation,
    "GET /api/config/completed": _completed,
    "POST /api/v2/islanding/mode": _island_mode,
    "GET /api/sitemaster/run": _run,
    "GET /api/sitemaster/stop": _stop,
    "POST /api/sitemaster/stop": _stop,
}
"""By method and path."""
