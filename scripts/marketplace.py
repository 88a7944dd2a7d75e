"""Add and install this repository as the Marketplace of Home Assistant does it.

The Marketplace is part of Home Assistant from 2026.11 on. Its own code meets a GitHub
on 127.0.0.1 here that has the working tree as its only release: it finds out what that
is, takes it as a custom repository and installs it. Then it meets the same tree spoiled
in several ways, and each time there has to be something amiss.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import io
import json
import logging
from pathlib import Path
import subprocess
import sys
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Final, override
import zipfile

from aiohttp import ThreadedResolver, web
from awesomeversion import AwesomeVersion

from homeassistant import const, loader
from homeassistant.components.lovelace import LovelaceData
from homeassistant.components.lovelace.const import LOVELACE_DATA
from homeassistant.components.lovelace.resources import ResourceYAMLCollection
from homeassistant.components.marketplace import profiles
from homeassistant.components.marketplace.base import MarketplaceManager
from homeassistant.components.marketplace.const import CONF_PROFILE, DOMAIN
from homeassistant.components.marketplace.enums import RepositoryCategory
from homeassistant.components.marketplace.exceptions import MarketplaceError
from homeassistant.components.marketplace.utils.logger import LOGGER
from homeassistant.components.marketplace.utils.regex import extract_repository_from_url
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry
from homeassistant.helpers.aiohttp_client import DATA_RESOLVER

ROOT: Final = Path(__file__).resolve().parent.parent
CUSTOM: Final = "custom_components"
PACKAGE: Final = f"{CUSTOM}/tesla_gateway"
MANIFEST: Final = f"{PACKAGE}/manifest.json"
HACS: Final = "hacs.json"
NEWEST: Final = const.__version__
FLOOR: Final = "2026.9.0"
"""The oldest Home Assistant that we support."""
BELOW_FLOOR: Final = "2026.8.4"
BRANCH: Final = "main"

type Tree = dict[str, bytes]
"""The files of a repository, by their paths in it."""


class AmissError(Exception):
    """The Marketplace refuses, complains, or installs something else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHub:
    """What GitHub tells of a repository with one release."""

    name: str
    """Owner and repository, as in its address."""
    tag: str
    tree: Tree

    def app(self) -> web.Application:
        """Return it as a server of its API, of raw files and of archives."""
        app, api = web.Application(), f"/repos/{self.name}"
        app.add_routes(
            [
                web.get(api, self._repository),
                web.get(f"{api}/branches/{BRANCH}", self._branch),
                web.get(f"{api}/releases", self._releases),
                web.get(f"{api}/git/trees/{self.tag}", self._tree),
                web.get(f"{api}/contents/{{path:.+}}", self._contents),
                web.get(f"/{self.name}/{self.tag}/{{path:.+}}", self._raw),
                web.get(f"/{self.name}/archive/refs/tags/{self.tag}.zip", self._zip),
            ]
        )
        return app

    async def _repository(self, _: web.Request) -> web.Response:
        """Tell what everybody is told."""
        return web.json_response(
            {"id": 1, "full_name": self.name, "default_branch": BRANCH}
        )

    async def _branch(self, _: web.Request) -> web.Response:
        """Tell the last commit."""
        return web.json_response({"commit": {"sha": "0" * 40}})

    async def _releases(self, _: web.Request) -> web.Response:
        """List the one release, which has no files of its own."""
        release = {"tag_name": self.tag, "draft": False, "prerelease": False}
        return web.json_response([{**release, "assets": []}])

    async def _tree(self, _: web.Request) -> web.Response:
        """List folders and files, as in a tree that is read recursively."""
        folders = {str(each) for path in self.tree for each in Path(path).parents}
        kinds = dict.fromkeys(folders - {"."}, "tree") | dict.fromkeys(
            self.tree, "blob"
        )
        entries = [{"path": path, "type": kinds[path]} for path in sorted(kinds)]
        return web.json_response({"tree": entries, "truncated": False})

    async def _contents(self, request: web.Request) -> web.Response:
        """Return a file as the API does."""
        return web.json_response({"content": b64encode(self._file(request)).decode()})

    async def _raw(self, request: web.Request) -> web.Response:
        """Return a file as it is."""
        return web.Response(body=self._file(request))

    async def _zip(self, _: web.Request) -> web.Response:
        """Return the archive of the release."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path, content in self.tree.items():
                archive.writestr(f"repository-{self.tag}/{path}", content)
        return web.Response(body=packed.getvalue())

    def _file(self, request: web.Request) -> bytes:
        """Return a file that is asked for."""
        content = self.tree.get(request.match_info["path"])
        if content is None:
            raise web.HTTPNotFound
        return content


class Complaints(logging.Handler):
    """Keeps what is logged as a warning or worse."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__(logging.WARNING)
        self.told: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep what is said, but of what hacs.json leaves out.

        On its way from one object to another, all that is missing becomes None there.
        """
        if not (message := record.getMessage()).endswith(", None is not valid"):
            self.told.append(message)


def working_tree() -> Tree:
    """Return what would be committed of this repository now."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(  # noqa: S603  # our own text
        command, cwd=ROOT, check=True, capture_output=True, text=True
    )
    paths = (path for path in listed.stdout.split("\0") if (ROOT / path).is_file())
    return {path: (ROOT / path).read_bytes() for path in paths}


