"""The demo: counts, neighbourhood, invariants, the cookbook's answers, and that a second run does nothing.

In little for every run of the tests, in full for the slow ones.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hpowh.warehouse import Warehouse
from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.query import markdown

from ..conftest import SMALL

COOKBOOK = (Path(__file__).resolve().parents[2] / "docs" / "sql-cookbook.md").read_text()
QUESTIONS = re.findall(
    r"^## (\d+\. .+?)\n\n```sql\n(.+?)\n```\n\n((?:\|[^\n]*\n)+)", COOKBOOK, re.MULTILINE | re.DOTALL
)


@pytest.fixture(scope="module")
def demo(whole_demo):
    with Warehouse(whole_demo / "hpowh.duckdb") as store:
        yield store


@pytest.fixture(scope="module")
def little(small_demo):
    with Warehouse(small_demo / "hpowh.duckdb") as store:
        yield store


@pytest.mark.slow
def test_every_evaluation_of_the_package_is_there(demo):
    rows = demo.sql(
        "select search_space, benchmark, metric, evaluation_count, configuration_count, coverage from mart.landscape"
    ).rows()
    assert len(rows) == 8 * 4 + 4 * 3 + 3 * 4
    for space, benchmark, metric, evaluations, configurations, coverage in rows:
        size, repeats = {"hpobench": (30_000, 5), "fcnet": (62_208, 4), "nasbench201": (15_625, None)}[space]
        assert (configurations, coverage) == (size, 1.0), (benchmark, metric)
        if repeats:
            assert evaluations == size * repeats, (benchmark, metric)
        else:
            assert 2 * size <= evaluations <= 3 * size, (benchmark, metric)


def test_every_evaluation_of_four_tables_is_there(little):
    rows = little.sql("select search_space, evaluation_count, configuration_count, coverage from mart.landscape").rows()
    assert rows == [("fcnet", 62_208 * 4, 62_208, 1.0)] * 12


@pytest.mark.slow
def test_edges_of_the_neighbourhood(demo):
    """FCNet and NAS-Bench-201 as an independent implementation counts them, ties included; HPOBench by hand."""
    pairs = dict(demo.sql("select search_space, count(*) from mart.neighbour group by 1").rows())
    by_hand = 4 * (9 * 3_000) + 2 * 10_000
    assert pairs == {"fcnet": 2 * 378_432, "nasbench201": 2 * 187_500, "hpobench": 2 * by_hand}


def test_neighbours_of_one_configuration(little):
    """Configuration 12345 of FCNet, decoded by hand from the strides."""
    sizes = [2, 2, 4, 3, 3, 6, 2, 6, 6]
    kinds = [True, True, False, False, False, False, True, False, False]  # categorical?
    rest, levels = 12_345, []
    for size in reversed(sizes):
        rest, level = divmod(rest, size)
        levels.insert(0, level)
    expected, stride = set(), 1
    for size, level, categorical in reversed(list(zip(sizes, levels, kinds, strict=True))):
        others = [other for other in range(size) if other != level and (categorical or abs(other - level) == 1)]
        expected |= {12_345 + (other - level) * stride for other in others}
        stride *= size
    found = little.sql(
        "select neighbour_id from mart.neighbour where search_space = 'fcnet' and configuration_id = 12345"
    ).rows()
    assert {row[0] for row in found} == expected


def test_all_checks_pass(little):
    assert [(result.name, result.example) for result in run_checks(little) if result.failures] == []


@pytest.mark.slow
def test_all_checks_of_the_whole_pass(demo):
    assert [(result.name, result.example) for result in run_checks(demo) if result.failures] == []


def test_every_trial_of_the_experiment_is_a_configuration(little):
    """The value of a trial is the table's mean at the configuration that the trial resolved to."""
    rows = little.sql(
        """
        select count(*), count(t.configuration_id), max(abs(m.value - n.value))
        from core.trial as t
        join core.sweep as s using (sweep_id)
        join core.trial_metric as m on m.trial_id = t.trial_id and m.step is null
        join mart.landscape_node as n
          on n.search_space_id = s.search_space_id and n.benchmark_id = s.benchmark_id and n.metric_id = m.metric_id
          and n.configuration_id = t.configuration_id
        """
    ).rows()
    assert rows[0][:2] == (4 * 4 * 3 * 20, 4 * 4 * 3 * 20)
    assert rows[0][2] < 1e-12


def test_the_cookbook_has_a_dozen_questions():
    assert len(QUESTIONS) >= 12
    assert len(QUESTIONS) == COOKBOOK.count("```sql")


IN_LITTLE = [question for question in QUESTIONS if "space.hpobench" not in question[1]]
"""Questions of tables that the demo in little has."""


@pytest.mark.parametrize(("question", "query", "answer"), IN_LITTLE, ids=[q[0][:40] for q in IN_LITTLE])
def test_cookbook_queries_run(little, question, query, answer):
    """In little the rows are others, the columns are not."""
    columns = little.sql(query).columns
    assert [cell.strip() for cell in answer.splitlines()[0].strip("| ").split("|")] == list(columns), question


