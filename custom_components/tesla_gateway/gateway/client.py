"""A gateway as its users speak of it: nouns read, verbs write."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager

from . import parse
from .errors import (
    GatewayAbsentError,
    GatewayError,
    GatewayForbiddenError,
    GatewayIdentityError,
    GatewayRejectedError,
    GatewayResponseError,
)
from .models import (
    Charge,
    GatewayModel,
    Grid,
    Identity,
    Meters,
    Operation,
    Powerwalls,
    Site,
    SiteController,
    Status,
    SystemStatus,
)
from .session import GatewaySession


class GatewayClient:
    """Reads one gateway.

    Reads raise the errors of `errors`, most telling: GatewayAbsentError (this
    firmware has no such endpoint), GatewayForbiddenError (not for this login)
    and GatewayStoppedError (the site controller is stopped).
    """

    def __init__(self, session: GatewaySession) -> None:
        """Prepare the client; nothing is sent before the first request."""
        self._session = session
        self._firmware: str | None = None

    def poll(self) -> AbstractContextManager[None]:
        """Make the reads inside one round, with one time limit for all."""
        return self._session.poll()

    @property
    def is_login_refused(self) -> bool:
        """Return whether the gateway refused the last login."""
        return self._session.record.is_login_refused

    @property
    def outcomes(self) -> dict[str, str]:
        """Return the last outcome of every endpoint asked so far."""
        return self._session.endpoints.outcomes

    async def login(self) -> None:
        """Log in at once, because a person asks for it."""
        await self._session.login()

    async def status(self) -> Status:
        """Read the gateway itself; new firmware may have other endpoints."""
        status = parse.status(await self._session.get("/api/status"))
        if self._firmware not in (None, status.firmware):
            self._session.endpoints.forget()
        self._firmware = status.firmware
        return status

    async def site(self) -> Site:
        """Read the installation, or its name where there is no more."""
        try:
            return parse.site(await self._session.get("/api/site_info"))
        except GatewayAbsentError, GatewayForbiddenError:
            return await self.site_name()

    async def site_name(self) -> Site:
        """Read the name and time zone of the installation."""
        return parse.site(await self._session.get("/api/site_info/site_name"))

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

    async def powerwalls(self) -> Powerwalls:
        """Read the installed Powerwalls."""
        return parse.powerwalls(await self._session.get("/api/powerwalls"))

    async def identity(self) -> Identity:
        """Find out who answers, from whatever this firmware has.

        Raise GatewayIdentityError when nothing gives a DIN.
        """
        status = await self._if_told(self.status)
        din = (status.din if status else None) or await self._din()
        site = await self._if_told(self.site_name, forgiven=GatewayError)
        controller = await self._if_told(self.site_controller, forgiven=GatewayError)
        # The Powerwall 3 is the one gateway known to have neither.
        absent = self.outcomes.get("/api/status") == "404" and not site
        unknown = GatewayModel.POWERWALL_3 if absent else GatewayModel.OTHER
        return Identity(
            din=din,
            model=status.model if status else unknown,
            firmware=status.firmware if status else None,
            site_name=site.name if site else None,
            running=controller.running if controller else None,
        )

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
