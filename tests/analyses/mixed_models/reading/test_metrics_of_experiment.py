"""An experiment's metrics, and which of them have several points a run: by the first points where these tell."""

from __future__ import annotations

from hpowh.analyses.mixed_models.reading.verdicts import _several, metrics_of
from hpowh.warehouse import Warehouse, queries

from ...traces.conftest import fill_runs, run_points


def experiment_of(warehouse: Warehouse) -> str:
    """Return the experiment's name, with one metric over budgets and one of final values only."""
    fill_runs(warehouse, [*run_points("A", "b", 0, [3.0, 2.0]), *run_points("B", "b", 0, [None, 1.0])])
    fill_runs(warehouse, run_points("C", "b", 0, [0.5]), metric="auc", fingerprint="f2")
    return str(warehouse.sql("select name from core.experiment").one())


def test_the_first_points_say_what_all_say(warehouse):
    name = experiment_of(warehouse)

    (other,) = set(metrics_of(warehouse, name)) - {"auc"}
    everything = {row[0] for row in warehouse.sql(queries.text("verdicts/points"), {"subject": name}).rows()}
    assert everything == {other}
    for asked in ([other], ["auc"], [other, "auc"], []):
        assert _several(warehouse, name, asked) == everything


def test_a_metric_of_another_experiment_is_none_of_this_one(warehouse):
    name = experiment_of(warehouse)
    warehouse.close()
    with warehouse.writing() as connection:
        connection.execute("insert into core.metric (metric_id, name, direction) values (99, 'elsewhere', 'min')")
    assert "elsewhere" not in metrics_of(warehouse, name)
    assert len(metrics_of(warehouse, name)) == 2
