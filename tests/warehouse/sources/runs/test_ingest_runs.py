"""Long-form runs: what is stored, what is refused, and that nothing is ever half loaded."""

from __future__ import annotations

import gzip
import json
import math

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest import Request, RowsRefusedError, preview

from ....examples import few
from .loading import EMPTY, GOOD, HEADER, RUNS, counts, load, write


def test_benchmarks_that_sum_up_others_are_left_out_and_named(warehouse, tmp_path):
    names = ("b1", "b2", "Average", "mean rank", "average-case")
    rows = "".join(f"{a},{b},{s},0.{s}{k}\n" for k, a in enumerate("AB") for b in names for s in range(2))
    path = write(tmp_path, f"algorithm,benchmark,seed,error\n{rows}")
    sentence = "named like summaries of the others: Average, mean rank (--option summaries=keep loads them)"
    assert any(sentence in one for one in preview(RUNS, Request(str(path), "x", {}, {})).notes)
    report = load(warehouse, path)
    assert any(sentence in one for one in report.notes)
    assert warehouse.sql("select name from core.benchmark order by all").rows() == [("average-case",), ("b1",), ("b2",)]
    assert warehouse.sql("select count(*) from core.trace").one() == 12
    load(warehouse, path, replace_old=True, summaries="keep")
    assert warehouse.sql("select count(distinct benchmark) from mart.run").one() == 5
    with pytest.raises(UsageError, match="not understood"):
        load(warehouse, path, name="y", summaries="no")
    one = write(tmp_path, "algorithm,benchmark,seed,error\nA,b9,0,0.1\nA,Overall,0,0.2\nB,b9,0,0.3\n", "one.csv")
    load(warehouse, one, name="z")  # nothing else that it could sum up
    assert warehouse.sql("select count(*) from core.benchmark where name = 'Overall'").one() == 1


def test_a_metric_that_was_not_measured_on_a_benchmark_has_no_failed_runs_there(warehouse, tmp_path):
    text = "algorithm,benchmark,seed,auc,rmse\nA,b1,0,0.9,\nA,b1,1,,\nB,b1,0,0.8,\nA,b2,0,,3.5\nB,b2,0,,\nA,b3,0,,\n"
    mapping = {"auc": "metric", "rmse": "metric"}
    outcome = load(warehouse, write(tmp_path, text), mapping=mapping)
    said = [note.partition(", where another")[0] for note in outcome.notes if "taken as not measured" in note]
    assert said == ["'auc' has no value on 'b2'", "'rmse' has no value on 'b1'"]
    points = "select b.name, m.name, count(*), count(t.value) from core.trace as t join core.run as r using (run_id) "
    points += "join core.benchmark as b using (benchmark_id) join core.metric as m using (metric_id) group by all "
    # On b1 one run failed, on b2 another one; nothing is known of b3, where all failed by whatever it was.
    expected = [("b1", "auc", 3, 2), ("b2", "rmse", 2, 1), ("b3", "auc", 1, 0), ("b3", "rmse", 1, 0)]
    assert warehouse.sql(points + "order by all").rows() == expected


@pytest.mark.parametrize("first", ["auc", "loss"])  # `loss` is a usual name of the value
def test_columns_of_which_each_benchmark_fills_one_are_metrics_of_their_own(warehouse, tmp_path, first):
    text = f"algorithm,benchmark,seed,{first},rmse\nA,b1,0,0.9,\nB,b1,0,0.8,\nA,b2,0,,3.5\nB,b2,0,,2.5\n"
    load(warehouse, write(tmp_path, text))
    found = warehouse.sql("select benchmark, metric, count(value), count(*) from mart.trace group by all order by 1")
    assert found.rows() == [("b1", first, 2, 2), ("b2", "rmse", 2, 2)]


def test_which_of_two_results_counts_is_asked_where_a_benchmark_has_both(warehouse, tmp_path):
    text = "algorithm,benchmark,seed,auc,rmse\nA,b1,0,0.9,\nB,b1,0,,0.8\nA,b2,0,,3.5\nB,b2,0,,2.5\n"
    with pytest.raises(IngestError, match="which column is the value.*auc.*rmse"):
        load(warehouse, write(tmp_path, text))


