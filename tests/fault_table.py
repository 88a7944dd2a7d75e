"""What can go wrong with a gateway: 32 rows; the last seven are in `fault_table_later`.

`test_faults` plays them through the integration, `benchmarks.faults` through Home
Assistant's own beside it.
"""

from typing import Final

from simulator.server import DEFAULT_PASSWORD

from .fault_cases import (
    CHARGE,
    ENTITIES,
    EVERYTHING,
    GRID,
    LOGIN,
    METERS,
    OF_POWERWALLS,
    OPERATION,
    SECOND_POWERWALL,
    SITE_CONTROLLER,
    SYSTEM,
    WHILE_RUNNING,
    Case,
    Row,
    alike,
    answers,
    come_back,
    control,
    expire,
    leave,
    on_each,
    password,
    redirect,
    renew_certificate,
    site,
    together,
    wait,
    wait_until,
)
from .fault_table_later import LIFE, VALUES

LOGOUT: Final = "/api/logout"
STATUS: Final = "/api/status"
THREE: Final = (OPERATION, SYSTEM, SITE_CONTROLLER)  # as many as are asked at once
HUGE: Final = 100 * 1024 * 1024


SIGN_IN: Final = (
    Row(
        1,
        "token expired",
        *alike(
            {
                "refused with 401": expire(),
                "refused with 403": expire(403),
                "and logout refuses": together(expire(), answers(LOGOUT, status=401)),
            },
            logins=range(1, 2),
        ),
    ),
    Row(
        2,
        "token expired, login answers 429",
        Case(
            name="for 600 s",
            begin=together(expire(), answers(LOGIN, **wait(600))),
            lost=EVERYTHING,
            logins=range(1, 2),
            requests=4,  # under way before the login is answered, and the login
            rest=600,
            heals=2,
        ),
    ),
    Row(
        3,
        "password changed",
        Case(
            name="login 401",
            begin=together(password("other"), expire()),
            end=password(DEFAULT_PASSWORD),
            lost=EVERYTHING,
            logins=range(1, 2),
            reauth=True,
            rest=600,
        ),
    ),
    Row(
        4,
        "403 on one endpoint for good",
        *on_each(
            *(OPERATION, SYSTEM, CHARGE),
            fault={"status": 403},
            logins=range(2),
            rest=3600,
        ),
    ),
    Row(
        5,
        "429 everywhere",
        *alike(
            {
                "Retry-After: 120": answers(**wait(120)),
                "Retry-After as a date": wait_until,
            },
            polls=4,  # to 4 s before the wait is over
            lost=EVERYTHING,
            requests=3,  # under way before the first of them is answered
            rest=30,
            heals=2,
        ),
    ),
)
ANSWERS: Final = (
    Row(
        6,
        "500 everywhere",
        Case(name="500", begin=answers(status=500), lost=EVERYTHING),
    ),
    Row(
        7,
        "503 or 404 on one endpoint",
        *(
            case
            for status, polls in ((503, 3), (404, 15))
            for case in on_each(
                *THREE,
                fault={"status": status},
                polls=polls,
            )
        ),
    ),
    Row(
        8,
        "TCP reset in the middle of a poll",
        Case(name="once", begin=answers(ending="reset", times=1), polls=1),
        *on_each(OPERATION, CHARGE, fault={"ending": "reset"}),
    ),
    Row(
        9,
        "HTML instead of JSON",
        Case(
            name="on operation",
            begin=answers(OPERATION, body="<html><body>Sorry</body></html>"),
            lost=ENTITIES[OPERATION],
        ),
    ),
    Row(
        10,
        "nothing in the charge, once",
        *alike(
            {
                "empty": answers(CHARGE, body="", times=1),
                "null": answers(CHARGE, body="null", times=1),
                "percentage: null": answers(CHARGE, edit={"percentage": None}, times=1),
            },
            polls=1,
        ),
    ),
    Row(
        11,
        "no battery_blocks, once",
        *alike(
            {
                "null": answers(SYSTEM, edit={"battery_blocks": None}),
                "missing": answers(SYSTEM, drop=["battery_blocks"]),
            },
            polls=1,
            lost=OF_POWERWALLS,
            at_once=True,
        ),
    ),
    Row(
        12,
        "words nobody knows",
        *alike(
            {
                "grid_status": answers(GRID, edit={"grid_status": "SystemOnTheMoon"}),
                "operation mode": answers(OPERATION, edit={"real_mode": "lunar"}),
            }
        ),
        Case(
            name="device_type",
            begin=answers(STATUS, edit={"device_type": "moon"}),
            restart=True,
        ),
    ),
    Row(
        13,
        "a meter kind nobody knows",
        Case(
            name="fusion",
            begin=answers(METERS, edit={"fusion": {"instant_power": 5.0}}),
        ),
    ),
    Row(
        14,
        "meters that lack something",
        Case(
            name="voltage",
            begin=answers(METERS, drop=["site.instant_average_voltage"]),
        ),
        *alike(
            {
                "solar: null": answers(METERS, edit={"solar": None}),
                "no solar": answers(METERS, drop=["solar"]),
            },
            lost=("sensor.solar_power", "sensor.solar_energy"),
            at_once=True,
        ),
    ),
    Row(
        15,
        "a battery leaves",
        Case(
            name="the second of two",
            begin=site(batteries=1),
            end=site(batteries=2),
            polls=11,  # what is installed is read every 5 min
            lost=(f"*.{SECOND_POWERWALL}_*",),
            at_once=True,
            heals=11,
        ),
        options={"batteries": 2},
    ),
    Row(
        16,
        "a battery appears",
        Case(name="a second", begin=site(batteries=2), end=None),
    ),
    Row(
        17,
        "a disabled pack",
        *(
            Case(
                name=name,
                begin=site(disabled_batteries=1),
                end=site(disabled_batteries=0),
                restart=restart,
            )
            for name, restart in (("while it runs", False), ("at start-up", True))
        ),
        options={"batteries": 2},
    ),
)
SILENCE: Final = (
    Row(
        18,
        "no answer at all",
        Case(
            name="on operation",
            begin=answers(OPERATION, ending="hang"),
            lost=ENTITIES[OPERATION],
            polls=3,
            hangs=True,
            heals=2,
        ),
        Case(
            name="on three endpoints",
            begin=together(*(answers(path, ending="hang") for path in THREE)),
            lost=tuple(entity for path in THREE for entity in ENTITIES[path]),
            polls=5,
            hangs=True,
            heals=2,
        ),
        Case(
            name="everywhere",
            begin=answers(ending="hang"),
            lost=EVERYTHING,
            polls=3,
            hangs=True,
            heals=2,
        ),
    ),
    Row(
        19,
        "gateway not there",
        *alike(
            {
                "connection refused": leave,
                "a reboot, tokens forgotten": together(leave, expire()),
            },
            end=come_back,
            polls=6,  # 3 min
            lost=EVERYTHING,
        ),
    ),
    Row(
        20,
        "site controller stopped",
        *(
            Case(
                name=name,
                begin=site(is_running=False),
                end=site(is_running=True),
                lost=WHILE_RUNNING,
                at_once=True,
                restart=restart,
            )
            for name, restart in (("while it runs", False), ("at start-up", True))
        ),
    ),
    Row(
        21,
        "Powerwall 3",
        Case(name="as it is", begin=control(), restart=True),
        Case(name="DIN as gzip", begin=control(compressed_din=True), restart=True),
        options={"profile": "pw3"},
    ),
    Row(
        22,
        "status in a format nobody knows",
        Case(
            name="at start-up",
            begin=answers(
                STATUS,
                edit={"start_time": "soon", "up_time_seconds": "long", "version": 7},
            ),
            restart=True,
        ),
    ),
    Row(
        23,
        "certificate changed",
        Case(
            name="another one",
            begin=together(leave, renew_certificate, come_back),
            end=None,
            lost=EVERYTHING,
            requests=0,
            repairs=1,
        ),
    ),
    Row(
        24,
        "redirect to another host",
        Case(
            name="operation and login",
            begin=together(redirect, expire()),
            lost=EVERYTHING,
            logins=range(4),
            rest=600,
        ),
    ),
    Row(
        25,
        "an answer of 100 MiB, or without end",
        Case(
            name="100 MiB",
            begin=answers(CHARGE, ending="endless", size=HUGE),
            lost=ENTITIES[CHARGE],
        ),
    ),
)
ROWS: Final = (*SIGN_IN, *ANSWERS, *SILENCE, *VALUES, *LIFE)
"""The table, in its order."""