@pytest.mark.slow
@pytest.mark.parametrize(("question", "query", "answer"), QUESTIONS, ids=[q[0][:40] for q in QUESTIONS])
def test_cookbook_answers_hold(demo, question, query, answer):
    relation = demo.sql(query)
    assert markdown(relation.columns, relation.rows()) == answer, question


def test_a_second_demo_finds_everything_unchanged(little, small_demo, hpowh):
    """Run again in the same folder: no source is loaded, no analysis computed, no page written."""
    little.close()
    store = Warehouse(small_demo / "hpowh.duckdb")
    before = store.sql(
        "select (select max(ingest_id) from ops.ingest), (select max(analysis_run_id) from ops.analysis_run)"
    ).rows()
    store.close()
    done = hpowh("demo", "--no-evaluation", *SMALL, "--folder", str(small_demo))
    assert done.returncode == 0, done.stderr
    after = store.sql(
        "select (select max(ingest_id) from ops.ingest), (select max(analysis_run_id) from ops.analysis_run)"
    ).rows()
    store.close()
    assert after == before
    assert "loaded" not in done.stdout
    assert "computed" not in done.stdout
    assert "fitted" not in done.stdout
    assert "written" not in done.stdout


VIEW_EDGES = """
create or replace temp table edge as
select configuration_id, neighbour_id, difference
from mart.landscape_edge
where search_space_id = ? and benchmark_id = ? and metric_id = ? and split = ? and fidelity is not distinct from ?
"""
UNEQUAL_NODES = """
with by_view as (
  select
    configuration_id, count(*) as degree, count(*) filter (difference < 0) as improving,
    count(*) filter (difference = 0) as tied, count(*) filter (abs(difference) <= ?) as neutral
  from edge group by configuration_id
),
by_kernel as (
  select * from result.landscape_node where analysis_run_id = ?
)
select
  count(*), sum(v.neutral) / sum(v.degree),
  count(*) filter (
    k.degree is distinct from v.degree or k.improving_count is distinct from v.improving
    or k.tied_count is distinct from v.tied or k.neutral_count is distinct from v.neutral
  )
from by_kernel as k full join by_view as v on v.configuration_id = k.configuration_id
"""
SPREAD_LABELS = """
create or replace temp table label as
select a.configuration_id, least(any_value(a.label), min(b.label)) as label
from label as a
join edge as e on e.configuration_id = a.configuration_id and e.difference = 0
join label as b on b.configuration_id = e.neighbour_id
group by a.configuration_id
"""
COUNT_OPTIMA = """
with node as (
  select e.configuration_id, any_value(coalesce(l.label, e.configuration_id)) as plateau,
    bool_or(e.difference < 0) as leaves
  from edge as e left join label as l on l.configuration_id = e.configuration_id
  group by e.configuration_id
),
plateau as (
  select plateau, bool_or(leaves) as leaves from node group by plateau
)
select count(*) from plateau where not leaves
"""


@pytest.mark.slow
def test_views_and_kernel_agree_on_every_table(demo):
    """Degree, improving, tied and neutral neighbours of each configuration; neutrality; optima, a plateau once."""
    landscapes = demo.sql(
        "select s.*, b.name from result.landscape_subject as s join core.benchmark as b using (benchmark_id) "
        "join core.search_space as p using (search_space_id) "
        "where p.name in ('fcnet', 'hpobench', 'nasbench201') and s.seed is null and s.split <> 'train' "
        "qualify row_number() over (partition by b.benchmark_id order by s.metric_id, s.analysis_run_id desc) = 1"
    ).pl()
    assert landscapes.height == 15
    con = demo.connection
    for row in landscapes.iter_rows(named=True):
        names = ("search_space_id", "benchmark_id", "metric_id", "split", "fidelity")
        con.execute(VIEW_EDGES, [row[name] for name in names])
        found = con.execute(UNEQUAL_NODES, [row["epsilon"], row["analysis_run_id"]]).fetchall()[0]
        assert (found[0], found[2]) == (row["configuration_count"], 0), row["name"]
        measured = dict(
            demo.sql(
                "select name, value from result.landscape_metric where analysis_run_id = ?", [row["analysis_run_id"]]
            ).rows()
        )
        assert measured["neutrality"] == pytest.approx(found[1], abs=1e-12), row["name"]
        con.execute(
            "create or replace temp table label as "
            "select distinct configuration_id, configuration_id as label from edge where difference = 0"
        )
        before, total = None, con.execute("select sum(label) from label").fetchall()
        while total != before:
            con.execute(SPREAD_LABELS)
            before, total = total, con.execute("select sum(label) from label").fetchall()
        assert measured["n_lo"] == con.execute(COUNT_OPTIMA).fetchall()[0][0], row["name"]
