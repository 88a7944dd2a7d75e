"""Coordinators: one per cadence, each reading several parts of the gateway.

A part that fails costs only its own entities: it keeps its last value for a
while, then is None. What the gateway answers with "no such thing" is None too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import batched
from time import monotonic
from typing import ClassVar, override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .certificate import async_certificate_changed, async_certificate_settled
from .const import (
    CONF_PACE,
    DEVICE_INTERVAL,
    DOMAIN,
    INFO_INTERVAL,
    KEPT_INTERVALS,
    LISTENERS_AT_ONCE,
    LIVE_INTERVAL,
    LOGGER,
    LONGEST_OVERDUE,
    PACE_NORMAL,
    PACES,
    STATE_INTERVAL,
)
from .coordinator_data import Devices, Info, Live, State
from .gateway import (
    GatewayAbsentError,
    GatewayAuthenticationError,
    GatewayCertificateError,
    GatewayClient,
    GatewayConnectionError,
    GatewayError,
    GatewayForbiddenError,
    GatewayNotSentError,
    GatewayRateLimitError,
    GatewayRejectedError,
    GatewayStoppedError,
)
from .goals import Goals

TRANSLATION_KEYS: Mapping[type[GatewayError], str] = {
    GatewayAuthenticationError: "authentication_error",
    GatewayCertificateError: "certificate_changed",
    GatewayConnectionError: "communication_error",
    GatewayRateLimitError: "rate_limited",
    GatewayRejectedError: "rejected",
    GatewayError: "unexpected_error",
}
"""By type of the error, most specific first."""
_ANSWERS = (GatewayAbsentError, GatewayForbiddenError)
"""Errors that are no fault: the gateway has no such thing, or not for this login."""


@dataclass(kw_only=True, slots=True)
class GatewayRuntimeData:
    """What a loaded config entry keeps at hand."""

    client: GatewayClient
    live: LiveCoordinator
    state: StateCoordinator
    devices: DeviceCoordinator
    info: InfoCoordinator
    goals: Goals
    after_setup: list[Callable[[], None]] = field(default_factory=list)
    """What set-up does not wait for, to be done one after another."""


type GatewayConfigEntry = ConfigEntry[GatewayRuntimeData]
type _Reads = Mapping[str, Callable[[GatewayClient], Awaitable[object]]]
"""What reads each field of a coordinator's data."""
type _Outcome = tuple[str, GatewayError] | None
"""The name and the error of a part that could not be read."""


@dataclass(slots=True)
class _Reading:
    """The last value of one part, and when it was read."""

    value: object = None
    read_at: float | None = None
    taken: int = 0
    """How often it came from elsewhere than from a poll."""
    tried_at: float | None = None
    """When reading it has ended last, well or not."""
    is_lost: bool = False
    """Whether it had a value that the gateway gives no more."""
    has_failed: bool = False
    """Whether it could not be read last time: then it has its turn after the others."""

    def lose(self) -> None:
        """Show no value any more."""
        self.is_lost = self.is_lost or self.value is not None
        self.value = None


