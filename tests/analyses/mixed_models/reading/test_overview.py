"""One look at the rows, by run, says what many looks at all of them would."""

from __future__ import annotations

import random
from types import SimpleNamespace

import duckdb

from hpowh.analyses.mixed_models.reading import suspects
from hpowh.analyses.mixed_models.reading.overview import _PARTS, _SUMS
from hpowh.warehouse.views import create_macros


def test_a_long_look_is_left_out_only_where_it_would_find_nothing(monkeypatch):
    """Random tables of few values, so that codes and twins are common, and many so that they are not."""
    draw = random.Random(0)
    monkeypatch.setattr(suspects, "_rows", lambda *_: "select run, algorithm_id, benchmark_id, value as v from point")
    selection = SimpleNamespace(catalogue=SimpleNamespace(metrics={"m": (1, "min")}))
    connection = duckdb.connect()
    connection.execute("create schema mart")
    create_macros(connection)
    connection.execute("create table point (run int, algorithm_id int, benchmark_id int, budget double, value double)")
    found = set()
    for turn in range(30):
        values = [draw.uniform(0.0, 1.0) for _ in range(40)] if turn % 2 else [0.0, 0.1, 0.2, 5.0]
        rows = [
            (10 * a + 5 * b + s, a, b, float(t), draw.choice(values) if a != 2 or turn % 3 else values[t])
            for a in range(3) for b in range(2) for s in range(2) for t in range(3)
        ]  # fmt: skip
        if not turn % 5:
            rows += [(100 + run, 3, b, t, v) for run, a, b, t, v in rows if a == 0]
        connection.execute("delete from point")
        connection.execute("insert into point values " + ", ".join(map(str, rows)))
        ids = "any_value(algorithm_id) as algorithm_id, any_value(benchmark_id) as benchmark_id"
        summed = f"select run, {ids}, {_SUMS} from (select {_PARTS} from point) group by run"
        connection.execute(f"create or replace temp table o as {summed}")

        def asked(text: str) -> list[tuple[object, ...]]:
            return connection.execute(text).fetchall()

        for short, whole in (
            (suspects.lonely_query("o"), suspects.codes_query(selection, "m")),
            (suspects.alike_query("o"), suspects.twins_query(selection, "m")),
        ):
            may, is_there = bool(asked(short)[0][0]), bool(asked(whole))
            assert may or not is_there
            found.add((short, may, is_there))
    assert len({(short, may) for short, may, _ in found}) == 4, "both are left out, and both are asked"
    assert {short for short, _, is_there in found if is_there} == {short for short, _, _ in found}
