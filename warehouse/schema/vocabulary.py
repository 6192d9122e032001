"""Closed vocabularies that both the schema and the sources use; imports nothing."""

STATUSES = (
    "ok",
    "nan",
    "inf",
    "neg_inf",
    "failed",
    "diverged",
    "timeout",
    "memory",
    "missing",
)
"""What became of one measured value; anything but `ok` has a NULL value."""
