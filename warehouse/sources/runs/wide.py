"""Tables of runs with a column a seed, a fold or a budget: refused with the line that writes them long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.sources.tables.wide import COUNTED

if TYPE_CHECKING:
    from hpowh.warehouse.sources.runs.plan import Plan


def refuse_wide(plan: Plan, numbers: Sequence[str]) -> None:
    """Refuse a table whose values stand in several columns that count something.

    Raises:
        IngestError: names the columns and the line that writes a row a value.
    """
    counted = [column for column in numbers if COUNTED.fullmatch(column.strip())]
    if len(counted) < 2:
        return
    words = {re.sub(r"[ _-]?\d+", "", column.strip()).lower() for column in counted}
    role = {"": "budget", "seed": "seed", "run": "seed", "rep": "seed", "repeat": "seed", "trial": "budget",
            "iter": "budget", "epoch": "budget", "step": "budget"}.get(words.pop(), "fold")  # fmt: skip
    others = [column for column in plan.columns if column not in counted]
    raise IngestError(
        f"{plan.location}: {', '.join(counted[:4])}{' …' if len(counted) > 4 else ''} hold a value each; a table of "
        "runs has one row a value.",
        f"Write it long: frame.melt({others!r}, var_name={role!r}, value_name='value').to_csv('long.csv', index=False)",
    )
