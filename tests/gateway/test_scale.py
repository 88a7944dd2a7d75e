"""The app's percentages and the gateway's, against what people have measured."""

import pytest

from custom_components.tesla_gateway.gateway.scale import app_percent, gateway_percent

MEASURED = [(5, 10), (16, 20), (16, 20.6), (20, 24), (21, 24.6), (30, 33), (100, 100)]
"""App's and gateway's backup reserve, tried out by hand on one gateway."""


@pytest.mark.parametrize(("app", "gateway"), MEASURED)
def test_what_is_sent_is_within_half_a_point_of_measured(
    app: float, gateway: float
) -> None:
    """Test every row in the gateway's percent; 33 for 30 is off by all of 0.5."""
    assert abs(gateway_percent(app) - gateway) <= 0.5


@pytest.mark.parametrize(("app", "gateway"), MEASURED)
def test_what_is_shown_rounds_to_measured(app: float, gateway: float) -> None:
    """Test every row in the app's percent.

    33 was typed as a whole number for 30, and is 29.47: one that rounds to 29.
    """
    shown = app_percent(gateway)
    assert abs(shown - app) < (0.53 if gateway == 33 else 0.5)
    assert round(shown) == (29 if gateway == 33 else app)


@pytest.mark.parametrize(
    ("gateway", "app"),
    [(52.7778, 50.2924), (9.75, 5), (14.5, 10), (38.25, 35), (62, 60)],
)
def test_agrees_with_the_cloud(gateway: float, app: float) -> None:
    """Test readings of one moment from a Powerwall 3 and from Tesla's cloud."""
    assert round(app_percent(gateway), 4) == app


def test_whole_percents_come_back() -> None:
    """Test what is sent for each whole percent is exact, and is read as that one."""
    for app in range(101):
        sent = gateway_percent(app)
        assert round(sent * 100) == 95 * app + 500
        assert app_percent(sent) == pytest.approx(app, abs=1e-9)


@pytest.mark.parametrize(
    ("gateway", "app"),
    [(0, 0), (4.99, 0), (5, 0), (5.000019999999999, 0.000021), (100, 100), (105, 100)],
)
def test_stays_within_what_the_app_can_show(gateway: float, app: float) -> None:
    """Test the ends of the scale, below which the gateway may well discharge."""
    assert app_percent(gateway) == pytest.approx(app, abs=1e-6)
    assert 0 <= app_percent(gateway) <= 100
