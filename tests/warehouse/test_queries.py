"""The named queries: each runs on an empty and on a filled warehouse, each is used, each says what one row is."""

from __future__ import annotations

import ast
import json
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hpowh.warehouse import HpowhError, Warehouse, queries, views
from hpowh.warehouse.parameters import parameters_of

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("warehouse", "analyses", "reports")


def newest(job: str) -> str:
    return f"select max(analysis_run_id) from ops.analysis_run where job = '{job}'"


def compared(what: str) -> str:
    similar = "result.landscape_similarity join core.search_space as s using (search_space_id)"
    return f"select {what} from {similar} where aspect = 'benchmark' order by context desc, landscape_b limit 1"


BY_ID = ("facts", "fidelity_scatter", "scatter", "splits")
"""Queries on an evaluated search space that ask for its id, so that a filter reaches the facts."""
NODES = "(from mart.landscape_node where split = 'valid') as n join core.metric as m using (metric_id)"
VALUES: dict[str, list[tuple[str, str, Any]]] = {
    "run": [
        ("mixed_models/presets", newest("mixed_models.presets"), 1),
        ("mixed_models/ladder", newest("mixed_models.ladder"), 1),
        ("mixed_models/anomaly_why", newest("mixed_models.anomalies"), 1),
        ("mixed_models/anomalies", newest("mixed_models.anomalies"), 1),
        ("mixed_models/comparisons", newest("mixed_models.compare"), 1),
        ("mixed_models/anytime*", newest("mixed_models.anytime"), 1),
        ("mixed_models/power", newest("mixed_models.power"), 1),
        ("mixed_models/*", newest("mixed_models.fit"), 1),
        ("rankings/*", newest("rankings"), 1),
        ("verdicts/ranks", newest("rankings"), 1),
        ("verdicts/pairs", newest("rankings"), 1),
        ("verdicts/*", newest("mixed_models.fit"), 1),
        ("evaluated/models", newest("landscapes.across"), 1),
        ("evaluated/relations", newest("landscapes.across"), 1),
        ("evaluated/claims", newest("landscapes.across"), 1),
        ("evaluated/difficulty", newest("landscapes.across"), 1),
        ("evaluated/suggested", newest("landscapes.across"), 1),
        ("evaluated/*", newest("landscapes.grids"), 1),
        ("landscape/*", newest("landscapes"), 1),
        ("landscape_methods/*", newest("landscapes.methods"), 1),
        ("sweep/*", newest("sweeps"), 1),
        ("*", newest("traces"), 1),
    ],
    "embedding": [("*", "select max(analysis_run_id) from result.embedding_subject", 1)],
    "job": [("*", "select 'landscapes'", "landscapes")],
    "subject": [
        ("verdicts/*", "select max(subject) from ops.analysis_run where job = 'mixed_models.fit'", "none"),
        ("mixed_models/*", "select max(subject) from ops.analysis_run where job = 'mixed_models.fit'", "none"),
        ("*", "select max(subject) from ops.analysis_run where job = 'landscapes'", "none"),
    ],
    "model": [("*", "select max(model) from result.lmem_model", "model")],
    "space": [
        *((f"evaluated/{name}", "select max(search_space_id) from core.search_space", 1) for name in BY_ID),
        ("evaluated/*", "select max(name) from core.search_space", "none"),
        ("search_space/hyperparameters", "select max(search_space_id) from core.evaluation", 1),
        ("search_space/*", "select max(name) from core.search_space", "none"),
        ("landscape_methods/*", "select max(name) from core.search_space", "none"),
        ("landscape/similarity", compared("s.name"), "none"),
        ("landscape/transfer", compared("s.name"), "none"),
        ("*", "select max(search_space_id) from core.evaluation", 1),
    ],
    "benchmark": [
        ("landscape/transfer", compared("landscape_b"), "none"),
        ("*", "select max(benchmark_id) from core.evaluation", 1),
    ],
    "benchmarks": [
        ("evaluated/*", "select list(name) from core.benchmark", ["none"]),
        ("*", "select list(distinct benchmark_id) from core.evaluation", [1]),
    ],
    "metric": [
        ("model_input/*", "select max(metric_id) from core.trace", 1),
        ("sweep/*", "select max(metric_id) from result.sweep_summary", 1),
        ("sweep_input/*", "select max(metric_id) from core.sweep_metric", 1),
        ("ledger/unit", "select max(name) from core.metric", "none"),
        ("*", "select max(metric_id) from core.evaluation", 1),
    ],
    "sweep": [("*", "select max(sweep_id) from result.sweep_summary", 1)],
    "first": [("*", "select min(metric_id) from result.sweep_summary", 1)],
    "second": [("*", "select max(metric_id) from result.sweep_summary", 2)],
    "experiment": [
        ("traces/*", "select min(experiment_id) from core.experiment", 1),
        ("model_input/*", "select min(experiment_id) from core.experiment", 1),
        ("*", "select min(name) from core.experiment", "none"),
    ],
    "split": [("*", "select max(split) from core.evaluation", "valid")],
    "fidelity": [("*", "select min(fidelity) from core.evaluation", None)],
    "configuration": [("*", "select max(configuration_id) from core.evaluation", 0)],
    "aspect": [("*", compared("aspect"), "benchmark")],
    "context": [("*", compared("context"), "none")],
    "sign": [("*", "select -1.0", -1.0)],
    "is_level": [("*", "select false", False)],
    "every": [("*", "select 1", 1)],
    "most": [("*", "select 20", 20)],
    "best": [("*", "select 5", 5)],
    "others": [("*", "select 20.0", 20.0)],
    "keep": [("*", "select 3", 3)],
    "site": [("*", "select max(site) from ops.nightly", "site")],
    "nightly": [("*", "select max(nightly_id) from ops.nightly", 1)],
    "build": [("*", "select max(nightly_id) from ops.nightly", 1)],
    "base": [("*", "select 0", 0)],
    "points": [("*", "select 50.0", 50.0)],
    "source": [("*", "select max(source_id) from core.run", 1)],
    "spaces": [("*", "select list(distinct search_space_id) from core.evaluation", [1])],
    "number": [("*", f"select max(search_space_id) from {NODES}", 1)],
    "name": [
        (
            "demo/values",
            f"select max(m.name) from {NODES} where search_space_id = (select max(search_space_id) from {NODES})",
            "none",
        )
    ],
    "beginnings": [("*", "select ['lmem_', 'ranking_']", [])],
    "version": [
        ("*", f"select job_version from ops.analysis_run where analysis_run_id = ({newest('landscapes')})", "1")
    ],
    "parameters": [
        (
            "ledger/same_run",
            f"select parameters from ops.analysis_run where analysis_run_id = ({newest('landscapes')})",
            "",
        ),
        ("ledger/superseded", "select list(distinct parameters) from ops.analysis_run", []),
    ],
    "input": [("*", "select max(input_fingerprint) from ops.analysis_run", "none")],
    "seed": [("*", "select null::integer", None)],
    "jobs": [("*", "select list(distinct job) from ops.analysis_run", [])],
    "subjects": [("*", "select list(distinct subject) from ops.analysis_run", [])],
}
"""Parameter -> pattern of the queries' names, SQL that finds a value in a filled warehouse, and a value where it finds
none; the first pattern that fits counts."""