def test_stores_every_point_with_its_names(warehouse, tmp_path):
    outcome = load(warehouse, write(tmp_path, GOOD), experiment="trial-run")
    assert (outcome.action, outcome.row_count) == ("load", 3)
    rows = warehouse.sql(
        "select experiment, algorithm, benchmark, seed, metric, budget, value, status, prior "
        "from mart.observation order by algorithm, budget"
    ).rows()
    assert rows == [
        ("trial-run", "A", "b1", 0, "value", 1.0, 0.5, "ok", "good"),
        ("trial-run", "A", "b1", 0, "value", 2.0, 0.4, "ok", "good"),
        ("trial-run", "B", "b1", 0, "value", 1.0, 0.7, "ok", "bad"),
    ]
    ledger = warehouse.sql("select action, row_count, refused_count from ops.ingest").rows()
    assert ledger == [("load", 3, 0)]


@pytest.mark.parametrize("form", ["csv.gz", "parquet", "jsonl", "tsv", "semicolon.csv"])
def test_formats_give_the_same_rows(warehouse, tmp_path, form):
    path = tmp_path / f"runs.{form}"
    frame = pl.read_csv(GOOD.encode())
    if form == "csv.gz":
        path.write_bytes(gzip.compress(GOOD.encode()))
    elif form == "parquet":
        frame.write_parquet(path)
    elif form == "jsonl":
        frame.write_ndjson(path)
    else:
        frame.write_csv(path, separator="\t" if form == "tsv" else ";")
    load(warehouse, path)
    rows = warehouse.sql("select algorithm, seed, budget, value, prior from mart.observation order by all").rows()
    assert rows == [("A", 0, 1.0, 0.5, "good"), ("A", 0, 2.0, 0.4, "good"), ("B", 0, 1.0, 0.7, "bad")]


def test_same_content_again_is_left_alone(warehouse, tmp_path):
    path = write(tmp_path, GOOD)
    load(warehouse, path)
    before = counts(warehouse)
    again = load(warehouse, path)
    assert again.action == "unchanged"
    assert counts(warehouse) == before


def test_replace_removes_the_old_rows(warehouse, tmp_path):
    path = write(tmp_path, GOOD)
    load(warehouse, path)
    path.write_text(HEADER + "C,b1,7,1,0.1,good\n")
    with pytest.raises(IngestError, match="--replace"):
        load(warehouse, path)
    outcome = load(warehouse, path, replace_old=True)
    assert outcome.action == "replace"
    assert warehouse.sql("select algorithm, seed from mart.observation").rows() == [("C", 7)]
    assert [row[0] for row in warehouse.sql("select action from ops.ingest order by ingest_id").rows()] == [
        "load",
        "replace",
    ]


def test_another_encoding_can_be_given(warehouse, tmp_path):
    path = tmp_path / "runs.csv"
    path.write_bytes((HEADER + "Ä,b1,0,1,0.5,good\n").encode("latin-1"))
    load(warehouse, path, encoding="latin-1")
    assert warehouse.sql("select name from core.algorithm").one() == "Ä"


def test_roles_of_extra_columns(warehouse, tmp_path):
    header = "algorithm,benchmark,seed,budget,value,acc,dim,prior\n"
    text = header + "A,b1,0,1,0.5,0.9,3,g\nA,b1,0,2,0.4,0.95,3,g\nA,b2,0,1,1,0.2,7,g\n"
    load(warehouse, write(tmp_path, text), mapping={"acc": "metric:accuracy", "dim": "feature", "prior": "ignore"})
    assert warehouse.sql(
        "select metric, value, dim from mart.observation where benchmark = 'b1' order by all"
    ).rows() == [
        ("accuracy", 0.9, 3.0),
        ("accuracy", 0.95, 3.0),
        ("value", 0.4, 3.0),
        ("value", 0.5, 3.0),
    ]
    assert dict(warehouse.sql("select name, direction from core.metric").rows()) == {"value": "min", "accuracy": "max"}
    assert warehouse.sql("select count(*) from core.run_factor").one() == 0


def test_metrics_named_by_a_column(warehouse, tmp_path):
    text = "algorithm,benchmark,seed,budget,value,metric\nA,b,0,1,0.5,loss\nA,b,0,1,0.9,accuracy\n"
    load(warehouse, write(tmp_path, text))
    assert warehouse.sql("select metric, value from mart.observation order by all").rows() == [
        ("accuracy", 0.9),
        ("loss", 0.5),
    ]


