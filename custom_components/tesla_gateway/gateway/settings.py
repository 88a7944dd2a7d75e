"""What is written, as the gateway wants it, and how it shows that it is in effect.

Pure. The paths and the two keys that are sent together are those of the reference
document; `max_pv_export_power_kW`, which is optional there, is left out.
"""

from dataclasses import dataclass
from typing import Final

from .models import GridStatus, Operation, OperationMode
from .scale import app_percent, gateway_percent

CHOOSABLE_MODES: Final = (
    OperationMode.SELF_CONSUMPTION,
    OperationMode.AUTONOMOUS,
    OperationMode.BACKUP,
)
"""The modes a person may choose, in the app's order."""
_TRACE: Final = 0.05
"""Percent; more than rounding to two decimals changes, less than anybody sets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OperationSetting:
    """Mode and reserve, which are always written together."""

    mode: str
    """The gateway's own word."""
    reserve: float
    """Percent as the gateway keeps it."""

    def document(self) -> dict[str, object]:
        """Return what is sent."""
        return {"mode": self.mode, "backup_reserve_percent": self.reserve}

    def is_shown_by(self, operation: Operation) -> bool:
        """Return whether it is in effect: the same mode, the same reserve.

        A whole percent of the app shows as that. Of any other, too, gateways may
        answer a trace more: 5.000019999999999 where 5 was written.
        """
        shown, wanted = operation.backup_reserve, app_percent(self.reserve)
        is_whole = abs(wanted - round(wanted)) < _TRACE
        return (
            operation.reported_mode == self.mode
            and shown is not None
            and abs(shown - wanted) < (0.5 if is_whole else _TRACE)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class OperationChange:
    """What somebody wants of mode and reserve: one of them, or both."""

    mode: OperationMode | None
    backup_reserve: float | None
    """Percent as the app shows it."""

    def __post_init__(self) -> None:
        """Refuse what no gateway could be asked for."""
        if self.mode is None and self.backup_reserve is None:
            raise ValueError("neither mode nor reserve is given")
        if self.mode not in (None, *CHOOSABLE_MODES):
            raise ValueError(f"nobody may choose {self.mode}")
        if self.backup_reserve is not None and not 0 <= self.backup_reserve <= 100:
            raise ValueError("the backup reserve is 0 to 100 %")

    def setting(self, told: Operation | None) -> OperationSetting | None:
        """Return all that is to be sent: what is not changed as it was told.

        None where the gateway does not tell what would have to be sent with it.
        """
        mode: str | None = self.mode
        if mode is None and told is not None:
            mode = told.reported_mode
        reserve = told.gateway_backup_reserve if told else None
        if self.backup_reserve is not None:
            reserve = gateway_percent(self.backup_reserve)
        if mode is None or reserve is None:
            return None
        return OperationSetting(mode=mode, reserve=reserve)


@dataclass(frozen=True, kw_only=True, slots=True)
class IslandMode:
    """One of the two island modes, and how the grid connection shows it."""

    name: str
    goals: frozenset[GridStatus]

    def document(self) -> dict[str, object]:
        """Return what is sent."""
        return {"island_mode": self.name}


OFF_GRID: Final = IslandMode(
    name="intentional_reconnect_failsafe",
    goals=frozenset({GridStatus.ISLANDED, GridStatus.ISLANDED_READY}),
)
ON_GRID: Final = IslandMode(name="backup", goals=frozenset({GridStatus.CONNECTED}))


def password_document(old: str, new: str) -> dict[str, object]:
    """Return what is sent; no switch was turned to prove who wants it."""
    return {"old_password": old, "new_password": new, "toggled_pw": False}