@asynccontextmanager
async def _served(github: GitHub) -> AsyncGenerator[str]:
    """Serve GitHub; return its address."""
    runner = web.AppRunner(github.app(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _marketplace(folder: str, address: str) -> AsyncGenerator[MarketplaceManager]:
    """Return the Marketplace of a Home Assistant that is not started."""
    profile = profiles.DownloadProfile(
        id="here",
        operator="us",
        **dict.fromkeys(("api", "github", "raw", "catalog"), address),
    )
    profiles.PROFILES[profile.id] = profile
    hass = HomeAssistant(folder)
    loader.async_setup(hass)
    await issue_registry.async_load(hass, load_empty=True)
    # The usual one asks the network.
    hass.data[str(DATA_RESOLVER)] = ThreadedResolver()
    hass.data[LOVELACE_DATA] = LovelaceData(
        "storage", {}, ResourceYAMLCollection([]), {}
    )
    manager = MarketplaceManager(hass, _entry(profile.id))
    manager.status.startup = False
    manager.enable_category(RepositoryCategory.INTEGRATION)
    try:
        yield manager
    finally:
        await hass.async_stop(force=True)
        # It has looked for integrations in a folder that nobody else has.
        sys.path[:] = [path for path in sys.path if path != folder]
        for module in [each for each in sys.modules if each.startswith(CUSTOM)]:
            del sys.modules[module]


def _entry(profile: str) -> ConfigEntry[Any]:
    """Return the config entry of the Marketplace."""
    return ConfigEntry(
        data={},
        discovery_keys=MappingProxyType({}),
        domain=DOMAIN,
        minor_version=1,
        options={CONF_PROFILE: profile},
        source="system",
        subentries_data=None,
        title="",
        unique_id=None,
        version=1,
    )


async def check(tree: Tree, ours: Tree, home_assistant: str) -> None:
    """Add and install a repository; raise AmissError unless that goes as it should."""
    complaints = Complaints()
    LOGGER.addHandler(complaints)
    LOGGER.propagate = False
    try:
        await _install(tree, ours, home_assistant)
    except MarketplaceError as err:
        raise AmissError(str(err)) from err
    finally:
        LOGGER.removeHandler(complaints)
    _expect("complaints", complaints.told, [])


async def _install(tree: Tree, ours: Tree, home_assistant: str) -> None:
    """Do what the page of the Marketplace does, and look at what comes of it."""
    manifest = json.loads(ours[MANIFEST])
    name = extract_repository_from_url(manifest["documentation"])
    github = GitHub(name=name, tag=f"v{manifest['version']}", tree=tree)
    with TemporaryDirectory() as folder:
        async with (
            _served(github) as address,
            _marketplace(folder, address) as marketplace,
        ):
            marketplace.version = AwesomeVersion(home_assistant)
            found = await marketplace.async_detect_categories(name)
            _expect("category", found, [RepositoryCategory.INTEGRATION])
            errors = await marketplace.async_register_repository(name, found[0])
            _expect("errors", list(map(str, errors or ())), [])
            repository = marketplace.repositories.get_by_full_name(name)
            await repository.async_install_repository(ref=github.tag)
            hacs, data = repository.repository_manifest, repository.data
            told = {
                "new enough": repository.can_install,
                "floor": hacs.homeassistant,
                "version": data.installed_version,
                "domain": data.domain,
                "names": (repository.display_name, data.manifest_name),
                "has a config flow": data.config_flow,
                "wants a restart": repository.pending_restart,
            }
        _expect("it", told, _wanted(manifest, github.tag))
        _expect("files", _installed(Path(folder)), _content(tree))


def _wanted(manifest: dict[str, Any], tag: str) -> dict[str, object]:
    """Return what the Marketplace shall know of the repository in the end."""
    return {
        "new enough": True,
        "floor": FLOOR,
        "version": tag,
        "domain": manifest["domain"],
        "names": (manifest["name"], manifest["name"]),
        "has a config flow": True,
        "wants a restart": False,
    }


def _expect(what: str, found: object, wanted: object) -> None:
    """Complain about what is not as it should be."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = sorted(
            key for key in wanted | found if found.get(key) != wanted.get(key)
        )
        found, wanted = (
            {key: each.get(key) for key in keys} for each in (found, wanted)
        )
    if found != wanted:
        raise AmissError(f"{what}: {found!r:.300}, not {wanted!r:.300}")


def _installed(folder: Path) -> Tree:
    """Return the files of the integration in a folder of Home Assistant."""
    root = folder / PACKAGE
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def _content(tree: Tree) -> Tree:
    """Return the files of the integration in a repository."""
    return {
        path.removeprefix(f"{PACKAGE}/"): content
        for path, content in tree.items()
        if path.startswith(f"{PACKAGE}/")
    }


def _edited(tree: Tree, path: str, **changes: object) -> Tree:
    """Return the tree with keys of one JSON file changed, or taken out by None."""
    document = json.loads(tree[path]) | changes
    kept = {key: value for key, value in document.items() if value is not None}
    return tree | {path: json.dumps(kept).encode()}


def spoiled(tree: Tree) -> dict[str, Tree]:
    """Return trees with one thing wrong in each."""
    other = tree[MANIFEST].replace(b"tesla_gateway", b"another")
    return {
        "no hacs.json": {path: tree[path] for path in tree.keys() - {HACS}},
        "no manifest.json": {path: tree[path] for path in tree.keys() - {MANIFEST}},
        "two integrations": tree | {f"{CUSTOM}/a/manifest.json": other},
        "needs a newer one": _edited(tree, HACS, homeassistant="2099.1.0"),
        "needs no version": _edited(tree, HACS, homeassistant="newest"),
        "needs any version": _edited(tree, HACS, homeassistant=None),
        "a name that is none": _edited(tree, HACS, name=5),
        "content elsewhere": _edited(tree, HACS, content_in_root=True),
        "a domain with a blank": _edited(tree, MANIFEST, domain="tesla gateway"),
        "a domain of core": _edited(tree, MANIFEST, domain="powerwall"),
        "no domain": _edited(tree, MANIFEST, domain=None),
        "no version": _edited(tree, MANIFEST, version=None),
        "a version that is none": _edited(tree, MANIFEST, version="one"),
        "a config flow that is none": _edited(tree, MANIFEST, config_flow="yes"),
        "no name": _edited(tree, MANIFEST, name=5),
    }


async def main() -> int:
    """Print what becomes of each tree; return 1 when one is not as it should be."""
    logging.getLogger(loader.__name__).setLevel(logging.ERROR)  # all are untested there
    ours = working_tree()
    failed = 0
    for version in (NEWEST, FLOOR):
        try:
            await check(ours, ours, version)
        except AmissError as err:
            failed += 1
            print(f"{version}: {err}")
        else:
            print(f"{version}: added and installed, {len(_content(ours))} files")
    wrong = {name: (tree, NEWEST) for name, tree in spoiled(ours).items()}
    wrong |= {"an older Home Assistant": (ours, BELOW_FLOOR)}
    for name, (tree, version) in wrong.items():
        try:
            await check(tree, ours, version)
        except AmissError as err:
            print(f"{name}: noticed ({err!s:.150})")
        else:
            failed += 1
            print(f"{name}: not noticed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
