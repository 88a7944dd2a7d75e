"""What a person sets at the gateway: the one place for entities and actions.

While a write is on its way its goal is shown. What is read back goes to the
coordinators at once, and the client's errors become Home Assistant's here.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import Final

from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .const import DOMAIN
from .coordinator import TRANSLATION_KEYS, GatewayConfigEntry, GatewayRuntimeData
from .gateway import (
    CHOOSABLE_MODES,
    GatewayAbsentError,
    GatewayAuthenticationError,
    GatewayError,
    GatewayForbiddenError,
    GatewayNotAppliedError,
    GatewayNotSentError,
    GatewayNotToldError,
    GatewayRateLimitError,
    GatewayRejectedError,
    GatewayStoppedError,
    GatewaySupersededError,
    Grid,
    Operation,
    OperationMode,
    WriteListener,
    WriteTimeouts,
)
from .settings_refused import async_create_refusal_issue, async_delete_refusal_issue

WRITE_TIMEOUTS: Final = WriteTimeouts()
"""How long a goal is shown, and how long a site is followed to its island mode."""

_UNKNOWN: Final = "unknown"
"""Where the gateway does not say, in a text."""

_WRITE_KEYS: Final[Mapping[type[GatewayError], str]] = {
    GatewayNotToldError: "settings_not_told",
    GatewayNotSentError: "not_sent",
    GatewaySupersededError: "superseded",
    GatewayForbiddenError: "write_forbidden",
    GatewayAbsentError: "write_not_supported",
    GatewayStoppedError: "site_controller_stopped",
    GatewayRejectedError: "write_rejected",
    GatewayRateLimitError: "write_rate_limited",
}
"""By type of the error, most specific first; for others what a failed read has."""


async def async_set_operation(
    entry: GatewayConfigEntry,
    *,
    mode: str | None = None,
    backup_reserve: float | None = None,
) -> None:
    """Choose mode, backup reserve (percent as the app shows it), or both at once."""
    runtime = entry.runtime_data
    chosen = None if mode is None else _choosable(mode)
    check_reserve(backup_reserve)
    seconds = WRITE_TIMEOUTS.read_back
    with (
        runtime.goals.mode.wanted(chosen, seconds=seconds) as start_mode,
        runtime.goals.backup_reserve.wanted(
            backup_reserve, seconds=seconds
        ) as start_reserve,
        _write(entry, _operation_not_applied),
    ):

        def on_start() -> None:
            start_mode()
            start_reserve()

        await runtime.client.set_operation(
            mode=chosen,
            backup_reserve=backup_reserve,
            listener=WriteListener(
                on_start=on_start,
                on_read=partial(runtime.state.async_take, "operation"),
            ),
        )


async def async_set_off_grid(
    entry: GatewayConfigEntry,
    *,
    off_grid: bool,
    seconds: float = WRITE_TIMEOUTS.islanding,
) -> None:
    """Leave the grid or return to it, and follow the site for so long from now."""
    runtime = entry.runtime_data
    system = runtime.state.data.system
    if off_grid and system and system.has_usable_battery is False:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_usable_battery"
        )
    client = runtime.client
    on_read = partial(runtime.live.async_take, "grid")
    write = client.go_off_grid if off_grid else client.reconnect_to_grid
    shown = min(seconds, WRITE_TIMEOUTS.islanding)
    with (
        runtime.goals.is_off_grid.wanted(off_grid, seconds=shown) as on_start,
        _write(entry, _island_mode_not_applied),
    ):
        listener = WriteListener(on_start=on_start, on_read=on_read)
        await write(seconds=seconds, listener=listener)


async def async_run_site_controller(entry: GatewayConfigEntry, *, run: bool) -> None:
    """Start or stop the program that runs the site."""
    runtime = entry.runtime_data
    client = runtime.client
    on_read = partial(runtime.state.async_take, "site_controller")
    write = client.run_site_controller if run else client.stop_site_controller
    goal = runtime.goals.is_site_controller_running
    with (
        goal.wanted(run, seconds=WRITE_TIMEOUTS.read_back) as on_start,
        _write(entry, _site_controller_not_applied),
    ):
        await write(listener=WriteListener(on_start=on_start, on_read=on_read))


async def async_change_password(
    hass: HomeAssistant, entry: GatewayConfigEntry, *, old: str, new: str
) -> None:
    """Change the password of the customer's login, here too once it is so."""
    if not new or new == old:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_new_password"
        )

    def on_changed() -> None:
        data = {**entry.data, CONF_PASSWORD: new}
        hass.config_entries.async_update_entry(entry, data=data)

    runtime = entry.runtime_data
    try:
        await runtime.client.change_password(old, new, on_changed=on_changed)
    except GatewayNotAppliedError as err:
        raise _error("password_unclear") from err
    except GatewayRejectedError as err:
        raise _error("password_refused", error=_words(err)) from err
    except GatewayError as err:
        raise _translated(entry, runtime, err) from err


