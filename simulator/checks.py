"""Checks of what somebody gives the simulator, put together from small ones."""

from collections.abc import Callable, Mapping
import re
from typing import Any

type Check = Callable[[str, Any], Any]
"""From a name and what was given to the value; `ControlError` if it is none."""


class ControlError(Exception):
    """What was asked of the simulator makes no sense."""


def number(low: float, high: float) -> Check:
    """Take a number within limits."""

    def check(name: str, value: Any) -> float:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            raise ControlError(f"{name} must be a number from {low} to {high}")
        return float(value)

    return check


def whole(low: int, high: int) -> Check:
    """Take a whole number within limits."""

    def check(name: str, value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ControlError(f"{name} must be a whole number from {low} to {high}")
        return value

    return check


def one_of(*choices: Any) -> Check:
    """Take one of a few values."""

    def check(name: str, value: Any) -> Any:
        for choice in choices:
            if type(choice) is type(value) and choice == value:
                return choice
        raise ControlError(f"{name} must be one of {', '.join(map(repr, choices))}")

    return check


def kind_of(kind: type) -> Check:
    """Take any value of a type."""

    def check(name: str, value: Any) -> Any:
        if not isinstance(value, kind):
            raise ControlError(f"{name} must be of type {kind.__name__}")
        return value

    return check


def or_none(check: Check) -> Check:
    """Take null too."""
    return lambda name, value: None if value is None else check(name, value)


def an_object(checks: Mapping[str, Check]) -> Check:
    """Take an object of known keys, none of which is required."""

    def check(name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ControlError(f"{name} must be an object")
        for key in value:
            if key not in checks:
                raise ControlError(f"{name} has no {key}: {', '.join(checks)}")
        return {key: checks[key](f"{name}.{key}", value[key]) for key in value}

    return check


def a_mapping(pattern: str, check_one: Check) -> Check:
    """Take an object with any keys of a form."""

    def check(name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ControlError(f"{name} must be an object")
        for key in value:
            if not re.fullmatch(pattern, key):
                raise ControlError(f"{name} has no {key}: {pattern}")
        return {key: check_one(f"{name}.{key}", value[key]) for key in value}

    return check


def list_of(check_one: Check) -> Check:
    """Take a list of any length."""

    def check(name: str, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ControlError(f"{name} must be a list")
        return [check_one(f"{name}[{n}]", one) for n, one in enumerate(value)]

    return check
