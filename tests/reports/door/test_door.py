"""`import hpowh`: light, and from a frame to a verdict without a file of one's own."""

from __future__ import annotations

import inspect
import subprocess
import sys
from random import Random

import polars as pl
import pytest

import hpowh


def runs(shift: float = 1.0) -> pl.DataFrame:
    """`good & <b>` is lower than `bad` by `shift` in log10 on 6 benchmarks; `same` is as good."""
    draw = Random(7)
    rows = [
        (name, f"bench{b}", seed, budget, 10 ** (level + 0.3 * b + draw.gauss(0, 0.1) - budget / 10))
        for name, level in (("good & <b>", 0.0), ("same", 0.0), ("bad", shift))
        for b in range(6) for seed in range(3) for budget in (1, 4)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=["algorithm", "benchmark", "seed", "budget", "loss"], orient="row")


@pytest.fixture(scope="module")
def compared() -> hpowh.Comparison:
    return hpowh.compare(runs(), direction="min")


def test_importing_imports_nothing_heavy():
    script = (
        "import sys, hpowh; print(sorted({name.split('.')[0] for name in sys.modules} & {'duckdb', 'numpy', 'typer', "
    )
    script += "'polars', 'rich', 'scipy'}), hpowh.__version__, 'compare' in dir(hpowh))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", hpowh.__version__, "True"]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = hpowh.nothing


def test_a_frame_is_compared_without_a_warehouse(compared):
    assert set(compared.model["marginal_mean"]["level"]) == {"good & <b>", "same", "bad"}
    assert "good & <b>" in compared.sentence()
    assert "54 rows" in compared.sentence()  # three algorithms, six benchmarks, three seeds, at the last budget
    pairs = compared.model["lmem_contrast"].select("first", "second", "p_adjusted").rows()
    clear = {frozenset((first, second)): p for first, second, p in pairs}
    assert clear[frozenset(("good & <b>", "bad"))] < 1e-4 and clear[frozenset(("good & <b>", "same"))] > 0.05
    assert compared.ranks["algorithm"].height == 3
    assert repr(compared).startswith("<hpowh comparison of 108 rows: ")


def test_names_are_text_in_a_notebook(compared):
    shown = compared._repr_html_()
    assert "good &amp; &lt;b&gt;" in shown and "<b>" not in shown
    assert "<table>" in shown and "Before you read it" not in compared.model._repr_html_()


def test_a_table_that_is_not_there_is_named(compared):
    with pytest.raises(hpowh.HpowhError, match="no table 'cd' here. Tables: lmem_anova, lmem_contrast, "):
        _ = compared.model["cd"]


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow"])
def test_frames_of_every_kind_are_loaded(kind, warehouse):
    frame = {"polars": lambda f: f, "pandas": lambda f: f.to_pandas(), "arrow": lambda f: f.to_arrow()}[kind](runs())
    with hpowh.open(warehouse.path) as study:
        loaded = study.ingest(frame, name="study", direction="min")
        assert (loaded.action, loaded.kind, loaded.row_count) == ("load", "runs", 108)
        assert study.ingest(frame, name="study", direction="min").action == "unchanged"
        (uri,) = study.sql("select uri from core.source")["uri"]
        assert uri == "data frame"
        assert study.sql("select count(*) from core.run").item() == 54


@pytest.mark.parametrize(
    "statement",
    [
        "copy (select 1 as x) to '{path}' (format csv, use_tmp_file false)",
        "copy (select 1 as x) to '{path}.wal' (format csv, use_tmp_file false)",
        "attach '{path}.more' as more",
        "from checkpoint()",
    ],
)
def test_a_statement_that_is_no_query_cannot_write_over_the_warehouse(warehouse, tmp_path, statement):
    before = warehouse.path.read_bytes()
    with hpowh.open(warehouse.path) as study:
        with pytest.raises(hpowh.HpowhError, match=r"hpowh answers queries|Not allowed here"):
            study.sql(statement.format(path=warehouse.path))
        (tmp_path / "own.csv").write_text("a\n7\n")
        assert study.sql(f"select a from '{tmp_path / 'own.csv'}'").item() == 7
    assert warehouse.path.read_bytes() == before
    assert not list(warehouse.path.parent.glob("*.more*")) + list(warehouse.path.parent.glob("*.wal"))


def test_an_index_with_names_is_not_lost_in_silence(warehouse):
    frame = runs().to_pandas().set_index(["algorithm", "benchmark"])
    with hpowh.open(warehouse.path) as study, pytest.raises(hpowh.HpowhError, match="reset_index"):
        study.ingest(frame)
    with hpowh.open(warehouse.path) as study, pytest.raises(hpowh.HpowhError, match="A list cannot be loaded"):
        study.ingest([1, 2])


def test_a_load_that_fails_leaves_no_warehouse(tmp_path):
    study = hpowh.open(tmp_path / "new.duckdb")
    assert "not made yet" in repr(study) and "nothing was loaded yet" in study._repr_html_()
    with pytest.raises(hpowh.HpowhError, match="Load something"):
        study.lmem()
    with pytest.raises(hpowh.HpowhError):
        study.ingest(pl.DataFrame({"a": [1]}), kind="runs")
    assert list(tmp_path.iterdir()) == []


def test_traces_tables_and_a_report(warehouse, tmp_path):
    with hpowh.open(warehouse.path) as study:
        study.ingest(runs(), name="study", direction="min")
        assert study.traces("study")["trace_overall"].height > 0
        assert {"core.run", "mart.source"} <= set(study.tables()["name"])
        assert study.report(tmp_path / "site", only=["experiment"]).index.is_file()
        assert "study" in study._repr_html_()


@pytest.mark.slow
def test_sweeps_and_landscapes(warehouse):
    draw = Random(1)
    numbers = {name: [draw.random() for _ in range(30)] for name in ("params_lr", "val_loss")}
    grid = pl.DataFrame([(a, b, a * b) for a in (1, 2, 3) for b in (1, 2, 3)], schema=["a", "b", "loss"], orient="row")
    with hpowh.open(warehouse.path) as study:
        study.ingest(
            pl.DataFrame({"number": range(30), **numbers}), name="mine", mapping={"val_loss": "metric"}, direction="min"
        )
        swept = study.sweeps("mine")
        assert swept["sweep_summary"]["trial_count"].to_list() == [30]
        assert swept.sentences == study.sweeps("mine").sentences and swept.sentences[0].startswith("mine: ")
        study.ingest(grid, "grid", name="g", space="ab", benchmark="product", direction="min")
        found = study.landscapes(space="ab")
        metrics = found["landscape_metric"].filter(pl.col("subject").str.starts_with("ab: product"))
        assert dict(metrics["name", "value"].rows())["n_lo"] == 1.0
        assert "has a single optimum" in " ".join(found.sentences) and "landscapes" in repr(found)


def test_everything_at_the_door_is_named():
    """An editor completes it, and a wrong name is an error in Python's words."""
    public = [hpowh.open, hpowh.compare, *(value for name, value in vars(hpowh.Session).items() if name[0] != "_")]
    public += [value for base in hpowh.Session.__mro__ for name, value in vars(base).items() if name[0] != "_"]
    unnamed = [
        f"{each.__name__}(**{parameter.name})"
        for each in public
        if callable(each)
        for parameter in inspect.signature(each).parameters.values()
        if parameter.kind is parameter.VAR_KEYWORD
    ]
    assert unnamed == []
    with pytest.raises(TypeError, match="directoin"):
        hpowh.compare(runs(), directoin="min")