def check_reserve(percent: float | None) -> None:
    """Refuse what is no backup reserve; NaN is none either."""
    if percent is not None and not 0 <= percent <= 100:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="reserve_out_of_range"
        )


def _choosable(mode: str) -> OperationMode:
    """Return a mode that may be chosen."""
    if mode not in CHOOSABLE_MODES:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="mode_not_choosable",
            translation_placeholders={"mode": mode},
        )
    return OperationMode(mode)


@contextmanager
def _write(
    entry: GatewayConfigEntry,
    not_applied: Callable[[GatewayNotAppliedError], HomeAssistantError],
) -> Generator[None]:
    """Say in Home Assistant's terms what goes wrong."""
    # At hand for what ends after the entry is unloaded, which takes it away.
    runtime = entry.runtime_data
    try:
        yield
    except GatewayNotAppliedError as err:
        if isinstance(err.refusal, GatewayForbiddenError):
            async_create_refusal_issue(entry, runtime)
        elif err.answered and not err.refusal:
            async_delete_refusal_issue(entry, runtime)
        raise _not_applied(err, not_applied) from err
    except GatewayError as err:
        if isinstance(err, GatewayForbiddenError):
            async_create_refusal_issue(entry, runtime)
        elif isinstance(err, GatewaySupersededError):
            async_delete_refusal_issue(entry, runtime)
        raise _translated(entry, runtime, err) from err
    else:
        async_delete_refusal_issue(entry, runtime)


def _translated(
    entry: GatewayConfigEntry, runtime: GatewayRuntimeData, error: GatewayError
) -> HomeAssistantError:
    """Return the failure of a write, and ask for the password where it is refused."""
    if isinstance(error, GatewayAuthenticationError):
        entry.async_start_reauth(runtime.live.hass)
    kinds = chain(_WRITE_KEYS.items(), TRANSLATION_KEYS.items())
    key = next(key for kind, key in kinds if isinstance(error, kind))
    return _error(key, error=_words(error))


def _words(error: GatewayError) -> str:
    """Return what the gateway says to it, or what went wrong."""
    if isinstance(error, GatewayRejectedError):
        return error.reason or f"status {error.status}"
    return str(error)


def _error(key: str, **placeholders: str) -> HomeAssistantError:
    """Return the failure of a write."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders=placeholders,
    )


def _not_applied(
    error: GatewayNotAppliedError,
    told: Callable[[GatewayNotAppliedError], HomeAssistantError],
) -> HomeAssistantError:
    """Return the failure of a write that does not show."""
    if error.refusal:
        return _error("not_committed", error=_words(error.refusal))
    return _error("not_read_back") if error.reported is None else told(error)


def _operation_not_applied(error: GatewayNotAppliedError) -> HomeAssistantError:
    """Return the failure of a write that mode and reserve do not show."""
    reported = error.reported
    mode = reserve = None
    if isinstance(reported, Operation):
        mode, reserve = reported.reported_mode, reported.backup_reserve
    return _error(
        "operation_not_applied" if error.answered else "operation_not_answered",
        mode=mode or _UNKNOWN,
        backup_reserve=_UNKNOWN if reserve is None else str(round(reserve)),
    )


def _island_mode_not_applied(error: GatewayNotAppliedError) -> HomeAssistantError:
    """Return the failure of a site that has not got where it was sent."""
    reported = error.reported
    status = reported.reported if isinstance(reported, Grid) else None
    return _error(
        "island_mode_not_reached" if error.answered else "island_mode_not_answered",
        state=status or _UNKNOWN,
    )


def _site_controller_not_applied(error: GatewayNotAppliedError) -> HomeAssistantError:
    """Return the failure of a site controller that is as it was."""
    return _error(
        "site_controller_not_applied"
        if error.answered
        else "site_controller_not_answered"
    )
