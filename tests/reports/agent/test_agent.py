"""`hpowh mcp`: what a language model is told, through a client of the protocol and a real process."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hpowh.reports.agent import cli
from hpowh.reports.agent.answers import LONGEST_ANSWER, LONGEST_CELL, Asked, may_one_say_so
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import HpowhError, UsageError
from hpowh.warehouse.gate import NotAdmittedError
from hpowh.warehouse.ingest import Request, find_source, ingest
from hpowh.warehouse.limits import LimitError, Limits


@pytest.fixture(scope="module")
def analysed(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with two algorithms, of which `b` is worse on each of eight benchmarks, and a ranking of them."""
    from hpowh.analyses.rankings.job import analyse_rankings

    folder = tmp_path_factory.mktemp("agent")
    path = folder / "hpowh.duckdb"
    shutil.copy(empty_warehouse, path)
    rows = [
        f"{algorithm},f{benchmark},{seed},10,{benchmark + worse + seed / 10}"
        for algorithm, worse in (("a", 0), ("b", 2)) for benchmark in range(8) for seed in range(3)
    ]  # fmt: skip
    (folder / "runs.csv").write_text("\n".join(["algorithm,benchmark,seed,budget,loss", *rows]), encoding="utf-8")
    with Warehouse(path) as store:
        request = Request(str(folder / "runs.csv"), "study", {"loss": "metric"}, {"direction": "min"}, None)
        ingest(store, find_source("runs"), request)
        analyse_rankings(store)
    return path


def asked(path: Path, **options: Any) -> Asked:
    return Asked(path, options.pop("limits", Limits(20, "500MB")), options.pop("most_rows", 5), 0.0)


HOSTILE = (
    "drop table core.run",
    "insert into core.benchmark (benchmark_id, name) values (99, 'x')",
    "copy (select 1) to 'stolen.csv'",
    "attach 'other.duckdb'",
    "set threads = 1",
    "select * from read_csv('runs.csv')",
    "select 1; delete from core.run",
)


def test_a_client_asks_a_process_that_only_reads(analysed: Path):
    mcp = pytest.importorskip("mcp", reason="pip install 'hpowh[agent]': the Model Context Protocol is not tried")
    before = analysed.read_bytes()
    program = "from hpowh.warehouse.cli import main; main()"
    words = ["-c", program, "mcp", "--warehouse", str(analysed), "--limit", "5"]
    process = mcp.StdioServerParameters(command=sys.executable, args=words, cwd=str(analysed.parent))

    async def talk() -> dict[str, Any]:
        async with mcp.Client(process) as client:
            tools = (await client.list_tools()).tools
            found: dict[str, Any] = {"tools": tools}
            for name, arguments in (
                ("list_tables", {"schema": "mart"}),
                ("describe_table", {"table": "mart.run_regret"}),
                ("run_sql", {"sql": "select $a + 1 as b", "parameters": {"a": 1}}),
                ("list_findings", {"subjects": ["study"]}),
                ("list_queries", {}),
                ("run_query", {"name": "findings/runs"}),
            ):
                answer = await client.call_tool(name, arguments)
                assert not answer.is_error, answer
                found[name] = answer.structured_content
            found["refused"] = [await client.call_tool("run_sql", {"sql": one}) for one in HOSTILE]
            found["after"] = (await client.call_tool("run_sql", {"sql": "select count(*) from core.run"})).content
        return found

    with ThreadPoolExecutor(1) as alone:  # a browser's driver may run a loop in this thread
        found = alone.submit(lambda: asyncio.run(asyncio.wait_for(talk(), 120))).result()
    assert {tool.name for tool in found["tools"]} == {
        "list_tables", "describe_table", "run_sql", "list_findings", "list_queries", "run_query",
    }  # fmt: skip
    assert all(tool.description and tool.annotations.read_only_hint for tool in found["tools"])
    assert "mart.run_regret" in {one["name"] for one in found["list_tables"]["result"]}
    assert found["describe_table"]["one_row_is"].startswith("One row per")
    assert found["run_sql"]["results"] == [{"columns": ["b"], "rows": [[2]], "is_cut": False, "note": ""}]
    assert any(one["may_one_say_so"].startswith("Yes") for one in found["list_findings"]["result"])
    assert "findings/runs" in {one["name"] for one in found["list_queries"]["result"]}
    assert found["run_query"]["results"][0]["rows"]
    assert all(one.is_error for one in found["refused"])
    assert "is none" in found["refused"][0].content[0].text
    assert json.loads(found["after"][0].text)["results"][0]["rows"] == [[48]]
    assert analysed.read_bytes() == before
    assert not (analysed.parent / "stolen.csv").exists()


