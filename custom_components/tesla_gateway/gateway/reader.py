"""What a gateway tells: nouns that read, models that come out."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from . import parse, parse_installation, parse_inverter, vitals
from .components import Components
from .errors import (
    GatewayAbsentError,
    GatewayError,
    GatewayForbiddenError,
    GatewayIdentityError,
    GatewayRateLimitError,
    GatewayRejectedError,
    GatewayResponseError,
)
from .installation import (
    FirmwareUpdate,
    Generators,
    Networks,
    Powerwalls,
    Site,
    SolarSystems,
    Status,
)
from .journal import Journal
from .models import (
    Charge,
    GatewayModel,
    Grid,
    GridFaults,
    Identity,
    Meters,
    Operation,
    PhaseMeters,
    SiteController,
    SystemStatus,
)
from .record import GatewayRecord
from .session import GatewaySession

SURVEYED: Final = (
    "/api/auth/toggle/supported",
    "/api/autoconfig/status",
    "/api/config",
    "/api/customer/registration",
    "/api/devices/vitals",
    "/api/generators",
    "/api/generators/disconnect_types",
    "/api/meters",
    "/api/meters/readings",
    "/api/meters/site",
    "/api/meters/solar",
    "/api/meters/status",
    "/api/networks",
    "/api/powerwalls/status",
    "/api/site_info/site_name",
    "/api/solar_powerwall",
    "/api/solars",
    "/api/system/update/status",
    "/api/system_status/grid_faults",
    "/api/troubleshooting/problems",
    "/tedapi/din",
)
"""What is worth reading for a report of trouble, though perhaps nothing polls it.

