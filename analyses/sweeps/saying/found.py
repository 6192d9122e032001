"""What sentences are made of, and the rows of a result by what they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hpowh.analyses.sweeps.importance.claims import LEVEL
from hpowh.analyses.sweeps.result import Result, Row

NAMED = 5
"""So many names at most are listed in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One sentence, without the sweep's name."""

    kind: str
    sentence: str
    figure: str
    """The block of the page that shows it."""
    is_claim: bool = False
    """Whether chance could have written it: such sentences share one level of 5 % a metric."""


class Found:
    """The rows of a result by what sentences ask for."""

    def __init__(self, result: Result) -> None:
        self.rows: Mapping[str, Sequence[Row]] = result.tables
        self.claims = list(self.rows.get("sweep_claim", ()))
        self.effects = {row["hyperparameter"]: row for row in self.rows.get("sweep_effect", ())}
        self.is_repeated = result.configurations is not None and result.configurations.is_repeated
        self.followed = result.followed
        self.suspects = result.suspects
        self.model = next((r for r in self.rows.get("sweep_model", ()) if r["model"] == "extra_trees"), None)

    def claim(self, kind: str) -> Row | None:
        """Return the test of a kind, where it was made."""
        return next((c for c in self.claims if c["kind"] == kind and c["p"] is not None), None)

    def holds(self, kind: str) -> bool:
        """Return whether the test of a kind holds at the common level."""
        found = self.claim(kind)
        return found is not None and bool(found["is_significant"])

    def matters(self) -> list[Row]:
        """Return the hyperparameters that matter by their own test, the largest share first."""
        good = [e for e in self.effects.values() if e["p_adjusted"] is not None and e["p_adjusted"] < LEVEL]
        return sorted(good, key=lambda e: -(e["share"] or 0))

    def whose(self, effect: Row) -> str:
        """Return among which configurations a hyperparameter was tested, where not all have it; a clause or nothing."""
        most = max((one["configuration_count"] for one in self.effects.values()), default=0)
        return (
            f" among the {effect['configuration_count']:,} configurations that have it"
            if effect["configuration_count"] < most
            else ""
        )

    def importance(self, method: str) -> dict[str, Row]:
        """Return the importances by one method."""
        found = self.rows.get("sweep_importance", ())
        return {
            r["hyperparameter"]: r for r in found if r["method"] == method and r.get("importance") is not None
        }  # fmt: skip
