"""Building a site: whole, unchanged, refused, failed; its links, ids, data and SQL."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from hpowh.reports import registry
from hpowh.reports.blocks import Plot, Prose
from hpowh.reports.build import build_site
from hpowh.reports.context import SiteContext
from hpowh.reports.finding import Finding
from hpowh.reports.page import Page
from hpowh.reports.render import json_script, plot_data
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import HpowhError, UsageError, WarehouseLockedError


class Reader(HTMLParser):
    """Collects the addresses and ids of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [value for name in ("href", "src") if (value := given.get(name))]
        self.ids += [value for name, value in attrs if name == "id" and value]


@pytest.fixture
def own(plain_site: Any, tmp_path: Path) -> Warehouse:
    """A copy of the plain site's warehouse."""
    shutil.copy(plain_site.warehouse, tmp_path / "own.duckdb")
    return Warehouse(tmp_path / "own.duckdb")


@pytest.mark.parametrize("site", ["plain_site", "hostile_site"])
def test_every_link_leads_somewhere_and_ids_are_unique(site: str, request: pytest.FixtureRequest):
    folder = request.getfixturevalue(site).folder
    readers = {path.name: Reader(path.read_text()) for path in folder.glob("*.html")}
    assert len(readers) >= 8
    for name, reader in readers.items():
        assert len(set(reader.ids)) == len(reader.ids), name
        for address in reader.addresses:
            if address == "data:,":
                continue
            path, _, anchor = address.partition("#")
            assert not re.match(r"[a-z]+:|//", address), (name, address)
            assert not path or (folder / path).is_file(), (name, address)
            if anchor and (not path or path in readers):
                assert anchor in readers[path or name].ids, (name, address)


