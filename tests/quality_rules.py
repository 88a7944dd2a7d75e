"""What the Integration Quality Scale demands that can be read off the code.

Each rule comes with small files that break it, as in `house_rules`.
"""

import ast
from collections.abc import Callable, Iterator
from typing import Final

from .house_rules import CLIENT, HOUSE, Rule, Source
from .rooms import PLATFORMS

RAISED: Final = (
    *("ConfigEntryAuthFailed", "ConfigEntryError", "ConfigEntryNotReady"),
    *("HomeAssistantError", "ServiceValidationError", "UpdateFailed"),
)
"""What people see the text of."""
SUBSCRIPTIONS: Final = (
    *("async_add_listener", "async_at_started", "async_dispatcher_connect"),
    *("async_listen", "async_listen_once", "async_track_state_change_event"),
    *("async_track_time_interval", "async_call_later"),
)


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield what is called, by the last part of its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2], node


def functions(
    tree: ast.AST, name: str
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the functions and methods of a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            node.name == name
        ):
            yield node


def registers_actions_late(source: Source) -> list[str]:
    """Return what registers actions anywhere but from `async_setup`."""
    allowed = {"__init__": "async_setup", "services": "async_setup_services"}
    tree = source.tree
    inside = {
        id(call)
        for function in functions(tree, allowed.get(source.name, ""))
        for _, call in calls(function)
    }
    return [
        name
        for name, call in calls(tree)
        if name == "async_setup_services"
        or (name.startswith("async_register") and "service" in ast.unparse(call.func))
        if id(call) not in inside
    ]


def sets_no_parallel_updates(source: Source) -> bool:
    """Return whether a platform leaves out how many updates go at once."""
    return not any(
        isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "PARALLEL_UPDATES"
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, int)
        for node in source.tree.body
    )


def subscribes_in_init(source: Source) -> list[str]:
    """Return what is subscribed to while an entity is made."""
    return [
        name
        for function in functions(source.tree, "__init__")
        for name, _ in calls(function)
        if name in SUBSCRIPTIONS
    ]


def keeps_data_in_hass(source: Source) -> list[str]:
    """Return what is kept in or taken from Home Assistant's common data."""
    return [
        text
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute)
        if (text := ast.unparse(node)).endswith("hass.data")
    ]


def sets(*names: str) -> Callable[[Source], list[str]]:
    """Return what finds that some attributes or arguments are set."""

    def check(source: Source) -> list[str]:
        found = [
            ast.unparse(target).rpartition(".")[2]
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (
                node.targets if isinstance(node, ast.Assign) else [node.target]
            )
        ]
        found += [
            str(keyword.arg)
            for _, call in calls(source.tree)
            for keyword in call.keywords
        ]
        return [name for name in found if name in names]

    return check


def derives_from(*bases: str) -> Callable[[Source], list[str]]:
    """Return what finds classes that are made of others."""
    return lambda source: [
        node.name
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
        if {ast.unparse(base).partition("[")[0] for base in node.bases} & {*bases}
    ]


def raises_untranslated(source: Source) -> list[str]:
    """Return failures without a text of their own in the translations."""
    return [
        name
        for name, call in calls(source.tree)
        if name in RAISED
        if call.args
        or {"translation_domain", "translation_key"}
        - {keyword.arg for keyword in call.keywords}
    ]


def names_untyped_entry(source: Source) -> list[str]:
    """Return functions that take a config entry of no type in particular."""
    return [
        node.name
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if any(
            each.annotation
            and ast.unparse(each.annotation) in {"ConfigEntry", "ConfigEntry[Any]"}
            for each in (*node.args.args, *node.args.kwonlyargs)
        )
    ]


def blocks(source: Source) -> list[str]:
    """Return what is handed to a thread, or sleeps."""
    return [
        name
        for name, call in calls(source.tree)
        if name in {"async_add_executor_job", "run_in_executor", "to_thread"}
        or ast.unparse(call.func) == "time.sleep"
    ]


def makes_sessions(source: Source) -> list[str]:
    """Return what makes a web session of its own."""
    return [name for name, _ in calls(source.tree) if name == "ClientSession"]