def test_a_column_that_varies_within_runs_is_asked_about(warehouse, tmp_path):
    rows = "".join(f"A,b,0,{i},0.5,x{i}\n" for i in range(50))
    path = write(tmp_path, "algorithm,benchmark,seed,budget,value,mode\n" + rows)
    with pytest.raises(IngestError, match="'mode' changes within runs"):
        load(warehouse, path)
    load(warehouse, path, mapping={"mode": "ignore"})
    assert warehouse.sql("select count(*) from core.run").one() == 1


def trials(columns: str, of, budgets: int = 12) -> str:
    """A table of two algorithms x two seeds, with further columns by budget."""
    lines = [
        f"{algorithm},b,{seed},{budget},{0.5 + budget / 100},{of(seed, budget)}\n"
        for algorithm in "AB"
        for seed in range(2)
        for budget in range(1, budgets + 1)
    ]
    return f"algorithm,benchmark,seed,budget,value,{columns}\n" + "".join(lines)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_hyperparameters_with_few_values_are_asked_about_all_at_once(warehouse, tmp_path, suffix):
    text = trials("lr,n layers,opt", lambda seed, budget: f"0.{seed}{budget}1,{budget % 3},{'xy'[budget % 2]}")
    path = write(tmp_path, text)
    if suffix == "parquet":
        pl.read_csv(path).write_parquet(path := tmp_path / "runs.parquet")
    with pytest.raises(IngestError, match="columns 'lr', 'n layers', 'opt' change within runs"):
        load(warehouse, path)
    with pytest.raises(IngestError, match="--map 'n layers'=metric"):
        load(warehouse, path, mapping={"lr": "ignore"})
    assert counts(warehouse) == EMPTY
    load(warehouse, path, mapping=dict.fromkeys(("lr", "n layers", "opt"), "ignore"))
    assert warehouse.sql("select count(*) from core.run").one() == 4


def test_a_factor_of_runs_with_one_budget_is_one(warehouse, tmp_path):
    """Rows of the same budget cannot be points of one run: what differs among them tells runs apart."""
    rows = "".join(f"{a},b,{s},100,0.5,{p}\n" for a in "AB" for s in range(3) for p in ("good", "bad"))
    load(warehouse, write(tmp_path, "algorithm,benchmark,seed,budget,value,prior\n" + rows))
    assert warehouse.sql("select count(*), count(distinct setting) from mart.run").rows() == [(12, 2)]


def test_a_factor_whose_runs_have_the_same_budgets_is_one(warehouse, tmp_path):
    text = trials("prior", lambda *_: "good") + trials("prior", lambda *_: "bad").split("\n", 1)[1]
    load(warehouse, write(tmp_path, text))
    assert warehouse.sql("select count(*), count(distinct setting) from mart.run").rows() == [(8, 2)]


def test_factors_of_runs_timed_in_seconds_are_believed(warehouse, tmp_path):
    """Where no budget occurs twice nothing can be told, and nothing is refused."""
    lines = "".join(
        f"A,b,{seed},{step + seed / 7 + 0.01 * p},0.5,p{p}\n" for seed in range(3) for step in range(9) for p in (0, 1)
    )
    load(warehouse, write(tmp_path, "algorithm,benchmark,seed,budget,value,prior\n" + lines))
    assert warehouse.sql("select count(*) from core.run").one() == 6


def test_a_misspelled_seed_is_said(warehouse, tmp_path):
    text = "algorithm,benchmark,sead,budget,value\n" + "".join(f"A,b,{s},{b},0.5\n" for s in range(3) for b in range(9))
    outcome = load(warehouse, write(tmp_path, text))
    assert any("No column is a seed; sead: a factor" in note for note in outcome.notes)
    named = load(warehouse, write(tmp_path, text, "other.csv"), "y", mapping={"sead": "seed"}, replace_old=True)
    assert not any("No column is a seed" in note for note in named.notes)


@pytest.mark.parametrize(
    ("metric", "direction"),
    [
        ("Val accuracy (%)", "max"),
        ("valAccuracy", "max"),
        ("ROC-AUC", "max"),
        ("top1_acc", "max"),
        ("val loss", "min"),
        ("inaccuracy", "min"),
        ("error_rate", "min"),
    ],
)
def test_a_metrics_direction_is_guessed_by_its_words(warehouse, tmp_path, metric, direction):
    outcome = load(
        warehouse,
        write(tmp_path, f"Algorithm,data set,Seed,n evals,{metric}\nA,b,0,1,0.5\n"),
        mapping={metric: "value"},
    )
    assert warehouse.sql("select direction from core.metric").one() == direction
    assert any("is better for" in note for note in outcome.notes)
    assert warehouse.sql("select benchmark, seed, budget from mart.observation").rows() == [("b", 0, 1.0)]


