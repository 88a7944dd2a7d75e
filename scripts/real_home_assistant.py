"""A real Home Assistant in a scratch folder: start, onboard, drive and stop it.

For the demo and the browser tests. It runs beside us, with the Python we run on,
listens on 127.0.0.1 only and installs nothing. Nothing of it is replaced, and we speak
to it as its own frontend does, over REST and its websocket.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
import json
import os
from pathlib import Path
import signal
import socket
import sys
import time
from typing import Any, Final

from aiohttp import ClientConnectionError, ClientSession, ClientTimeout

ROOT: Final = Path(__file__).resolve().parent.parent
VERSION: Final = version("homeassistant")

USERNAME: Final = "demo"
PASSWORD: Final = "demo"  # noqa: S105 - of a Home Assistant that lives for minutes

START_TIMEOUT: Final = 90.0
"""Seconds; a start takes 3, the very first one (everything is compiled) 12."""
STOP_TIMEOUT: Final = 20.0
"""Seconds; a stop takes 1 to 3."""
LOG_NAME: Final = "output.log"

# `default_config` would bring what speaks to the internet and needs more than Python.
CONTROLS: Final = frozenset({"number", "select", "switch"})

CONFIGURATION: Final = """\
homeassistant:
  name: Demo home
  latitude: 37.39
  longitude: -122.15
  elevation: 20
  unit_system: metric
  currency: USD
  country: US
  time_zone: {time_zone}
  internal_url: "{url}"
frontend:
config:
history:
logbook:
energy:
logger:
  default: warning
recorder:
  commit_interval: 1
"""


class RealHomeAssistantError(Exception):
    """Home Assistant does not run, or refused what we asked of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """The state of one entity, as the frontend gets it."""

    entity_id: str
    value: str
    unit: str
    """Empty where it has none."""


def _stored(key: str, version: int, minor_version: int, data: Any) -> str:
    """Return what a file of Home Assistant's own storage holds."""
    return json.dumps(
        {"key": key, "version": version, "minor_version": minor_version, "data": data}
    )


def _http_storage(port: int) -> str:
    """Return the web server's settings: `http:` in YAML would only be on trial."""
    stable = {
        "server_host": ["127.0.0.1"],
        "server_port": port,
        "cors_allowed_origins": [],
        "login_attempts_threshold": -1,
        "ip_ban_enabled": False,
        "ssl_profile": "modern",
        "use_x_frame_options": True,
        "created_at": "2026-01-01T00:00:00+00:00",
        "error": None,
        "error_message": None,
    }
    data = {"stable": stable, "pending": None, "yaml_migration_done": True}
    return _stored("http", 2, 2, data)


def _onboarding_storage() -> str:
    """Return onboarding with the user left to do.

    The step `core_config` would start integrations that want the internet.
    """
    done = ["core_config", "analytics", "integration"]
    return _stored("onboarding", 4, 1, {"done": done})


def _entries_storage() -> str:
    """Return config entries: the marketplace, which fetches its list, is off."""
    marketplace = {
        "created_at": "2026-01-01T00:00:00+00:00",
        "data": {},
        "disabled_by": "user",
        "discovery_keys": {},
        "domain": "marketplace",
        "entry_id": "01DEM00000000000000MARKET0",
        "minor_version": 1,
        "modified_at": "2026-01-01T00:00:00+00:00",
        "options": {},
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "source": "system",
        "subentries": [],
        "title": "",
        "unique_id": None,
        "version": 1,
    }
    return _stored("core.config_entries", 1, 5, {"entries": [marketplace]})


def _write_configuration(folder: Path, url: str, port: int, time_zone: str) -> None:
    """Fill the folder with all that Home Assistant finds when it starts."""
    storage = folder / ".storage"
    storage.mkdir(parents=True)
    configuration = CONFIGURATION.format(url=url, time_zone=time_zone)
    (folder / "configuration.yaml").write_text(configuration)
    (folder / "custom_components").symlink_to(ROOT / "custom_components")
    (storage / "http").write_text(_http_storage(port))
    (storage / "onboarding").write_text(_onboarding_storage())
    (storage / "core.config_entries").write_text(_entries_storage())


def _free_port() -> int:
    """Return a port of 127.0.0.1 that nobody uses now."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
    return port


def _environment() -> dict[str, str]:
    """Return our own environment without what would change Home Assistant's ways.

    Uncompiled, it starts four times as slowly. What is missing shall fail at once, not
    after three tries to fetch it.
    """
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONSAFEPATH"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return kept | {"UV_OFFLINE": "1"}


async def end_process(process: asyncio.subprocess.Process, patience: float) -> None:
    """Ask a process to end, and end it when it has not after this many seconds."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(patience):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


