"""Intervals of the shares of completed landscapes; neutrality and distance over the threshold; depths of optima.

Revision: 0010
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

COLUMNS = {
    "landscape_importance": ("main_lower", "main_upper", "total_lower", "total_upper"),
    "landscape_interaction": ("pair_lower", "pair_upper"),
    "landscape_neutrality": ("ndc_spearman",),
    "landscape_optimum": ("persistence",),
}


def upgrade() -> None:
    """Add the bounds of importances, NULL where a share is exact, the correlation at each threshold and the depths."""
    connection = op.get_bind()
    for table, names in COLUMNS.items():
        for name in names:
            connection.exec_driver_sql(f"alter table result.{table} add column {name} double")
