"""Constants of the Tesla Energy Gateway integration."""

from datetime import timedelta
import logging
from typing import Final

DOMAIN: Final = "tesla_gateway"
LOGGER: Final = logging.getLogger(__package__)
MANUFACTURER: Final = "Tesla"

CONF_ADVANCED: Final = "advanced"
CONF_FINGERPRINT: Final = "fingerprint"
"""SHA-256 of the pinned certificate, in hexadecimal; None while none is pinned."""
CONF_MODEL: Final = "model"
CONF_PACE: Final = "pace"
CONF_PIN_CERTIFICATE: Final = "pin_certificate"
CONF_PINNED_AT: Final = "pinned_at"
"""When that certificate was, as an ISO date; if missing, when the entry was made."""
CONF_RECORD: Final = "record"
"""Token, waits and spent logins, as the client's record keeps them."""
CONF_ROLE: Final = "role"

PACE_GENTLE: Final = "gentle"
PACE_NORMAL: Final = "normal"
PACE_FAST: Final = "fast"
PACES: Final = {PACE_GENTLE: 3.0, PACE_NORMAL: 1.0, PACE_FAST: 0.5}
"""What every interval below is multiplied with."""

LIVE_INTERVAL: Final = timedelta(seconds=10)
"""Power flows: quick enough to see a kettle being switched on."""
STATE_INTERVAL: Final = timedelta(seconds=30)
"""Batteries and settings, which change slowly or by a person's hand."""
DEVICE_INTERVAL: Final = timedelta(minutes=5)
"""What is installed, and whether it is updating."""
INFO_INTERVAL: Final = timedelta(hours=1)
"""What changes with new firmware only."""

KEPT_INTERVALS: Final = 3
"""How many of its intervals a value is shown after its last reading."""
LONGEST_OVERDUE: Final = timedelta(seconds=90)
"""How long, at most, a value is shown after its next reading was due.

At the normal pace no power, charge or state is older than 90 s.
"""
LISTENERS_AT_ONCE: Final = 100
"""How many entities are brought up to date before others have a turn.

Home Assistant does one thing at a time: 231 at once, as ten Powerwalls have, took up
to 3.8 ms of processor time in a test, and thrice as many are possible.
"""
