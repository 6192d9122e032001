"""Commands of this floor."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add this floor's commands to the command line."""