def test_what_is_no_query_is_refused(analysed: Path):
    for statement in HOSTILE:
        with pytest.raises(NotAdmittedError):
            asked(analysed).sql(statement)


def test_a_query_ends_at_its_limits(analysed: Path):
    endless = "select sum(a.range * b.range) from range(10000000) a, range(10000000) b"
    with pytest.raises(LimitError):
        asked(analysed, limits=Limits(0.2, "500MB")).sql(endless)


def test_long_answers_are_cut_and_say_so(analysed: Path):
    (many,) = asked(analysed).sql("select range from range(6)")["results"]
    assert (many["rows"], many["is_cut"]) == ([[0], [1], [2], [3], [4]], True)
    assert "first 5 rows" in many["note"]
    (whole,) = asked(analysed).sql("select range from range(5)")["results"]
    assert (len(whole["rows"]), whole["is_cut"], whole["note"]) == (5, False, "")
    (fewer,) = asked(analysed).sql("select range from range(5)", limit=2)["results"]
    assert (len(fewer["rows"]), fewer["is_cut"]) == (2, True)
    (capped,) = asked(analysed).sql("select range from range(9)", limit=1_000)["results"]
    assert len(capped["rows"]) == 5
    (wide,) = asked(analysed, most_rows=10_000).sql("select repeat('x', 5000) as t from range(10000)")["results"]
    assert wide["is_cut"]
    assert len(wide["rows"][0][0]) < LONGEST_CELL + 50
    assert len(json.dumps(wide["rows"])) < 1.2 * LONGEST_ANSWER


def test_values_are_what_json_takes(analysed: Path):
    query = "select 'nan'::double, 'inf'::double, 1.5, date '2024-02-03', {'a': [1, null]}, '\\xAA'::blob, 2::hugeint"
    (found,) = asked(analysed).sql(query)["results"]
    assert found["rows"] == [[None, None, 1.5, "2024-02-03", {"a": [1, None]}, "b'\\xaa'", 2]]
    json.dumps(found, allow_nan=False)


def test_parameters_without_values_are_named(analysed: Path):
    with pytest.raises(UsageError, match=r"\$a"):
        asked(analysed).sql("select $a")
    with pytest.raises(UsageError, match=r"\$b"):
        asked(analysed).sql("select 1", {"b": 2})
    with pytest.raises(UsageError, match="no schema"):
        asked(analysed).tables("nowhere")
    with pytest.raises(HpowhError, match="no query"):
        asked(analysed).query("nowhere/at_all")


def test_others_write_between_two_questions(analysed: Path, tmp_path: Path):
    path = tmp_path / "w.duckdb"
    shutil.copy(analysed, path)
    question = asked(path)
    count = "select count(*) from core.benchmark"
    assert question.sql(count)["results"][0]["rows"] == [[8]]
    with Warehouse(path) as store, store.writing() as connection:
        connection.execute("insert into core.benchmark (benchmark_id, name) values (99, 'another')")
    assert question.sql(count)["results"][0]["rows"] == [[9]]


def test_no_finding_is_made_stronger_than_it_is(analysed: Path):
    from hpowh.analyses.findings.job import all_findings

    with Warehouse(analysed) as store:
        found = all_findings(store)
    assert {one.basis for one in found} >= {"test"}
    for one in found:
        said = may_one_say_so(one)
        assert said.startswith("Yes") == (one.basis == "test" and one.is_shown is True), one
        assert one.holds_for in said


def test_without_the_extra_the_line_that_installs_it(analysed: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(HpowhError, match="not installed") as caught:
        cli.mcp(warehouse=analysed)
    assert "pip install 'hpowh[agent]'" in caught.value.hint
