"""Where the time of a refresh goes, function by function."""

import cProfile
import io
import pstats
import time
from typing import Final

from .lines import Line
from .polls import paired
from .remote import ONLY_OURS, everything

REFRESHES: Final = 300
LINES: Final = 40


async def profile(rounds: int) -> list[Line]:
    """Profile refreshes of ours in which every value moves."""
    text = []
    async with paired(*ONLY_OURS) as (gateway, both):
        for each in both:
            profiler = cProfile.Profile(time.process_time)
            for number in range(REFRESHES):
                gateway.control(**everything(number, absent=ONLY_OURS))
                profiler.enable()
                await each.refresh()
                profiler.disable()
            for order in ("tottime", "cumtime"):
                out = io.StringIO()
                stats = pstats.Stats(profiler, stream=out).strip_dirs()
                stats.sort_stats(order).print_stats(LINES)
                text.append(f"{each.name}, by {order}, of {REFRESHES} refreshes\n")
                text.append(out.getvalue())
    return [Line(figure="profile", data={"text": "\n".join(text)})]
