"""Pictures of what the browser shows, small enough for the documentation."""

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
import shutil
from typing import Final

from PIL import Image

DOCS: Final = Path(__file__).resolve().parent.parent / "docs" / "images"

IN_DOCS: Final = frozenset(
    {
        "add-finish",
        "add-form",
        "attention",
        "dashboard",
        "device",
        "device-settings",
        "energy",
        "energy-battery",
        "energy-grid",
        "entry-menu",
        "off-grid",
        "options",
        "powerwall",
        "reauth",
        "reconfigure",
        "repair-certificate",
    }
)
"""What the documentation may show; the others are for whoever looks into a failure."""

COLORS: Final = 256
"""As many as a palette can hold: a frontend of few colors loses nothing to see."""


@dataclass(kw_only=True)
class Album:
    """The pictures of one run."""

    folder: Path

    def keep(self, name: str, png: bytes) -> None:
        """Keep one, in as few colors as a palette has."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with Image.open(BytesIO(png)) as picture:
            few = picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
        few.save(self.folder / f"{name}.png", optimize=True)

    def update_docs(self) -> None:
        """Put those of the documentation where it shows them."""
        for name in sorted(IN_DOCS):
            shutil.copyfile(self.folder / f"{name}.png", DOCS / f"{name}.png")
