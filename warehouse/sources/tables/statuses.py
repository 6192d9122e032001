"""The words in which files say what became of an evaluation, and the statuses of the warehouse."""

from __future__ import annotations

from hpowh.warehouse.names import literal

STATUS_WORDS = {
    "ok": ("ok", "success", "successful", "finished", "complete", "completed", "done"),
    "failed": ("failed", "fail", "failure", "error", "crashed", "crash", "killed"),
    "timeout": ("timeout", "timedout", "timed_out"),
    "memory": ("memory", "memout", "oom", "out_of_memory"),
    "diverged": ("diverged",),
    "missing": ("missing", "running", "waiting"),
    "nan": ("nan",),
    "inf": ("inf",),
    "neg_inf": ("neg_inf", "-inf"),
}


def status_case(column: str) -> str:
    """Return SQL that maps a status (SQL) to the warehouse's statuses; NULL where it is unknown."""
    said = f"lower(trim({column}::varchar))"
    cases = " ".join(
        f"when {said} in ({', '.join(literal(word) for word in words)}) then {literal(status)}"
        for status, words in STATUS_WORDS.items()
    )
    return f"(case {cases} end)"