SESSION = ("runs", "spans", "budgets", "grid", "steps", "grid_points", "scales", "points")
"""The tables of a session that the queries of `traces` make and read, in order; Python makes the grid."""
GRID = """
create or replace temp table traces_grid as
select benchmark_id, metric_id, budget, 1.0::double as weight,
  row_number() over (partition by benchmark_id, metric_id order by budget) as step
from traces_budget
"""


def parameters(warehouse: Warehouse, name: str) -> dict[str, Any]:
    found = {}
    for parameter in parameters_of(queries.text(name)):
        sql, otherwise = next((sql, value) for fits, sql, value in VALUES[parameter] if fnmatch(name, fits))
        value = warehouse.sql(sql).one()
        found[parameter] = otherwise if value is None else value
    return found


def run(warehouse: Warehouse, name: str) -> list[tuple[Any, ...]]:
    return warehouse.sql(queries.text(name), parameters(warehouse, name) or None).rows()


def prepared(path: Path) -> Warehouse:
    warehouse = Warehouse(path)
    for name in SESSION:
        if name == "grid":
            warehouse.connection.execute(GRID)
        else:
            run(warehouse, f"traces/{name}")
    return warehouse


@pytest.fixture(scope="module")
def empty(empty_warehouse: Path) -> Warehouse:
    return prepared(empty_warehouse)


@pytest.fixture(scope="module")
def filled(demo_folder: Path) -> Warehouse:
    return prepared(demo_folder / "hpowh.duckdb")


@pytest.mark.parametrize("name", queries.names())
def test_it_runs_on_an_empty_warehouse(empty, name):
    run(empty, name)


@pytest.mark.parametrize("name", queries.names())
def test_it_runs_on_a_filled_warehouse(filled, name):
    rows = run(filled, name)
    assert rows or name in WITHOUT_ROWS or (name in WITHOUT_ROWS_IN_LITTLE and is_little(filled))


