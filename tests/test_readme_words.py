"""What README says in plain words is so: how often, how long, and what errors say."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Final

from custom_components.tesla_gateway.const import PACE_FAST, PACE_GENTLE, PACES
from custom_components.tesla_gateway.controls import WRITE_TIMEOUTS
from custom_components.tesla_gateway.services import LONGEST_TIMEOUT
from homeassistant.components import binary_sensor

from .readme_page import ACTIONS, MANIFEST, README, TEXTS, rows, section
from .texts import flat

TIMES: Final = {0.5: "half", 2: "twice", 3: "three times"}
"""Factors in words."""
HOME_ASSISTANT: Final = json.loads(
    (Path(binary_sensor.__file__).parent / "translations" / "en.json").read_text()
)
"""What Home Assistant calls the states of our binary sensors."""
PLAIN: Final = {"action_failed", "invalid_serial", "rate_limited", "rejected"}
"""Errors that README leaves out: of what is read, and of what only explorers send."""


def test_pace() -> None:
    """Test how much slower and faster the paces are, in README and in the form."""
    paces = TEXTS["selector"]["pace"]["options"]
    slower, faster = PACES[PACE_GENTLE], PACES[PACE_FAST]
    told = f"**{paces[PACE_GENTLE]}**, {TIMES[slower]} slower; **{paces[PACE_FAST]}**, "
    assert f"{told}{TIMES[1 / faster]} as often" in section(README, "Options")
    form = TEXTS["options"]["step"]["init"]["data_description"]["pace"]
    assert f"{TIMES[slower]} as long, fast {TIMES[faster]} as long" in form


def test_timeout() -> None:
    """Test how long an action waits: in README, in the editor, and in earnest."""
    default, longest = round(WRITE_TIMEOUTS.islanding), round(LONGEST_TIMEOUT)
    told = f"`timeout`: 1 to {longest} seconds from the call, {default} if not given"
    assert told in section(README, "Actions")
    for action in ("go_off_grid", "reconnect_to_grid"):
        field = ACTIONS[action]["fields"]["timeout"]
        number = field["selector"]["number"]
        assert (number["min"], number["max"], field["default"]) == (1, longest, default)


def _phrases() -> Iterator[str]:
    """Yield what README says that a form or an error says, without its ends."""
    trouble = section(README, "Troubleshooting")
    cells = [cells[0] for cells in rows(trouble, "It says")]
    for symptom, *_ in rows(trouble, "Symptom"):
        cells += re.findall('"([^"]+)"', symptom)
    for cell in cells:
        yield from (
            part.strip() for part in re.split(r";|\.\.\.", cell) if part.strip()
        )


def test_what_it_says() -> None:
    """Test each phrase that README explains is there; no error goes unexplained."""
    phrases = list(_phrases())
    texts = [*flat(TEXTS).values(), *flat(HOME_ASSISTANT).values()]
    assert [each for each in phrases if not any(each in text for text in texts)] == []
    explained = {
        key
        for key, text in TEXTS["exceptions"].items()
        if any(each in text["message"] for each in phrases)
    }
    assert TEXTS["exceptions"].keys() - explained == PLAIN


def test_description() -> None:
    """Test the page begins with what this is, and what for; and limits are many."""
    top, _, _ = README.partition("\n**On this page:**")
    assert f"# {MANIFEST['name']} for Home Assistant\n" in top
    assert "Powerwall" in top.split("\n\n")[2]
    limits = re.findall(r"^- (.*)", section(README, "Known limits"), re.MULTILINE)
    for points in (re.findall(r"^- (.*)", top, re.MULTILINE), limits):
        assert len({*points}) == len(points) >= 5
