"""Headings that say what an objective is: `metric:accuracy [0.0; 1.0] (maximize)`, as DeepCAVE and AMLTK write them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hpowh.warehouse.sources.tables.roles import Role

HEADING = re.compile(r"metric:(?P<name>.+?)\s*(\[[^\]]*\])?\s*\((?P<direction>maxi|mini)mi[sz]e\)")
SMAC = frozenset({"cost", "time", "status"})
"""Columns of SMAC's run history in a table; there, `time` is what an evaluation took."""
SMAC_FACTS = frozenset({"cpu_time", "additional_info", "instance", "instance_id"})
SMAC_WHY = "SMAC's fact of an evaluation"


def objective(column: str) -> tuple[str, str] | None:
    """Return name and direction (`min`, `max`) that a heading says; None where it says none."""
    found = HEADING.fullmatch(column.strip())
    return None if found is None else (found["name"], found["direction"][:3])


def smac_roles(columns: Iterable[str]) -> dict[str, Role]:
    """Return the roles of what SMAC says of evaluations, where the columns are those of its run history."""
    listed = list(columns)
    if not set(listed) >= SMAC:
        return {}
    facts = {column: Role("attribute", None, SMAC_WHY) for column in listed if column in SMAC_FACTS}
    return facts | {"time": Role("duration", None, SMAC_WHY)}