@dataclass(kw_only=True)
class RealHomeAssistant:
    """A running Home Assistant, driven as its owner."""

    url: str
    folder: Path
    session: ClientSession
    process: asyncio.subprocess.Process
    tokens: dict[str, Any] = field(default_factory=dict)
    """What a login gives, as the frontend keeps it for half an hour."""
    _token: str = ""
    """Our own, which lasts."""

    @classmethod
    @asynccontextmanager
    async def running(
        cls, folder: Path, *, time_zone: str = "Etc/UTC"
    ) -> AsyncGenerator[RealHomeAssistant]:
        """Start one in a new folder, onboard it, and stop it in the end."""
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        _write_configuration(folder, url, port, time_zone)
        command = [sys.executable, "-P", "-m", "homeassistant", "--log-no-color"]
        with (folder / LOG_NAME).open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *command,
                f"--config={folder}",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is ours: we stop it in good order
            )
        try:
            async with ClientSession(url, timeout=ClientTimeout(total=30)) as session:
                home = cls(url=url, folder=folder, session=session, process=process)
                await home._get_ready()
                yield home
        finally:
            await end_process(process, STOP_TIMEOUT)

    async def _get_ready(self) -> None:
        """Wait for the start, create the user and log in."""
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await self._wait_for_answer()
                await self._onboard()
                while (await self.get("/api/config"))["state"] != "RUNNING":
                    await self._breathe()
        except TimeoutError as err:
            raise self._failure(f"has not started in {START_TIMEOUT:.0f} s") from err

    async def _wait_for_answer(self) -> None:
        while True:
            try:
                await self.get("/api/onboarding")
            except ClientConnectionError:
                await self._breathe()
            else:
                return

    async def _breathe(self) -> None:
        """Wait a moment for a process that must be there still."""
        self.check_alive()
        await asyncio.sleep(0.05)

    def check_alive(self) -> None:
        """Raise when Home Assistant has ended by itself."""
        if self.process.returncode is not None:
            raise self._failure(f"ended with exit code {self.process.returncode}")

    def _failure(self, message: str) -> RealHomeAssistantError:
        """Return an error with the end of the log, whose file does not last."""
        lines = [f"Home Assistant {message}", *self.log()[-20:]]
        return RealHomeAssistantError("\n".join(lines))

    async def _onboard(self) -> None:
        client_id = f"{self.url}/"
        user = {"client_id": client_id, "name": "Demo", "language": "en"}
        user |= {"username": USERNAME, "password": PASSWORD}
        code = (await self.post("/api/onboarding/users", user))["auth_code"]
        form = {
            "client_id": client_id,
            "grant_type": "authorization_code",
            "code": code,
        }
        async with self.session.post("/auth/token", data=form) as response:
            self.tokens = await response.json()
        self.tokens |= {"clientId": client_id, "hassUrl": self.url}
        self.tokens["expires"] = int((time.time() + self.tokens["expires_in"]) * 1000)
        self._authorize(self.tokens["access_token"])
        self._authorize(
            await self.command(
                "auth/long_lived_access_token", client_name="scripts", lifespan=365
            )
        )

    def _authorize(self, token: str) -> None:
        self._token = token
        self.session.headers["Authorization"] = f"Bearer {token}"

    async def get(self, path: str) -> Any:
        """Read something over REST."""
        return await self._request("GET", path)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Ask for something over REST."""
        return await self._request("POST", path, json=body)

    async def _request(self, method: str, path: str, **kwargs: Any) -> Any:
        async with self.session.request(method, path, **kwargs) as response:
            if not response.ok:
                text = (await response.text()).strip()
                raise RealHomeAssistantError(
                    f"Home Assistant answers {response.status} to {path}: {text}"
                )
            return await response.json()

    async def command(self, kind: str, **fields: Any) -> Any:
        """Ask for something over the websocket, as the frontend mostly does."""
        async with self.session.ws_connect("/api/websocket", max_msg_size=0) as socket_:
            await socket_.receive_json()
            await socket_.send_json({"type": "auth", "access_token": self._token})
            await socket_.receive_json()
            await socket_.send_json({"id": 1, "type": kind, **fields})
            answer = await socket_.receive_json()
        if not answer["success"]:
            raise RealHomeAssistantError(
                f"Home Assistant refuses {kind}: {answer['error']['message']}"
            )
        return answer["result"]

    async def add_integration(self, domain: str, fields: Mapping[str, Any]) -> str:
        """Go through a config flow of one form, and return the new entry's id."""
        flow = await self.post("/api/config/config_entries/flow", {"handler": domain})
        path = f"/api/config/config_entries/flow/{flow['flow_id']}"
        result = await self.post(path, fields)
        if result["type"] != "create_entry":
            told = result.get("errors") or result.get("reason") or result["type"]
            raise RealHomeAssistantError(f"the config flow of {domain} says {told}")
        entry_id: str = result["result"]["entry_id"]
        return entry_id

    async def entry_state(self, entry_id: str) -> str:
        """Return how an integration is: `loaded`, `setup_retry` and so on."""
        answer = await self.command("config_entries/get_single", entry_id=entry_id)
        state: str = answer["config_entry"]["state"]
        return state

    async def entities(self, domain: str) -> dict[str, str]:
        """Return the enabled entities of an integration: unique id to entity id.

        Without controls: the sensor of what one sets has the same unique id.
        """
        return {
            entity["unique_id"]: entity["entity_id"]
            for entity in await self.command("config/entity_registry/list")
            if entity["platform"] == domain
            and entity["disabled_by"] is None
            and entity["entity_id"].partition(".")[0] not in CONTROLS
        }

    async def states(self) -> dict[str, State]:
        """Return all states by entity id."""
        return {
            state["entity_id"]: State(
                entity_id=state["entity_id"],
                value=state["state"],
                unit=state["attributes"].get("unit_of_measurement", ""),
            )
            for state in await self.get("/api/states")
        }

    async def act(self, action: str, **fields: Any) -> None:
        """Call an action, such as `homeassistant.update_entity`."""
        await self.post(f"/api/services/{action.replace('.', '/')}", fields)

    async def import_statistics(
        self, entity_id: str, unit: str, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Add hours of an energy that nobody recorded: their start, state and sum."""
        metadata = {
            "statistic_id": entity_id,
            "unit_of_measurement": unit,
            "unit_class": "energy",
            "has_sum": True,
            "mean_type": 0,
            "name": None,
            "source": "recorder",
        }
        await self.command("recorder/import_statistics", metadata=metadata, stats=rows)

    def log(self) -> list[str]:
        """Return what Home Assistant has written so far, line by line."""
        return (self.folder / LOG_NAME).read_text(errors="replace").splitlines()
