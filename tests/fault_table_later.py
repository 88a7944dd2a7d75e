"""What can go wrong with a gateway: values, writes and life."""

from typing import Final

from .fault_cases import (
    CHARGE,
    ENTITIES,
    ISLAND_MODE,
    VITALS,
    WHILE_RUNNING,
    Case,
    Kind,
    Row,
    alike,
    answers,
    control,
    energy,
    leap,
    site,
    together,
    truncate_vitals,
)

MOON: Final = {"kind": "TEMOON", "serial": "X1", "seen": 0, "vitals": {"Phase": 0.5}}
"""A device of no known kind, in vitals."""


VALUES: Final = (
    Row(
        26,
        "lifetime energy falls or jumps",
        Case(
            name="0 for one poll",
            begin=energy(load_energy_imported=0, solar_energy_exported=0),
            polls=1,
        ),
        *alike(
            {
                "backwards": energy(load_energy_imported=1_500_000.0),
                "a jump": energy(solar_energy_exported=9e9),
            }
        ),
    ),
    Row(
        27,
        "negative lifetime energy",
        Case(name="solar", begin=energy(solar_energy_exported=-5000.0)),
    ),
    Row(
        28,
        "writes",
        *alike(
            {
                "403": answers(ISLAND_MODE, status=403),
                "500": answers(
                    ISLAND_MODE,
                    status=500,
                    body='{"error": "Unable to stop sitemaster"}',
                ),
                "accepted, not applied": control(write_effect={"kind": "ignored"}),
                "applied late": control(write_effect={"kind": "delayed", "seconds": 8}),
                "no answer after sending": answers(ISLAND_MODE, ending="mute"),
            },
            end=together(control(faults=[]), control(write_effect=None)),
        ),
        kind=Kind.WRITE,
    ),
    Row(
        29,
        "vitals that are none",
        *alike(
            {
                "truncated": truncate_vitals,
                "empty": answers(VITALS, body=b""),
                "random bytes": answers(VITALS, body=bytes(range(255, 0, -1))),
                "wrong wire type": answers(VITALS, body=b"\x08\x96\x01"),
                "10 MiB": answers(VITALS, ending="endless", size=10 * 1024 * 1024),
            },
            lost=ENTITIES[VITALS],
        ),
        Case(name="an unknown device", begin=answers(VITALS, edit={"TEMOON": [MOON]})),
    ),
)
LIFE: Final = (
    Row(
        30,
        "back after hours",
        Case(
            name="vitals",
            begin=answers(VITALS, status=404),
            lost=ENTITIES[VITALS],
            restart=True,
            rest=3600,
        ),
        Case(
            name="site controller",
            begin=site(is_running=False),
            end=site(is_running=True),
            lost=WHILE_RUNNING,
            restart=True,
            rest=3600,
        ),
    ),
    Row(
        31,
        "the clock jumps",
        Case(name="a day ahead", begin=leap, end=None),
    ),
    Row(
        32,
        "unloaded in the middle of a poll",
        Case(name="hanging", begin=answers(CHARGE, ending="hang"), hangs=True),
        kind=Kind.UNLOAD,
    ),
)
