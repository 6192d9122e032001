"""What the demo's storage already holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hpowh.reports.demo.plan import StudyPlan
from hpowh.warehouse.sources.optuna.journal import read_journal


def missing_studies(path: Path, plans: Sequence[StudyPlan]) -> list[StudyPlan]:
    """Return the planned studies that the storage does not hold with all their trials; Optuna is not needed."""
    if not path.exists() or not path.stat().st_size:
        return list(plans)
    content = read_journal(path, None, False)
    counts = Counter(content.studies[study].name for study, *_ in content.trial)
    return [plan for plan in plans if counts[plan.name] != plan.trial_count]