WITHOUT_ROWS = {
    # The demo has one fidelity, no train split beside a test split, no embedding, no costs, no trials on landscapes.
    "evaluated/cheapest", "evaluated/fidelities", "evaluated/fidelity_scatter", "evaluated/film", "evaluated/gaps",
    "evaluated/models", "evaluated/regions", "landscape_across/sizes",
    "evaluated/scatter", "evaluated/spaces", "evaluated/splits", "landscape/embedding", "landscape/embedding_cells",
    "landscape/embedding_optima", "landscape/embedding_paths", "landscape_across/fidelities", "landscape_input/costs",
    "landscape_input/stale_planes", "landscape_input/trials",
    # Its algorithms ran on all of its landscapes, and methods of importance were not compared.
    "evaluated/suggested", "landscape_methods/agreement", "landscape_methods/runs", "landscape_methods/shares",
    # Its sweeps count neither steps nor seconds in attributes.
    "sweep_input/counters",
    # None of its search spaces is conditional.
    "landscape_input/conditions", "search_space/conditions",
    # It asks neither for anomalies nor comparisons nor power nor a calibration nor tiers, and fits one model.
    "mixed_models/anomalies", "mixed_models/anomalous", "mixed_models/anomaly_why", "mixed_models/anytime",
    "mixed_models/anytime_pairs", "mixed_models/calibrated", "mixed_models/calibration",
    "mixed_models/comparisons", "mixed_models/others", "mixed_models/power", "rankings/tiers",
    # None of its runs failed or ended early, no block lacks an algorithm, factors do not vary within benchmarks.
    "coverage/ends", "mixed_models/failures", "mixed_models/strata", "rankings/costs", "rankings/failures",
    "experiment/codes", "sweep/failures", "verdicts/hanging",
    # It has had no nightly build, and all of its rows are usable.
    "nightly/kept", "overview/changes", "overview/failed_builds", "overview/failed_steps", "overview/latest_nightly",
    "overview/refused", "overview/unusable",
    # Its sweeps were drawn at random: nothing narrowed them; no tracker gave their trials addresses.
    "sweep/addresses", "sweep/narrowed",
    # They have one metric, no intermediate values and no condition, and nothing was left untried.
    "sweep/front_suggestions", "sweep/front_values", "sweep/hypervolume", "sweep/knee", "sweep/published",
    "sweep/rungs", "sweep/curve_band", "sweep/curves", "sweep/front", "sweep/steps", "sweep/tradeoff", "sweep/untried",
    "sweep/unused", "sweep_input/rules",
    # No run of it came twice, all of its algorithms have the same seeds, and nothing was analysed anew.
    "ledger/superseded", "nightly/last", "sources/double_runs", "sources/known_on_boards", "sources/known_runs",
    "sources/ragged_seeds",
}  # fmt: skip
"""What the demo has no rows for; every other query gives some."""
WITHOUT_ROWS_IN_LITTLE = {"mixed_models/spreads", "sweep/compared_ranges", "sweep/interactions"}
"""Four tables have too few benchmarks for variances of their own, 24 trials too few for pairs of hyperparameters."""


def is_little(warehouse: Warehouse) -> bool:
    return "small-demo" in warehouse.path.parts


ASKED_BY_USERS = ("warehouse/commands/sql.py", "reports/agent/answers.py")
"""Where the name comes from whoever asks."""


def named_in_code(asked: str = "text") -> dict[str, list[str]]:
    """Return query (or `statement`) -> the files whose code names it; the name is always written out, for searches."""
    found: dict[str, list[str]] = {}
    for path in sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py")):
        file, code = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
        if f"queries.{asked}(" not in code or file in ASKED_BY_USERS:
            continue
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == f"queries.{asked}":
                (name,) = node.args
                assert isinstance(name, ast.Constant), f"{file}:{node.lineno}: {ast.unparse(node)}"
                found.setdefault(name.value, []).append(file)
    return found


def test_every_query_is_used_and_every_name_in_code_is_a_query():
    assert set(named_in_code()) == set(queries.names())
    assert set(named_in_code("statement")) == set(queries.names("statements"))


@pytest.mark.parametrize("name", queries.names("statements"))
def test_a_statement_says_what_its_rows_are_and_is_one(name):
    """They are run by the tests of their loaders: what they read is laid out for them in tables of the session."""
    sql = queries.statement(name)
    assert re.fullmatch(r"-- One row per [^$]+\.", sql.partition("\n")[0])
    assert len(duckdb.extract_statements(sql)) == 1
    assert re.search(r"\?|\$\d", sql) is None


def test_documentation_names_queries_that_exist():
    named = {
        name
        for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
        for name in re.findall(r"--query ([a-z_]+/[a-z_]+)", path.read_text(encoding="utf-8"))
    }
    assert named and named <= set(queries.names())


def test_every_grain_is_one_sentence_without_parameters():
    """A `$name` in a comment would be replaced by its value where a page shows the SQL."""
    for name in queries.names():
        grain = queries.find(name).grain
        assert re.fullmatch(r"One row per [^$]+\.", grain), (name, grain)