def test_constants_stand_for_columns(warehouse, tmp_path):
    path = write(tmp_path, "seed,value\n0,0.5\n1,0.6\n")
    load(warehouse, path, constants={"algorithm": "RS", "benchmark": "b"})
    assert warehouse.sql("select algorithm, seed, budget from mart.observation order by seed").rows() == [
        ("RS", 0, 1.0),
        ("RS", 1, 1.0),
    ]
    with pytest.raises(UsageError, match="not a number"):
        load(warehouse, path, "y", constants={"algorithm": "RS", "benchmark": "b", "budget": "many"})


def test_ragged_seeds_are_said(warehouse, tmp_path):
    outcome = load(warehouse, write(tmp_path, GOOD + "A,b1,1,1,0.5,good\n"))
    assert any("Seeds are ragged: B on b1 has 1 seed, others up to 2" in note for note in outcome.notes)


def test_preview_shows_the_mapping_and_writes_nothing(tmp_path):
    shown = preview(RUNS, Request(str(write(tmp_path, GOOD)), "x", {"prior": "factor"}))
    assert shown.row_count == 3
    assert ("prior", "factor", "given") in shown.mapping
    assert ("value", "value", "guessed from its name") in shown.mapping
    assert shown.rows[0] == ("A", "b1", "0", "1", "0.5", "good")


def test_hostile_names_are_only_text(warehouse, tmp_path):
    name = "x'; drop table core.run; -- \"<script>"
    frame = pl.DataFrame(
        {"algorithm": [name], "benchmark": [name], "seed": [0], "budget": [1], "value": [1.0], name: ["v"]}
    )
    frame.write_parquet(tmp_path / "runs.parquet")
    load(warehouse, tmp_path / "runs.parquet", name)
    row = warehouse.sql("select * from mart.observation").pl().row(0, named=True)
    assert (row["algorithm"], row["benchmark"], row[name]) == (name, name, "v")


@settings(max_examples=few(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.tuples(st.sampled_from("AB"), st.sampled_from(["b1", "b2"]), st.integers(0, 3), st.integers(1, 5)),
        st.floats(allow_nan=True, allow_infinity=True),
        min_size=1,
        max_size=30,
    )
)
def test_what_goes_in_comes_out(empty_warehouse, tmp_path, points):
    """Any set of points with distinct keys survives the round trip, value for value."""
    store = tmp_path / "round.duckdb"
    store.write_bytes(empty_warehouse.read_bytes())
    warehouse = Warehouse(store)
    lines = [
        json.dumps({"algorithm": a, "benchmark": b, "seed": s, "budget": n, "value": repr(v)})
        for (a, b, s, n), v in points.items()
    ]
    path = tmp_path / "runs.jsonl"
    path.write_text("\n".join(lines))
    load(warehouse, path)
    rows = warehouse.sql("select algorithm, benchmark, seed, budget, value, status from mart.observation").rows()
    warehouse.close()
    found = {(a, b, s, int(n)): (v, status) for a, b, s, n, v, status in rows}
    assert len(found) == len(rows) == len(points)
    for key, value in points.items():
        if abs(value) <= 1e150:
            assert found[key] == (value, "ok")
        else:
            assert found[key] == (None, "nan" if math.isnan(value) else "inf" if value > 0 else "neg_inf")


@pytest.mark.parametrize(
    "budgets",
    [
        pytest.param([1, 2, 3], id="that count"),
        pytest.param([0.5, 1.5, 2.5], id="fractions"),
        pytest.param([0, 1, 4e15], id="far apart"),
        pytest.param([1, 2, 1e300], id="beyond whole numbers"),
    ],
)
def test_one_budget_twice_in_a_run_is_found_whatever_its_size(warehouse, tmp_path, budgets):
    lines = [f"A,b,{seed},{budget!r},0.5\n" for budget in budgets for seed in (1, 2)]
    path = write(tmp_path, "algorithm,benchmark,seed,budget,value\n" + "".join(lines))
    assert load(warehouse, path, "once").row_count == 6
    twice = write(tmp_path, path.read_text() + f"A,b,2,{budgets[-1]!r},0.25\n", "twice.csv")
    with pytest.raises(RowsRefusedError, match="row 7"):
        load(warehouse, twice, "twice", experiment="twice")


