"""Headings that say what an objective is: `metric:accuracy [0.0; 1.0] (maximize)`, as DeepCAVE and AMLTK write them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from hpowh.warehouse.sources.tables.roles import Role

HEADING = re.compile(r"metric:(?P<name>.+?)\s*(\[[^\]]*\])?\s*\((?P<direction>maxi|mini)mi[sz]e\)")
SMAC = frozenset({"cost", "time", "status"})
"""Columns of SMAC's run history in a table; there, `time` is what an evaluation took."""
SMAC_FACTS = frozenset({"cpu_time", "additional_info", "instance", "instance_id"})
FLAML = frozenset({"learner", "validation_loss", "sample_size"})
"""Columns of FLAML's log: the learner is the first thing that it chooses, and the sample what it spends."""
FLAML_WHY = "as FLAML's log has it"
NEVERGRAD = frozenset({"#loss", "#parametrization", "#optimizer"})
"""Columns of Nevergrad's dump: what begins with # is its own, the rest are the arguments of the function."""
NEVERGRAD_WHY = "as Nevergrad's log has it"
SMAC_WHY = "SMAC's fact of an evaluation"


def objective(column: str) -> tuple[str, str] | None:
    """Return name and direction (`min`, `max`) that a heading says; None where it says none."""
    found = HEADING.fullmatch(column.strip())
    return None if found is None else (found["name"], found["direction"][:3])


def tool_roles(columns: Iterable[str]) -> dict[str, Role]:
    """Return the roles that columns have where all of them are those of SMAC's run history, or of FLAML's log."""
    listed = list(columns)
    if set(listed) >= FLAML:
        roles = {"learner": "hyperparameter", "validation_loss": "metric", "sample_size": "hyperparameter"}
        roles |= {"trial_time": "duration"} if "trial_time" in listed else {}
        return {column: Role(role, None, FLAML_WHY) for column, role in roles.items()}
    if set(listed) >= NEVERGRAD:
        own = {column: Role("attribute", None, NEVERGRAD_WHY) for column in listed if column.startswith("#")}
        return own | {"#loss": Role("metric", None, NEVERGRAD_WHY)}
    if not set(listed) >= SMAC:
        return {}
    facts = {column: Role("attribute", None, SMAC_WHY) for column in listed if column in SMAC_FACTS}
    return facts | {"time": Role("duration", None, SMAC_WHY)}