def test_no_parameter_goes_by_its_place():
    assert [name for name in queries.names() if re.search(r"\?|\$\d", queries.text(name))] == []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A floor of text of the test's own."""
    for name in ("queries/toy", "views"):
        (tmp_path / "sql" / name).mkdir(parents=True)
    for module in (queries, views):
        monkeypatch.setattr(module, "files", lambda _: tmp_path / "sql")
    for cached in (queries.find, queries.statement, views.static_views):
        cached.cache_clear()
    yield tmp_path / "sql"
    for cached in (queries.find, queries.statement, views.static_views):
        cached.cache_clear()


def test_a_query_without_its_grain_is_refused_by_its_file(folder):
    (folder / "queries" / "toy" / "best.sql").write_text("-- the best value\nselect 1")
    with pytest.raises(HpowhError, match=r"sql/queries/toy/best\.sql does not say what one row is\. Begin its first"):
        queries.text("toy/best")


@pytest.mark.parametrize("name", ["toy/best", "toy", "", "../views/toy", "toy/../toy/best", "/etc/passwd"])
def test_what_is_no_query_is_refused(folder, name):
    (folder / "views" / "toy.sql").write_text("-- One row per toy.\nselect 1")
    with pytest.raises(HpowhError, match="There is no query"):
        queries.text(name)


def test_a_statement_is_refused_as_a_query_is(folder):
    (folder / "statements" / "toy").mkdir(parents=True)
    (folder / "statements" / "toy" / "best.sql").write_text("insert into core.run values (1)")
    with pytest.raises(HpowhError, match=r"sql/statements/toy/best\.sql does not say what one row is\."):
        queries.statement("toy/best")
    with pytest.raises(HpowhError, match="There is no statement toy/worst"):
        queries.statement("toy/worst")
    with pytest.raises(HpowhError, match="There is no query toy/best"):
        queries.text("toy/best")


def test_a_view_without_its_grain_is_refused_by_its_file(folder):
    (folder / "views" / "best.sql").write_text("select benchmark_id\nfrom core.run")
    with pytest.raises(HpowhError, match=r"sql/views/best\.sql does not say what one row is"):
        views.static_views()


@pytest.mark.parametrize(
    ("select", "said"),
    [("select bugdet from core.trace", "bugdet"), ("selec 1", "syntax error")],
)
def test_a_wrong_view_is_named_with_its_file(folder, warehouse, select, said):
    (folder / "views" / "best.sql").write_text(f"-- One row per benchmark.\n{select}\n")
    with (
        pytest.raises(HpowhError, match=r"The view mart\.best \(sql/views/best\.sql\) cannot be made: ") as refused,
        warehouse.writing() as connection,
    ):
        views.recreate_views(connection)
    assert said in str(refused.value)


def test_command_runs_a_query_with_its_values(hpowh, warehouse):
    named = ("--query", "mixed_models/power", "--set", "run=3")
    asked = hpowh("sql", "-w", str(warehouse.path), *named, "--format", "csv")
    assert asked.stdout.startswith("difference,benchmark_count,seed_count,power"), asked.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--query", "mixed_models/power"), "The query needs $run. Give --set run=VALUE"),
        (("--query", "mixed_models/power", "--set", "run=1", "--set", "nun=2"), "The query has no $nun. It has $run."),
        (("--query", "mixed_models/power", "--set", "run"), "--set run: not NAME=VALUE."),
        (("--query", "mixed_models/power", "--set", "run=1", "--set", "run=2"), "--set run: set twice."),
        (("--query", "mixed_models/strength"), "There is no query mixed_models/strength."),
        (("--query", "mixed_models/power", "select 1"), "Give one of these"),
        (("--queries", "--set", "run=1"), "--queries takes no --set."),
    ],
)
def test_command_refuses(hpowh, warehouse, arguments, said):
    done = hpowh("sql", "-w", str(warehouse.path), *arguments)
    assert done.returncode in (1, 2)
    assert said in done.stderr


def test_values_are_what_json_says_else_texts(hpowh, warehouse):
    settings = {"a": "3", "b": "true", "c": "null", "d": "[1,2]", "e": "svm's", "f": '"3"'}
    given = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    query = "select " + ", ".join(f"typeof(${name}) as {name}" for name in settings)
    (row,) = json.loads(hpowh("sql", "-w", str(warehouse.path), query, *given, "--format", "json").stdout)
    kinds = {"a": "INTEGER", "b": "BOOLEAN", "c": '"NULL"', "d": "INTEGER[]", "e": "VARCHAR", "f": "VARCHAR"}
    assert row == kinds


def test_queries_are_listed_with_their_grain_and_parameters(hpowh):
    done = hpowh("sql", "--queries", "--format", "csv")
    assert done.stdout.splitlines()[0] == "query,parameters,one_row_is"
    assert "experiment/winners,$run," in done.stdout
    assert len(done.stdout.splitlines()) == len(queries.names()) + 1
