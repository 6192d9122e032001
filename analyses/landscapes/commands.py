"""Commands of this family under `hpowh analyse`."""

from __future__ import annotations

import typer


def register(group: typer.Typer) -> None:
    """Add this family's commands to the group `analyse`."""