def test_shown_sql_gives_the_rows_of_the_csv(plain_site: Any):
    """Whoever pastes the SQL of a figure into DuckDB gets the numbers of its CSV."""
    checked = 0
    with duckdb.connect(str(plain_site.warehouse), read_only=True) as con:
        for path in plain_site.folder.glob("*.html"):
            if path.name == "provenance.html":
                continue
            text = path.read_text()
            csvs = re.findall(r'<a href="(data/[^"]+)" download', text)
            queries = [unescape(sql) for sql in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", text, re.S)]
            assert len(csvs) == len(queries)
            for csv, sql in zip(csvs, queries, strict=True):
                frame = con.execute(sql).pl()
                stored = pl.read_csv(plain_site.folder / csv, infer_schema=False)
                assert stored.columns == frame.columns and stored.height == frame.height, csv
                numbers = [name for name, kind in frame.schema.items() if kind.is_numeric()]
                for name in numbers:
                    assert stored[name].cast(pl.Float64).to_list() == pytest.approx(
                        frame[name].cast(pl.Float64).to_list(), nan_ok=True
                    ), (csv, name)
                checked += 1
    assert checked > 15


def test_unchanged_input_is_not_built_again_and_the_ledger_has_one_row_a_build(own: Warehouse, tmp_path: Path):
    first, second = build_site(own, tmp_path / "site"), build_site(own, tmp_path / "site")
    assert first.is_new and not second.is_new
    assert second.page_count == first.page_count > 5
    count = "select count(*) from ops.build where path = ?"
    assert own.sql(count, [str(tmp_path / "site")]).one() == 1
    build_site(own, tmp_path / "site", is_forced=True)
    assert own.sql(count, [str(tmp_path / "site")]).one() == 2


def test_a_new_source_or_a_missing_file_is_built_anew(own: Warehouse, tmp_path: Path):
    build_site(own, tmp_path / "site")
    (tmp_path / "site" / "methods.html").unlink()
    assert build_site(own, tmp_path / "site").is_new
    assert (tmp_path / "site" / "methods.html").is_file()
    with own.writing() as con:
        con.execute("insert into core.source values (2, 'runs', 'more', 'uri', 'f2', 1, 0, '{}', now(), '0')")
    assert build_site(own, tmp_path / "site").is_new


class Broken:
    """A module whose page, findings and part in other pages all fail."""

    @staticmethod
    def pages(site: SiteContext) -> list[Page]:
        return [Page(key=("broken",), title="Broken", section="About", build=lambda: [Prose(paragraphs=[1 / 0])])]

    @staticmethod
    def findings(site: SiteContext) -> list[Finding]:
        raise KeyError("no such finding")

    @staticmethod
    def blocks(site: SiteContext, key: tuple[str, ...]) -> list[Prose]:
        if key == ("methods",):
            raise ValueError("<b>part</b>")
        return []


def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = registry.page_modules()
    monkeypatch.setattr(registry, "page_modules", lambda: [*modules, Broken])


def test_a_failed_page_says_so_and_the_others_are_whole(
    own: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    build_site(own, tmp_path / "site")
    whole = {path.name for path in (tmp_path / "site").glob("*.html")}
    broken(monkeypatch)
    build = build_site(own, tmp_path / "site", is_forced=True)
    assert {(one.what, one.sentence) for one in build.failures} == {
        ("Broken", "ZeroDivisionError: division by zero."),
        ("Methods and limitations (test_build)", "ValueError: <b>part</b>."),
        ("findings of Broken", "KeyError: 'no such finding'."),
    }
    texts = {path.name: path.read_text() for path in (tmp_path / "site").glob("*.html")}
    assert set(texts) == whole | {"broken.html"}
    assert "This page could not be built: ZeroDivisionError: division by zero." in texts["broken.html"]
    assert "A part of this page could not be built: ValueError: &lt;b&gt;part&lt;/b&gt;" in texts["methods.html"]
    assert "What the words and numbers" in texts["methods.html"]
    assert "ZeroDivisionError" in texts["index.html"]
    status, summary = own.sql("select status, summary from ops.build order by build_id desc limit 1").rows()[0]
    assert status == "ok" and len(json.loads(summary)["failures"]) == 3


def test_a_site_with_failed_pages_is_built_again_until_it_is_whole(
    own: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as once:
        broken(once)
        assert build_site(own, tmp_path / "site").failures
        assert build_site(own, tmp_path / "site").is_new
    build = build_site(own, tmp_path / "site")
    assert build.is_new and not build.failures
    assert "ZeroDivisionError" not in (tmp_path / "site" / "index.html").read_text()
    assert not build_site(own, tmp_path / "site").is_new


def test_a_site_of_which_no_page_can_be_built_leaves_the_old_one(
    own: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    build_site(own, tmp_path / "site")
    before = {path.name: path.read_bytes() for path in (tmp_path / "site").glob("*.html")}
    monkeypatch.setattr("hpowh.reports.render.check_ids", lambda *_: 1 / 0)
    with pytest.raises(HpowhError, match="No page could be built. ZeroDivisionError"):
        build_site(own, tmp_path / "site", is_forced=True)
    assert {path.name: path.read_bytes() for path in (tmp_path / "site").glob("*.html")} == before
    assert [path.name for path in tmp_path.iterdir() if "building" in path.name] == []
    assert own.sql("select status from ops.build order by build_id desc limit 1").one() == "failed"


def test_a_module_can_add_blocks_to_the_page_of_another(
    own: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    class Adds:
        @staticmethod
        def blocks(site: SiteContext, key: tuple[str, ...]) -> list[Prose]:
            return [Prose("Added here", ["By another module."])] if key == ("experiment", "trial") else []

    modules = registry.page_modules()
    monkeypatch.setattr(registry, "page_modules", lambda: [*modules, Adds])
    build_site(own, tmp_path / "site")
    texts = {path.name: path.read_text() for path in (tmp_path / "site").glob("*.html")}
    assert [name for name, text in texts.items() if "Added here" in text] == ["experiment-trial.html"]


def test_a_folder_with_other_things_is_refused(own: Warehouse, tmp_path: Path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("precious")
    with pytest.raises(UsageError, match="holds files that are no report"):
        build_site(own, tmp_path / "home")
    assert (tmp_path / "home" / "thesis.tex").read_text() == "precious"


def test_only_one_kind_of_page(own: Warehouse, tmp_path: Path):
    build = build_site(own, tmp_path / "site", only=("benchmark",))
    assert build.page_count == 2
    assert "url=benchmark-digits.html" in (tmp_path / "site" / "index.html").read_text()
    with pytest.raises(UsageError, match="no page of the kind nonsense.*benchmark, coverage, experiment"):
        build_site(own, tmp_path / "other", only=("benchmark", "nonsense"))
    assert not (tmp_path / "other").exists()


def test_an_empty_warehouse_has_a_site_that_says_so(warehouse: Warehouse, tmp_path: Path):
    build_site(warehouse, tmp_path / "site")
    assert "Nothing has been loaded yet" in (tmp_path / "site" / "index.html").read_text()
    assert "No analysis has been run yet" in (tmp_path / "site" / "index.html").read_text()


def test_runs_that_were_not_analysed_are_told_how(own: Warehouse, tmp_path: Path):
    with own.writing() as con:
        con.execute("delete from ops.analysis_run")
    build_site(own, tmp_path / "site")
    assert "hpowh analyse traces" in (tmp_path / "site" / "experiment-trial.html").read_text()
    assert "have not been summed up: hpowh analyse traces" in (tmp_path / "site" / "index.html").read_text()


def test_results_that_no_longer_fit_their_runs_are_told(own: Warehouse, tmp_path: Path):
    with own.writing() as con:
        con.execute("update core.source set fingerprint = 'changed'")
    build_site(own, tmp_path / "site")
    assert "trial has changed since it was analysed" in (tmp_path / "site" / "index.html").read_text()
    assert "have changed since this analysis" in (tmp_path / "site" / "experiment-trial.html").read_text()


def test_current_results_are_not_called_old(plain_site: Any):
    assert "changed since" not in (plain_site.folder / "index.html").read_text()
    assert "changed since" not in (plain_site.folder / "experiment-trial.html").read_text()


def test_lists_that_occur_twice_are_stored_once():
    budgets = [float(one) for one in range(20)]
    plot = Plot({"": {"data": [{"x": budgets, "y": [0.123456789] * 20}, {"x": budgets, "y": [float("nan")] * 20}]}})
    data = plot_data(plot)
    first, second = data["variants"][""]["data"]
    assert first["x"] == second["x"] == {"$list": 0}
    assert data["lists"] == [budgets]
    assert first["y"] == [0.123457] * 20 and second["y"] == [None] * 20


def test_the_ledger_being_locked_does_not_lose_the_site(
    own: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def locked(*_: Any) -> None:
        raise WarehouseLockedError("It is held by process 7.")

    monkeypatch.setattr("hpowh.reports.build.note_build", locked)
    build = build_site(own, tmp_path / "site")
    assert build.is_new and build.index.is_file()
    assert "could not be written. It is held by process 7." in build.warnings[0]


def test_refused_and_failed_values_are_told(plain_site: Any):
    text = unescape((plain_site.folder / "index.html").read_text())
    assert "2 rows of the source" in text and "were refused" in text
    assert "2 of 48 values on digits (4.2 %) failed or are not finite" in text


def test_findings_carry_their_number_and_link(plain_site: Any):
    text = (plain_site.folder / "index.html").read_text()
    assert re.search(r"trial with .*: random ends with the lowest mean normalised regret by error, 0\.\d+", text)
    assert 'href="experiment-trial.html#regret-overall"' in text


@pytest.mark.parametrize("name", ["</script><script>x", "<!--", "\u2028", "a&b", '"'])
def test_json_in_a_script_cannot_end_it(name: str):
    text = str(json_script({"name": name}))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"name": name}


def test_command_builds_and_then_says_unchanged(own: Warehouse, tmp_path: Path, hpowh: Callable[..., Any]):
    own.close()
    (tmp_path / "own.duckdb").rename(tmp_path / "hpowh.duckdb")
    first, second = hpowh("report"), hpowh("report", "--json")
    assert first.returncode == 0 and "Open " in first.stderr and "index.html" in first.stderr
    assert json.loads(second.stdout)["is_new"] is False
    assert (tmp_path / "site" / "index.html").is_file()


def test_a_narrower_build_keeps_the_other_pages(own: Warehouse, tmp_path: Path):
    """Only the pages asked for are built; the others, their data and what others put there stay as they were."""
    out = tmp_path / "site"
    whole = build_site(own, out)
    (out / "CNAME").write_text("example.org\n")
    (out / "extra").mkdir()
    (out / "extra" / "note.txt").write_text("mine")
    before = {path.name: path.read_bytes() for path in out.glob("*.html")}
    data = {path.name for path in (out / "data").iterdir()}
    narrow = build_site(own, out, only=("benchmark",), is_forced=True)
    after = {path.name: path.read_bytes() for path in out.glob("*.html")}
    assert set(after) == set(before)
    assert {path.name for path in (out / "data").iterdir()} == data
    assert narrow.page_count == whole.page_count
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {name for name in after if name.startswith("benchmark")}
    assert 'http-equiv="refresh"' not in (out / "index.html").read_text()
    assert "experiment" in (out / "assets" / "pages.js").read_text()
    assert narrow.kept_count == len(before) - len([name for name in before if name.startswith("benchmark")])
    build_site(own, out, is_forced=True)
    build_site(own, out, is_forced=True)
    assert (out / "CNAME").read_text() == "example.org\n"
    assert (out / "extra" / "note.txt").read_text() == "mine"


def test_a_narrower_build_of_its_own_is_narrow_and_a_wider_one_after_it_is_whole(own: Warehouse, tmp_path: Path):
    out = tmp_path / "site"
    assert build_site(own, out, only=("benchmark",)).kept_count == 0
    assert not (out / "coverage.html").exists()
    build_site(own, out)
    assert (out / "coverage.html").exists()
    assert 'http-equiv="refresh"' not in (out / "index.html").read_text()


def test_no_folder_of_the_machine_is_on_a_page(own: Warehouse, tmp_path: Path):
    """A page may be mailed: it names no folder in which the warehouse, the sources or the user's things lie."""
    places = {
        f"{own.path.parent}/data/first.csv": "first.csv",
        "/srv/projects/secret-name/runs.csv": "runs.csv",
        r"C:\Users\ada\runs.csv": "runs.csv",
        "~/thesis/runs.csv": "runs.csv",
        "entity/project": "entity/project",
        "results/runs.csv": "results/runs.csv",
    }
    for uri, shown in places.items():
        assert own.sql("select mart.place(?)", [uri]).one() == shown, uri
    with own.writing() as connection:
        connection.execute("update core.source set uri = '/srv/projects/secret-name/runs.csv'")
        connection.execute("update core.source set name = ?", [f"{own.path.parent}/given as a name"])
    out = tmp_path / "site"
    build_site(own, out)
    for path in [*out.rglob("*.html"), *out.rglob("*.csv")]:
        text = path.read_text()
        assert "secret-name" not in text, path
        assert str(own.path.parent) not in text, path
        assert str(Path.home()) + "/" not in text, path
    assert any("given as a name" in path.read_text() for path in out.glob("*.html"))


def test_texts_of_a_csv_are_no_formulas():
    import polars as pl

    from hpowh.reports.render import harmless

    frame = pl.DataFrame(
        {
            "=name": ["=cmd|'/c calc'!A1", "+1+1", "-2+3", "@sum(A1)", "\tx", "-1.5", "+2e-3", "plain", None],
            "other": ["=1", *["b"] * 8],
            "value": [-1.0, 2.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, None],
        }
    )
    found = harmless(frame)
    assert found.columns == ["'=name", "other", "value"]
    assert found["other"].to_list() == ["'=1", *["b"] * 8]
    assert harmless(pl.DataFrame({"value": [1.0]})).height == 1
    assert found["'=name"].to_list() == [
        "'=cmd|'/c calc'!A1", "'+1+1", "'-2+3", "'@sum(A1)", "'\tx", "-1.5", "+2e-3", "plain", None
    ]  # fmt: skip
    assert found["value"].to_list() == frame["value"].to_list()