@pytest.mark.parametrize("order", ["together", "in turn", "backwards"])
def test_rows_of_a_run_are_compared_however_they_lie(warehouse, tmp_path, order):
    """Runs whose rows lie together with rising budgets need no sorting; a budget that comes back far below is seen."""
    keys = [(seed, step + 0.25) for seed in range(5) for step in range(40)]
    keys = {"together": keys, "in turn": sorted(keys, key=lambda key: key[1]), "backwards": keys[::-1]}[order]
    lines = [f"A,b,{seed},{budget},0.5\n" for seed, budget in keys]
    path = write(tmp_path, "algorithm,benchmark,seed,budget,value\n" + "".join(lines))
    assert load(warehouse, path, "once").row_count == 200
    twice = write(tmp_path, path.read_text() + "A,b,0,7.25,0.25\n", "twice.csv")
    with pytest.raises(RowsRefusedError, match="row 201"):
        load(warehouse, twice, "twice", experiment="twice")


def test_the_position_of_a_row_counts_all_before_it_in_a_file_that_all_threads_read(warehouse, tmp_path):
    lines = [f"A,b{i // 1000},1,{i % 1000},0.{'1' * 900}\n" for i in range(40_000)]
    lines[20_000], lines[39_000] = "A,b,1\n", "A,b39,1,0,oops\n"
    path = write(tmp_path, "algorithm,benchmark,seed,budget,value\n" + "".join(lines))
    outcome = load(warehouse, path, reject_to=tmp_path / "refused.csv")
    refused = pl.read_csv(tmp_path / "refused.csv")
    assert (outcome.row_count, refused["row"].to_list()) == (39_998, [20_001, 39_001])


@pytest.mark.parametrize(
    ("options", "budget", "value", "stored"),
    [
        pytest.param({}, "10", " 0.5 ", (10.0, 0.5), id="plain"),
        pytest.param({"decimal": ",", "thousands": "."}, "1.000", '"0,5"', (1000.0, 0.5), id="of another place"),
        pytest.param({}, "00:01:40", "50 %", (100.0, 50.0), id="a length of time, percent"),
        pytest.param({"mapping": {"value": "factor", "budget": "metric", "steps": "budget"}}, "7", "1e0", (3.0, 7.0),
                     id="in other roles"),
    ],
)  # fmt: skip
def test_numbers_that_are_read_while_a_file_is_staged_are_those_of_its_texts(
    warehouse, tmp_path, options, budget, value, stored
):
    path = write(tmp_path, f"algorithm,benchmark,seed,budget,value,steps\nA,b,1,{budget},{value},3\n")
    options = {"mapping": {"steps": "ignore"}} | options
    load(warehouse, path, **options)
    assert warehouse.sql("select budget, value from core.trace").rows() == [stored]


def test_a_column_called_run_is_the_seed_where_every_algorithm_has_its_numbers_again(warehouse, tmp_path):
    rows = [(a, b, run) for a in "ABC" for b in "xy" for run in (1, 2, 3)]
    text = "algo,dataset,run,loss\n" + "".join(f"{a},{b},{run},0.{at}\n" for at, (a, b, run) in enumerate(rows, 10))
    outcome = load(warehouse, write(tmp_path, text), "again")
    assert "'run' is read as the seed: every algorithm has its numbers again." in outcome.notes
    assert warehouse.sql("select count(*), list_sort(list(distinct seed)) from core.run").rows() == [(18, [1, 2, 3])]
    assert warehouse.sql("select count(*) from core.run_factor").one() == 0


def test_a_column_called_run_with_a_number_a_run_is_no_seed(warehouse, tmp_path):
    text = "algo,dataset,run,loss\n" + "".join(f"{'AB'[at % 2]},x,{at},0.{at + 10}\n" for at in range(12))
    outcome = load(warehouse, write(tmp_path, text), mapping={"run": "factor"})
    assert not any("read as the seed" in note for note in outcome.notes)
    assert warehouse.sql("select count(distinct text_value) from core.run_factor").one() == 12