class GatewayCoordinator[DataT](DataUpdateCoordinator[DataT]):
    """Reads some parts of the gateway at one pace."""

    config_entry: GatewayConfigEntry
    _cadence: ClassVar[timedelta]
    _data_type: ClassVar[type]
    _reads: ClassVar[_Reads]
    _essential: ClassVar[bool] = False
    """Whether every gateway has some of it, so that one without is just starting."""
    _after_setup: ClassVar[frozenset[str]] = frozenset()
    """Parts that set-up does not wait for: the next refresh reads what is missing."""
    _on_demand: ClassVar[frozenset[str]] = frozenset()
    """Parts that are hardly read but while an entity shows something of them.

    An entity says so by the context it listens in, which is the part's name.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: GatewayConfigEntry,
        client: GatewayClient,
        *,
        turn: asyncio.Lock | None = None,
    ) -> None:
        """Prepare the coordinator; those that share a turn read one part at a time."""
        self._interval = (
            self._cadence * PACES[entry.options.get(CONF_PACE, PACE_NORMAL)]
        )
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=f"gateway {self._data_type.__name__.lower()}",
            update_interval=self._interval,
            always_update=False,
        )
        self.client = client
        self._turn = turn
        self._readings = {part: _Reading() for part in self._reads}
        self._has_read_rest = False
        # Of a kind from the start: every part None while nothing has been read.
        self.data = self._shown()

    @override
    async def _async_update_data(self) -> DataT:
        """Read every part, and fail only when none has anything to show."""
        due = self._due()
        self._has_read_rest = not self._is_setting_up
        for part in self._idle():
            self._readings[part].value = None
        outcomes = await self._async_read_all(due)
        errors = dict(outcome for outcome in outcomes if outcome is not None)
        faults = [error for error in errors.values() if not isinstance(error, _ANSWERS)]
        self._follow_login(faults)
        self._follow_certificate(faults, is_read=len(errors) < len(outcomes))
        # What failed is not left alone for longer than what is read most slowly.
        again = min(self._interval, DEVICE_INTERVAL) if faults else self._interval
        self.update_interval = again
        lost = [part for part in errors if self._is_outdated(part)]
        for part in lost:
            self._readings[part].lose()
        if any(reading.value is not None for reading in self._readings.values()):
            for part in lost:
                LOGGER.warning("%s: no more %s: %s", self.name, part, errors[part])
        elif self._has_failed(errors, faults):
            error = next(iter(faults or errors.values()))
            raise self._update_failed(error) from error
        return self._shown()

    def _shown(self) -> DataT:
        """Return the value of every part, as it is now."""
        data: DataT = self._data_type(
            **{part: reading.value for part, reading in self._readings.items()}
        )
        return data

    @callback
    def async_take(self, part: str, value: object) -> None:
        """Show at once what was read of one part between two polls."""
        reading = self._readings[part]
        reading.value, reading.read_at = value, monotonic()
        reading.taken += 1
        if (data := self._shown()) != self.data:
            self.data = data
            self.async_update_listeners()

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Tell all listeners, some at a time: others have a turn in between."""
        listeners = tuple(self._listeners)
        self._tell(listeners[:LISTENERS_AT_ONCE])
        if rest := listeners[LISTENERS_AT_ONCE:]:
            self.config_entry.async_create_task(
                self.hass, self._async_tell(rest), name=f"{self.name} listeners"
            )

    async def _async_tell(self, listeners: Sequence[int]) -> None:
        """Tell the other listeners."""
        for piece in batched(listeners, LISTENERS_AT_ONCE, strict=False):
            await asyncio.sleep(0)
            self._tell(piece)

    def _tell(self, listeners: Iterable[int]) -> None:
        """Tell some listeners, but those that are gone by now."""
        for listener in listeners:
            if entry := self._listeners.get(listener):
                update, _ = entry
                try:
                    update()
                except Exception:  # noqa: BLE001  # as in the method this replaces
                    LOGGER.exception("%s: a listener failed", self.name)

    def _has_failed(
        self, errors: Mapping[str, GatewayError], faults: Sequence[GatewayError]
    ) -> bool:
        """Return whether a refresh with nothing to show is a failed one.

        Set-up fails on the essential alone: the rest appears when it can be read.
        """
        if self._essential and len(errors) == len(self._reads):
            return True
        return bool(faults) and (self._essential or not self._is_setting_up)

    @property
    def _is_setting_up(self) -> bool:
        """Return whether this is the first refresh."""
        return self.config_entry.state is ConfigEntryState.SETUP_IN_PROGRESS

    def _due(self) -> list[str]:
        """Return the parts to be read now."""
        idle = self._idle()
        due = [part for part in self._reads if part not in idle]
        if self._is_setting_up:
            due = [part for part in due if part not in self._after_setup]
        elif self._after_setup and not self._has_read_rest:
            due = [part for part in due if self._is_missing(part)]
        # What hangs would keep the slots until the time of all is over.
        return sorted(due, key=lambda part: self._readings[part].has_failed)

    def _idle(self) -> set[str]:
        """Return the parts that nobody looks at, and that have been tried lately.

        Once an hour they are read all the same, since there may be more to look at.
        """
        watched = set(self.async_contexts())
        since = monotonic() - INFO_INTERVAL.total_seconds()
        return {
            part
            for part in self._on_demand - watched
            if (tried_at := self._readings[part].tried_at) and tried_at > since
        }

    def _is_missing(self, part: str) -> bool:
        """Return whether set-up has left out a part, or could not read it."""
        return part in self._after_setup or self._readings[part].has_failed

    async def _async_read_all(self, parts: Iterable[str]) -> list[_Outcome]:
        """Read parts: together within one time limit, or in turn with one for each."""
        if self._turn is None:
            with self.client.poll():
                return await asyncio.gather(*map(self._async_read, parts))
        outcomes = []
        for part in parts:
            async with self._turn:
                with self.client.poll():
                    outcomes.append(await self._async_read(part))
        return outcomes

    async def _async_read(self, part: str) -> _Outcome:
        """Read one part; return its name and error when that fails."""
        reading = self._readings[part]
        taken = reading.taken
        try:
            value = await self._reads[part](self.client)
        except GatewayStoppedError:
            value = None
        except GatewayError as err:
            LOGGER.debug("%s: cannot read %s: %s", self.name, part, err)
            reading.has_failed = not isinstance(err, GatewayNotSentError)
            return part, err
        finally:
            reading.tried_at = monotonic()
        reading.has_failed = False
        if reading.taken != taken:
            return None  # What has been taken meanwhile is newer.
        if value is None:
            reading.lose()
            return None
        if reading.is_lost:
            reading.is_lost = False
            LOGGER.info("%s: %s is back", self.name, part)
        reading.value = _kept(value, reading.value)
        reading.read_at = monotonic()
        return None

    def _is_outdated(self, part: str) -> bool:
        """Return whether a part has a value that is too old to be shown."""
        reading = self._readings[part]
        kept = min(self._interval * KEPT_INTERVALS, self._interval + LONGEST_OVERDUE)
        if reading.value is None or reading.read_at is None:
            return False
        return monotonic() - reading.read_at >= kept.total_seconds()

    def _follow_login(self, faults: Sequence[GatewayError]) -> None:
        """Ask for the password when the login is refused, and stop asking after."""
        entry = self.config_entry
        if any(isinstance(error, GatewayAuthenticationError) for error in faults):
            # ConfigEntryAuthFailed would end all tries, and gateways refuse a good
            # password for a while.
            entry.async_start_reauth(self.hass)
        elif not self.client.is_login_refused:
            for flow in list(entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
                self.hass.config_entries.flow.async_abort(flow["flow_id"])

    def _follow_certificate(
        self, faults: Sequence[GatewayError], *, is_read: bool
    ) -> None:
        """Ask about a certificate that is not the pinned one, and stop asking after."""
        changed = (f for f in faults if isinstance(f, GatewayCertificateError))
        if error := next(changed, None):
            async_certificate_changed(self.hass, self.config_entry, error)
        elif is_read:
            async_certificate_settled(self.hass, self.config_entry)

    def _update_failed(self, error: GatewayError) -> UpdateFailed:
        """Return the failure of the whole refresh in Home Assistant's terms."""
        key = next(k for kind, k in TRANSLATION_KEYS.items() if isinstance(error, kind))
        # Later on polls go on ticking: the client itself keeps the wait.
        retry_after = None
        if isinstance(error, GatewayRateLimitError) and self._is_setting_up:
            retry_after = error.retry_after
        return UpdateFailed(
            translation_domain=DOMAIN,
            translation_key=key,
            translation_placeholders={"error": str(error)},
            retry_after=retry_after,
        )


def _kept(value: object, before: object) -> object:
    """Return what was read, or what was there before where that is equal.

    So an entity sees at a glance that nothing is new. Meters and components, which come
    as a part of their own, are kept one by one.
    """
    if value == before:
        return before
    if not isinstance(value, dict) or not isinstance(before, dict):
        return value
    return {key: _kept(unit, before.get(key)) for key, unit in value.items()}


class LiveCoordinator(GatewayCoordinator[Live]):
    """Reads the power flow."""

    _cadence = LIVE_INTERVAL
    _essential = True
    _data_type = Live
    _reads: ClassVar[_Reads] = {
        "meters": GatewayClient.meters,
        "charge": GatewayClient.charge,
        "grid": GatewayClient.grid,
    }


class StateCoordinator(GatewayCoordinator[State]):
    """Reads batteries, settings, site controller, and all that vitals measure."""

    _cadence = STATE_INTERVAL
    _data_type = State
    _reads: ClassVar[_Reads] = {
        "system": GatewayClient.system_status,
        "operation": GatewayClient.operation,
        "site_controller": GatewayClient.site_controller,
        "grid_faults": GatewayClient.grid_faults,
        "components": GatewayClient.components,
        "site_meters": GatewayClient.site_meters,
        "solar_meters": GatewayClient.solar_meters,
    }
    _on_demand = frozenset({"site_meters", "solar_meters"})
    _after_setup = _on_demand | {"grid_faults", "components"}


class DeviceCoordinator(GatewayCoordinator[Devices]):
    """Reads what is installed."""

    _cadence = DEVICE_INTERVAL
    _data_type = Devices
    _reads: ClassVar[_Reads] = {
        "powerwalls": GatewayClient.powerwalls,
        "firmware_update": GatewayClient.firmware_update,
        "networks": GatewayClient.networks,
        "problems": GatewayClient.problems,
    }


class InfoCoordinator(GatewayCoordinator[Info]):
    """Reads what hardly ever changes."""

    _cadence = INFO_INTERVAL
    _data_type = Info
    _reads: ClassVar[_Reads] = {
        "status": GatewayClient.status,
        "site": GatewayClient.site,
        "registered": GatewayClient.registered,
        "generators": GatewayClient.generators,
        "solars": GatewayClient.solars,
    }