_PLATFORM_FILES: Final = tuple(f"{HOUSE}/{name}.py" for name in PLATFORMS)
_ALL: Final = (f"{HOUSE}/*.py",)

QUALITY_RULES: Final[dict[str, Rule]] = {
    "action-setup": Rule(
        files=_ALL,
        check=registers_actions_late,
        broken_by=(
            (
                f"{HOUSE}/__init__.py",
                "async def async_setup_entry():\n async_setup_services(hass)",
            ),
            (
                f"{HOUSE}/services.py",
                "def a():\n hass.services.async_register(DOMAIN, 'a', a)",
            ),
            (
                f"{HOUSE}/switch.py",
                "def a():\n service.async_register_admin_service(hass, 'a')",
            ),
        ),
    ),
    "common-modules": Rule(
        files=_ALL,
        but=(f"{HOUSE}/coordinator.py", f"{HOUSE}/entity.py"),
        check=derives_from("CoordinatorEntity", "DataUpdateCoordinator"),
        broken_by=(
            (f"{HOUSE}/sensor.py", "class A(CoordinatorEntity[B], SensorEntity): ..."),
            (f"{HOUSE}/__init__.py", "class A(DataUpdateCoordinator): ..."),
        ),
    ),
    "entity-event-setup": Rule(
        files=(*_PLATFORM_FILES, f"{HOUSE}/entity.py"),
        check=subscribes_in_init,
        broken_by=(
            (
                f"{HOUSE}/sensor.py",
                "class A:\n def __init__(self):\n  b.async_add_listener(self.c)",
            ),
        ),
    ),
    "has-entity-name": Rule(
        files=_ALL,
        check=sets("_attr_name", "_attr_entity_id", "entity_id"),
        broken_by=(
            (f"{HOUSE}/sensor.py", "class A:\n _attr_name = 'Power'"),
            (f"{HOUSE}/sensor.py", "self.entity_id = 'sensor.power'"),
        ),
    ),
    "runtime-data": Rule(
        files=_ALL,
        check=keeps_data_in_hass,
        broken_by=(
            (f"{HOUSE}/__init__.py", "hass.data[DOMAIN] = 1"),
            (f"{HOUSE}/sensor.py", "a = self.hass.data.get(DOMAIN)"),
        ),
    ),
    "parallel-updates": Rule(
        files=_PLATFORM_FILES,
        check=sets_no_parallel_updates,
        broken_by=(
            (f"{HOUSE}/sensor.py", ""),
            (f"{HOUSE}/number.py", "def a():\n PARALLEL_UPDATES = 0"),
        ),
    ),
    "exception-translations": Rule(
        files=_ALL,
        check=raises_untranslated,
        broken_by=(
            (f"{HOUSE}/services.py", "raise HomeAssistantError('No')"),
            (f"{HOUSE}/services.py", "raise UpdateFailed(translation_key='a')"),
        ),
    ),
    "icon-translations": Rule(
        files=_ALL,
        check=sets("_attr_icon", "icon"),
        broken_by=(
            (f"{HOUSE}/sensor.py", "class A:\n _attr_icon = 'mdi:flash'"),
            (f"{HOUSE}/sensor_tables.py", "power('a', icon='mdi:flash')"),
        ),
    ),
    "async-dependency": Rule(
        files=(*_ALL, f"{CLIENT}/*.py"),
        # Redaction takes no answer, but time.
        but=(f"{HOUSE}/diagnostics.py",),
        check=blocks,
        broken_by=(
            (f"{CLIENT}/session.py", "await loop.run_in_executor(None, get)"),
            (f"{HOUSE}/sensor.py", "time.sleep(1)"),
        ),
    ),
    "inject-websession": Rule(
        files=(*_ALL, f"{CLIENT}/*.py"),
        check=makes_sessions,
        broken_by=((f"{CLIENT}/session.py", "web = aiohttp.ClientSession()"),),
    ),
    "strict-typing": Rule(
        files=_ALL,
        check=names_untyped_entry,
        broken_by=(
            (f"{HOUSE}/sensor.py", "async def a(entry: ConfigEntry): ..."),
            (f"{HOUSE}/sensor.py", "def a(*, entry: ConfigEntry[Any]): ..."),
        ),
    ),
}
"""By the rule of the scale."""
