"""Percent as the Tesla app shows it, and percent as the gateway keeps it.

The gateway holds back 5 % of the battery, which the app leaves out: what the
gateway calls 5 % the app calls 0 %, both call the full battery 100 %. Charge
and backup reserve follow the same line. Confirmed by users' readings and, to
the digit, against Tesla's cloud (52.7778 here is 50.2924 there).
"""

_HELD_BACK = 5.0
_APP_SHARE = 0.95


def app_percent(gateway_percent: float) -> float:
    """Return the app's percent (0-100, full precision) for the gateway's."""
    return min(max((gateway_percent - _HELD_BACK) / _APP_SHARE, 0.0), 100.0)


def gateway_percent(app_percent: float) -> float:
    """Return the gateway's percent for the app's (0-100).

    Two decimals, which hold every whole percent of the app exactly.
    """
    return round(_APP_SHARE * app_percent + _HELD_BACK, 2)