Never among them is what acts when it is asked: `/api/sitemaster/run` and `/stop`,
`/api/config/completed` and `/api/logout`.
"""
UNAVAILABLE_ERRORS: Final = (GatewayAbsentError, GatewayForbiddenError)
"""Errors that say that a gateway does not have it, or not for this login."""
_SAME_START: Final = timedelta(minutes=1)
"""By how much a start that is worked out from the uptime may move."""


class GatewayReader:
    """Reads one gateway.

    All raise the errors of `errors`, most telling: GatewayAbsentError (this
    firmware has no such endpoint), GatewayForbiddenError (not for this login)
    and GatewayStoppedError (the site controller is stopped).
    """

    def __init__(self, session: GatewaySession) -> None:
        """Prepare the client; nothing is sent before the first request."""
        self._session = session
        self._firmware: str | None = None
        self._has_vitals = False
        self._started_at: datetime | None = None

    def poll(self) -> AbstractContextManager[None]:
        """Make the reads inside one round, with one time limit for all."""
        return self._session.poll()

    @property
    def record(self) -> GatewayRecord:
        """Return what outlives this client: token, waits, logins spent."""
        return self._session.record

    @property
    def is_login_refused(self) -> bool:
        """Return whether the gateway refused the last login."""
        return self._session.record.is_login_refused

    @property
    def outcomes(self) -> dict[str, str]:
        """Return the last outcome of every endpoint asked so far."""
        return self._session.endpoints.outcomes

    @property
    def journal(self) -> Journal:
        """Return what the gateway has said so far, for reports of trouble."""
        return self._session.journal

    async def survey(self) -> None:
        """Ask what has not been read yet, so that the journal has it.

        Within one round of reading; what fails is in the journal too.
        """
        unasked = [each for each in SURVEYED if not self.journal.has_answer(each)]
        # Of the slots for requests one stays free for what is polled.
        lanes = asyncio.Semaphore(2)

        async def ask(path: str) -> None:
            async with lanes:
                with suppress(GatewayError):
                    await self._session.get(path)

        with self.poll():
            await asyncio.gather(*map(ask, unasked))

    async def status(self) -> Status:
        """Read the gateway itself; new firmware may have other endpoints."""
        body = await self._session.get("/api/status")
        status = parse_installation.status(body, now=datetime.now(UTC))
        if self._firmware not in (None, status.firmware):
            self._session.endpoints.forget()
            self._has_vitals = False
        self._firmware = status.firmware
        self._started_at = _steady(status.started_at, self._started_at)
        return replace(status, started_at=self._started_at)

    async def site(self) -> Site:
        """Read the installation, or its name where there is no more."""
        try:
            return await self._site("/api/site_info")
        except UNAVAILABLE_ERRORS:
            return await self.site_name()

    async def site_name(self) -> Site:
        """Read the name and time zone of the installation."""
        return await self._site("/api/site_info/site_name")

    async def _site(self, path: str) -> Site:
        """Read what an endpoint tells of the installation."""
        return parse_installation.site(path, await self._session.get(path))

    async def meters(self) -> Meters:
        """Read power, lifetime energy and more of every metering point."""
        return parse.meters(await self._session.get("/api/meters/aggregates"))

    async def charge(self) -> Charge:
        """Read the state of charge of the whole system."""
        return parse.charge(await self._session.get("/api/system_status/soe"))

    async def grid(self) -> Grid:
        """Read how the site stands to the grid."""
        return parse.grid(await self._session.get("/api/system_status/grid_status"))

    async def system_status(self) -> SystemStatus:
        """Read the batteries."""
        return parse.system_status(await self._session.get("/api/system_status"))

    async def operation(self) -> Operation:
        """Read operation mode and backup reserve."""
        return parse.operation(await self._session.get("/api/operation"))

    async def site_controller(self) -> SiteController:
        """Read the program that runs the site."""
        return parse.site_controller(await self._session.get("/api/sitemaster"))

    async def grid_faults(self) -> GridFaults:
        """Read the disturbances of the grid that the gateway remembers."""
        body = await self._session.get("/api/system_status/grid_faults")
        return parse.grid_faults(body, now=datetime.now(UTC))

    async def components(self) -> Components:
        """Read every device of the site, with its readings and alerts.

        Firmware from 23.44 on has at most a solar inverter to tell of, without its
        serial number. Firmware that has had vitals has them again after a while.
        """
        try:
            found = vitals.components(await self._session.get("/api/devices/vitals"))
        except UNAVAILABLE_ERRORS:
            if self._has_vitals:
                raise
            body = await self._session.get("/api/solar_powerwall")
            return parse_inverter.solar_inverter(body)
        self._has_vitals = True
        return found

    async def site_meters(self) -> PhaseMeters:
        """Read the meters at the grid, phase by phase."""
        return await self._phase_meters("/api/meters/site")

    async def solar_meters(self) -> PhaseMeters:
        """Read the meters at the panels, phase by phase."""
        return await self._phase_meters("/api/meters/solar")

    async def _phase_meters(self, path: str) -> PhaseMeters:
        """Read the meters at one location."""
        return parse.phase_meters(path, await self._session.get(path))

    async def powerwalls(self) -> Powerwalls:
        """Read the installed Powerwalls."""
        body = await self._session.get("/api/powerwalls")
        return parse_installation.powerwalls(body)

    async def firmware_update(self) -> FirmwareUpdate:
        """Read how far a firmware update is."""
        body = await self._session.get("/api/system/update/status")
        return parse_installation.firmware_update(body)

    async def networks(self) -> Networks:
        """Read over what the gateway reaches the internet."""
        body = await self._session.get("/api/networks")
        return parse_installation.networks(body)

    async def problems(self) -> tuple[object, ...]:
        """Read what the gateway has to complain of, as JSON."""
        body = await self._session.get("/api/troubleshooting/problems")
        return parse_installation.problems(body)

    async def registered(self) -> bool | None:
        """Read whether the owner is registered with Tesla."""
        body = await self._session.get("/api/customer/registration")
        return parse_installation.registered(body)

    async def generators(self) -> Generators:
        """Read the generators, and how they can be parted from the grid."""
        body = await self._session.get("/api/generators")
        types = await self._if_told(self._disconnect_types) or ()
        return parse_installation.generators(body, types)

    async def _disconnect_types(self) -> tuple[str, ...]:
        """Read how generators can be parted from the grid."""
        body = await self._session.get("/api/generators/disconnect_types")
        return parse_installation.disconnect_types(body)

    async def solars(self) -> SolarSystems:
        """Read the solar systems as the installer described them."""
        return parse_installation.solars(await self._session.get("/api/solars"))

    async def identity(self) -> Identity:
        """Find out who answers, from whatever this firmware has.

        Raise GatewayIdentityError when nothing gives a DIN.
        """
        status = await self._if_told(self.status)
        din = (status.din if status else None) or await self._din()
        site = await self._if_told(self.site_name, forgiven=GatewayError)
        controller = await self._if_told(self.site_controller, forgiven=GatewayError)
        # The Powerwall 3 is the one gateway known to have neither.
        absent = self._session.endpoints.is_absent("/api/status") and not site
        unknown = GatewayModel.POWERWALL_3 if absent else GatewayModel.OTHER
        return Identity(
            din=din,
            model=status.model if status else unknown,
            firmware=status.firmware if status else None,
            site_name=site.name if site else None,
            running=controller.running if controller else None,
        )

    async def open_din(self) -> str | None:
        """Read the DIN as far as it is told to anybody: without token and login.

        A refusal tells nothing of it. Raise what says that no gateway answers.
        """
        try:
            body = await self._session.get_openly("/api/status")
        except GatewayRejectedError, GatewayRateLimitError:
            return None
        return parse_installation.status(body, now=datetime.now(UTC)).din

    async def _din(self) -> str:
        """Return the DIN from where firmware without it in the status has it."""
        powerwalls = await self._if_told(self.powerwalls)
        din = powerwalls.gateway_din if powerwalls else None
        din = din or await self._if_told(self._config_din)
        din = din or await self._if_told(self._tedapi_din)
        if din is None:
            raise GatewayIdentityError("the gateway does not say who it is")
        return din

    async def _config_din(self) -> str | None:
        """Read the DIN in the configuration."""
        return parse.config_din(await self._session.get("/api/config"))

    async def _tedapi_din(self) -> str:
        """Read the DIN where the Powerwall 3 has it too."""
        return parse.din(await self._session.get("/tedapi/din"))

    async def _if_told[ModelT](
        self,
        read: Callable[[], Awaitable[ModelT]],
        *,
        forgiven: type[GatewayError] | tuple[type[GatewayError], ...] = (
            GatewayRejectedError,
            GatewayResponseError,
        ),
    ) -> ModelT | None:
        """Return what an endpoint gives, or None where it gives nothing readable."""
        try:
            return await read()
        except forgiven:
            if self._session.record.token is None:
                raise  # The login itself: nothing else will be told either.
            return None


def _steady(moment: datetime | None, before: datetime | None) -> datetime | None:
    """Return the moment of before while it is the same but for what passed on the way.

    A start worked out from an uptime is never twice the same.
    """
    if moment and before and abs(moment - before) < _SAME_START:
        return before
    return moment
