"""The folder of a demo says so, that no demo is made in a folder of somebody's own results."""

from __future__ import annotations

from pathlib import Path

from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.output.targets import refuse_folder

MARK = "made-by-hpowh-demo.txt"


def begin(folder: Path) -> None:
    """Make the folder, or find one that a demo made before.

    Raises:
        UsageError: it holds something and no demo made it: a warehouse there would be filled with the demo's results.
        HpowhError: it cannot be written.
    """
    refuse_folder(folder, option="--folder", mark=MARK, what="demo")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).write_text("Made by hpowh demo, which fills it again when it is run again.\n", encoding="utf-8")
    except OSError as error:
        raise HpowhError(f"Cannot make the folder {folder}: {error.strerror}.", "Name another: --folder DIR") from None
