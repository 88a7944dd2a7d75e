"""Which kind and firmware of gateway serves what, and who may write: tables only.

`bodies` knows every key of every endpoint. A profile names the endpoints it has and
edits the keys it has otherwise: a value under a key path, or `...` where the key is
missing. A `*` in a key path stands for every element.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

type Edits = Mapping[str, Any]

CUSTOMER: Final = "customer"
INSTALLER: Final = "installer"

WRITERS: Final[Mapping[str, frozenset[str]]] = {
    CUSTOMER: frozenset({CUSTOMER, INSTALLER}),
    INSTALLER: frozenset({INSTALLER}),
}
"""Who may write, by the least who may."""

SINCE_POWERWALL_3: Final = frozenset(
    {
        "/api/meters/aggregates",
        "/api/system_status/soe",
        "/api/system_status/grid_status",
    }
)
"""All that a Powerwall 3 still serves of the classic API."""

SINCE_21_13: Final = SINCE_POWERWALL_3 | {
    "/api/auth/toggle/supported",
    "/api/customer/registration",
    "/api/powerwalls",
    "/api/site_info",
    "/api/site_info/site_name",
    "/api/sitemaster",
    "/api/status",
    "/api/system_status/grid_faults",
}

SINCE_21_44: Final = SINCE_21_13 | {
    "/api/autoconfig/status",
    "/api/config",
    "/api/devices/vitals",
    "/api/generators",
    "/api/generators/disconnect_types",
    "/api/meters",
    "/api/meters/readings",
    "/api/meters/site",
    "/api/meters/solar",
    "/api/meters/status",
    "/api/networks",
    "/api/operation",
    "/api/powerwalls/status",
    "/api/solars",
    "/api/system/update/status",
    "/api/system_status",
    "/api/troubleshooting/problems",
}

GONE_IN_24_44: Final = frozenset(
    {
        "/api/customer/registration",
        "/api/devices/vitals",
    }
)
"""Vitals went with 23.44, registration was missing in reports from 24.4 on."""

VITALS: Final = "/api/devices/vitals"
"""Not JSON but protobuf."""

SOLAR_POWERWALL: Final = "/api/solar_powerwall"
"""The solar inverter of a Powerwall+; only where there is one."""

TEDAPI_DIN: Final = "/tedapi/din"
"""Not JSON but the DIN itself; the only identity a Powerwall 3 tells."""

SILENT_WHILE_STOPPED: Final = frozenset(
    {
        "/api/devices/vitals",  # inferred: nobody has recorded it
        "/api/solar_powerwall",  # inferred likewise
        "/api/meters/aggregates",
        "/api/system_status",
        "/api/system_status/grid_faults",
        "/api/system_status/grid_status",
        "/api/system_status/soe",
    }
)
"""While the site controller is stopped these answer 502 with nothing in it."""

OPEN_PATHS: Final = frozenset({"/api/status", "/api/auth/toggle/supported"})
"""What needs no login."""

LOGIN: Final = "POST /api/login/Basic"
LOGOUT: Final = "GET /api/logout"
PASSWORD_CHANGE: Final = "POST /api/password/change"  # noqa: S105  # an endpoint

WRITES_21_13: Final = frozenset(
    {
        "POST /api/operation",
        "GET /api/config/completed",
        "GET /api/sitemaster/run",
        "GET /api/sitemaster/stop",
    }
)

WRITES_21_44: Final = frozenset(
    {
        "POST /api/operation",
        "GET /api/config/completed",
        "GET /api/sitemaster/run",
        "POST /api/sitemaster/stop",
        "POST /api/v2/islanding/mode",
    }
)

WRONG_METHODS: Final = frozenset({"GET /api/login/Basic", "GET /api/password/change"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """One kind of gateway on one firmware."""

    description: str
    version: str
    """As `/api/status` shows it: a number and, on most firmware, the short git hash."""
    git_hash: str
    part_number: str = "1232100-00-E"
    """First part of the DIN: 1232100 is a Gateway 2."""
    reads: frozenset[str]
    """Paths that answer a GET."""
    writes: frozenset[str]
    """Method and path of what changes the site."""
    session: frozenset[str] = frozenset({LOGIN, LOGOUT, PASSWORD_CHANGE})
    """Method and path of what begins and ends a session, and of who may begin one."""
    wrong_methods: frozenset[str] = WRONG_METHODS
    """Method and path of what is answered with 405."""
    writers: frozenset[str] = WRITERS[CUSTOMER]
    """Users who may write; others are refused with 403."""
    edits: Mapping[str, Edits] = field(default_factory=dict)
    """By path: what this firmware shows otherwise."""
    grid_faults: Sequence[Mapping[str, Any]] = ()
    checks_sni: bool = True
    """Whether a TLS handshake for a name not in the certificate is aborted."""
    starts_stopped: bool = False

    @property
    def serial(self) -> str:
        """Serial number: 14 characters like a real one, and plainly not one."""
        return "TGSIMULATED001"

    @property
    def meter_serial(self) -> str:
        """Serial number of the synchronizer, which the meters X and Y are part of."""
        return "TGSIMULATED301"

    @property
    def din(self) -> str:
        """The number a gateway is known by: part and serial number."""
        return f"{self.part_number}--{self.serial}"


NO_NEWER_KEYS_IN_DIAGNOSTICS: Final[Edits] = {
    f"{unit}.{diagnostic}.{key}": ...
    for unit in ("powerwalls.*", "sync")
    for diagnostic in ("commissioning_diagnostic", "update_diagnostic")
    for key in ("alert", "checks.*.checks")
}

EDITS_21_13: Final[Mapping[str, Edits]] = {
    "/api/status": {
        "din": ...,
        "leader": ...,
        "followers": ...,
        "cellular_disabled": ...,
    },
    "/api/site_info": {
        "measured_frequency": 59.980000000000004,
        "max_system_energy_kWh": 0,
        "max_system_power_kW": 0,
    },
    "/api/meters/aggregates": {
        "*.instant_average_current": ...,
        "*.last_phase_energy_communication_time": ...,
        "*.num_meters_aggregated": ...,
    },
    "/api/powerwalls": {
        **NO_NEWER_KEYS_IN_DIAGNOSTICS,
        "on_grid_check_error": "",
        "states": ["updating meter socket adapter"],
        "sync.update_diagnostic.checks.*.status": "pass",
        "sync.update_diagnostic.checks.*.start_time": (
            "2021-05-20T10:41:45.285678438-04:00"
        ),
        "sync.update_diagnostic.checks.*.end_time": (
            "2021-05-20T10:41:45.384295582-04:00"
        ),
        "sync.update_diagnostic.checks.*.progress": 1,
        "sync.update_diagnostic.checks.*.results": {},
        "sync.update_diagnostic.checks.*.debug": {},
    },
}

EDITS_21_44: Final[Mapping[str, Edits]] = {
    "/api/status": {"is_solar_powerwall": ...},
    "/api/powerwalls": {"is_on_grid": ...},
    "/api/powerwalls/status": {"is_on_grid": ...},
}

OVER_FREQUENCY: Final[Mapping[str, Any]] = {
    "timestamp": 1623278146367,
    "alert_name": "PINV_a007_vfCheckOverFrequency",
    "alert_is_fault": False,
    "decoded_alert": (
        '[{"name":"PINV_alertID","value":"PINV_a007_vfCheckOverFrequency"},'
        '{"name":"PINV_alertType","value":"Warning"},'
        '{"name":"PINV_a007_frequency","value":60.937,"units":"Hz"}]'
    ),
    "alert_raw": 504624507995029504,
    "git_hash": "0cf970371d243f",
    "site_uid": "simulated-site",
    "ecu_type": "TEPINV",
    "ecu_package_part_number": "1081100-10-U",
    "ecu_package_serial_number": "TGSIMULATED201",
}
"""The one fault of the 21.13 reference, from a frequency too high by a hertz."""

FIRMWARE_21_44: Final = Profile(
    description="Gateway 2, firmware 21.44: the full classic API",
    version="21.44 223a56cd",
    git_hash="223a56cd575b7b19bad7e12a4ebad0eb52d1f50a",
    reads=SINCE_21_44,
    writes=WRITES_21_44,
    wrong_methods=WRONG_METHODS | {"GET /api/sitemaster/stop"},
    edits=EDITS_21_44,
)

PROFILES: Final[Mapping[str, Profile]] = {
    "21.13": Profile(
        description="Gateway 2, firmware 21.13: no system status, no operation to read",
        version="21.13.2",
        git_hash="0cf970371d243fe78b08ab03774eb633720dd58a",
        reads=SINCE_21_13,
        writes=WRITES_21_13,
        edits=EDITS_21_13,
        grid_faults=(OVER_FREQUENCY,),
    ),
    "21.44": FIRMWARE_21_44,
    "24.44": replace(
        FIRMWARE_21_44,
        description="Gateway 2, firmware 24.44: customers can only read",
        version="24.44.0 00000000",
        git_hash="0" * 40,
        reads=(SINCE_21_44 - GONE_IN_24_44) | {SOLAR_POWERWALL},
        writers=WRITERS[INSTALLER],
    ),
    "pw3": Profile(
        description="Powerwall 3: three endpoints and the DIN",
        version="",
        git_hash="",
        part_number="1707000-11-J",
        reads=SINCE_POWERWALL_3 | {TEDAPI_DIN},
        writes=frozenset(),
        session=frozenset({LOGIN}),
        wrong_methods=frozenset({"GET /api/login/Basic"}),
        checks_sni=False,
    ),
    "stopped": replace(
        FIRMWARE_21_44,
        description="As 21.44, with the site controller stopped",
        starts_stopped=True,
    ),
}
"""By the name given on the command line."""
