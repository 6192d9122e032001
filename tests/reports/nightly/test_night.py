"""A nightly build recomputes what changed, isolates what fails, and never takes a good site away."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from hpowh.reports.keeping import MANIFEST
from hpowh.reports.nightly.builds import switch
from hpowh.warehouse import Warehouse
from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import HpowhError, UsageError


def outcomes(night) -> dict[str, str]:
    return {f"{step.kind} {step.name}": step.outcome for step in night.steps}


def site_is_whole(site: Path) -> None:
    """All files of the manifest are there, and every link and script leads to a file and an id."""
    manifest = json.loads((site / "build.json").read_text())
    assert [name for name in manifest["files"] if not (site / name).is_file()] == []
    texts = {path.name: path.read_text() for path in site.glob("*.html")}
    assert len(texts) >= manifest["page_count"]
    for name, text in texts.items():
        for address in re.findall(r'(?:href|src)="([^":?#]*)(?:#[^"]*)?"', text):
            assert not address or (site / address).is_file(), f"{name} -> {address}"


def test_from_nothing_to_a_site(place):
    night = place.build()
    assert night.exit_code == 0 and night.is_new_site
    assert outcomes(night) == {
        "source first": "done",
        "source second": "done",
        "source grid": "done",
        "analysis traces": "done",
        "analysis landscapes": "done",
        "check invariants": "done",
        "site pages": "done",
    }
    assert place.site.is_symlink() and place.site.resolve().parent == place.folder / "builds"
    site_is_whole(place.site)
    assert place.summary() == json.loads(json.dumps(night.summary()))
    with place.warehouse as warehouse:
        assert warehouse.sql("select status, is_new_site, site from ops.nightly").rows() == [
            ("ok", True, str(place.site))
        ]
        assert warehouse.sql("select count(*) from ops.nightly_step").one() == 7
        assert warehouse.sql("select status from ops.build").rows() == [("ok",)]


def test_an_unchanged_night_recomputes_nothing(built):
    before = built.site.resolve()
    night = built.build()
    assert set(outcomes(night).values()) - {"unchanged"} == {"done"}
    assert {name for name, outcome in outcomes(night).items() if outcome == "done"} == {"check invariants"}
    assert built.site.resolve() == before and not night.is_new_site and night.exit_code == 0
    with built.warehouse as warehouse:
        assert warehouse.sql("select status, is_new_site from ops.nightly order by nightly_id").rows() == [
            ("ok", True),
            ("ok", False),
        ]


def test_touching_one_source_recomputes_only_what_depends_on_it(built):
    before = built.pages()
    built.write("first.csv", built.runs("digits", seed_count=4))
    night = built.build()
    found = outcomes(night)
    assert [name for name, outcome in found.items() if name.startswith("source") and outcome == "done"] == [
        "source first"
    ]
    computed = {step.name: step.detail["computed"] for step in night.steps if step.kind == "analysis"}
    assert computed == {"traces": ["traces: first"], "landscapes": []}
    assert {"index.html", "experiment-first.html", "benchmark-digits.html"} <= set(night.pages["built"])
    others = {"experiment-second.html", "benchmark-wine.html", "benchmark-iris.html", "methods.html"}
    assert others <= set(night.pages["reused"])
    assert len(night.pages["built"]) <= 6 and not night.pages["failed"]
    after = built.pages()
    assert {name for name in after if after[name] == before[name]} == set(night.pages["reused"])
    site_is_whole(built.site)


def test_the_overview_says_what_changed(built):
    built.write("first.csv", built.runs("digits", seed_count=4, better="random"))
    night = built.build()
    sentences = [change.sentence for change in night.changes]
    assert sentences[0] == "In the experiment first: 1 new run of random (4 now), 1 new run of tpe (4 now)."
    assert re.fullmatch(
        r"first: random now ends with the lowest mean normalised regret by loss \([\d.]+\); before it was tpe .*",
        sentences[1],
    )
    text = built.pages()["index.html"]
    assert "What changed since the last build" in text
    assert "In the experiment first: 1 new run of random (4 now), 1 new run of tpe (4 now)." in text
    assert "random now ends with the lowest mean" in text
    assert 'href="experiment-first.html"' in text


@pytest.mark.slow
def test_a_failed_source_does_not_stop_the_others_and_is_shown(built):
    (built.folder / "first.csv").unlink()
    built.write("second.csv", built.runs("wine", seed_count=5))
    night = built.build()
    assert night.exit_code == 1
    assert outcomes(night)["source first"] == "failed" and outcomes(night)["source second"] == "done"
    assert night.is_new_site
    assert "source first: There is no file" in built.pages()["index.html"]
    assert built.warehouse.sql("select count(*) from core.run").one() == 6 + 10  # what it brought before stays
    again = built.build()
    assert again.exit_code == 1 and not again.is_new_site
    built.write("first.csv", built.runs("digits"))
    mended = built.build()
    assert mended.exit_code == 0 and mended.is_new_site
    text = built.pages()["index.html"]
    assert "a step failed: source first" not in text
    assert "failed: source first: There is no file" in text  # in the build before this one


def test_a_failed_analysis_does_not_stop_the_others_and_is_shown(built):
    lmem = '[[analysis]]\njob = "lmem"\nformula = "nonsense ~ algorithm + (1|benchmark)"\nexperiment = "first"\n'
    built.write(
        "hpowh.toml", built.CONFIG.replace('[[analysis]]\njob = "traces"', lmem + '[[analysis]]\njob = "traces"')
    )
    built.write("first.csv", built.runs("digits", seed_count=4))
    night = built.build()
    assert outcomes(night)["analysis lmem"] == "failed" and outcomes(night)["analysis traces"] == "done"
    assert night.exit_code == 1 and night.is_new_site
    assert "analysis lmem: " in built.pages()["index.html"]
    assert "nonsense" in built.summary()["failures"][0]


@pytest.mark.slow
def test_a_failing_page_is_isolated_and_comes_back(built, broken_page, monkeypatch):
    built.write("first.csv", built.runs("digits", seed_count=4))
    with monkeypatch.context():
        broken_page()
        (built.site / "methods.html").unlink()  # else it would be taken over
        night = built.build()
    assert night.exit_code == 1 and night.is_new_site and night.pages["failed"] == ["methods.html"]
    assert "RuntimeError: no methods tonight." in built.pages()["methods.html"]
    assert "no methods tonight" in built.pages()["index.html"]
    assert "no methods tonight" in night.summary()["failures"][0]
    site_is_whole(built.site)


def test_a_failed_check_keeps_the_old_site_and_is_shown_by_the_next_good_build(built):
    before = built.site.resolve()
    config = (
        built.CONFIG + '\n[[check]]\nname = "four seeds"\nsql = """select algorithm from mart.run where experiment = '
    )
    config += '\'first\' group by 1 having count(distinct seed) < 4"""\n'
    built.write("hpowh.toml", config)
    built.write("second.csv", built.runs("wine", seed_count=5))
    night = built.build()
    assert night.exit_code == 1 and not night.is_new_site
    assert outcomes(night)["check four seeds"] == "failed" and outcomes(night)["site pages"] == "skipped"
    assert built.site.resolve() == before
    built.write("first.csv", built.runs("digits", seed_count=4))
    good = built.build()
    assert good.exit_code == 0 and good.is_new_site
    text = built.pages()["index.html"]
    assert "failed: check four seeds: 2 rows, such as" in text
    assert any("3 new" in one.sentence or "2 new" in one.sentence for one in good.changes)  # since the site before


def test_a_broken_invariant_keeps_the_old_site(built):
    with built.warehouse.writing() as connection:
        connection.execute("insert into core.trace values (999999, 1, 1, 0.5, 'ok', 1)")
    before = built.site.resolve()
    night = built.build()
    assert night.exit_code == 1 and built.site.resolve() == before
    assert any(step.name == "trace_references" for step in night.failures)


@pytest.mark.slow
def test_the_last_builds_are_kept(built):
    for count in (4, 5, 6, 7):
        built.write("first.csv", built.runs("digits", seed_count=count))
        assert built.build().is_new_site
    kept = sorted(path.name for path in (built.folder / "builds").iterdir() if path.is_dir())
    assert len(kept) == 3 and built.site.resolve().name == kept[-1]
    with built.warehouse as warehouse:
        assert warehouse.sql("select count(distinct nightly_id) from ops.conclusion").one() <= 4


@pytest.mark.slow
def test_a_folder_of_hpowh_report_is_exchanged_and_kept(place):
    Warehouse.create(place.folder / "hpowh.duckdb")
    assert place.command("report").returncode == 0
    assert not place.site.is_symlink()
    night = place.build()
    assert place.site.is_symlink() and night.is_new_site
    assert len([path for path in (place.folder / "builds").iterdir() if path.is_dir()]) == 2


def test_two_folders_of_one_second_are_both_put_aside(tmp_path):
    site, builds = tmp_path / "site", tmp_path / "builds"
    (builds / "2026-01-01T000000Z").mkdir(parents=True)
    for word in ("one", "two"):
        site.mkdir()
        (site / MANIFEST).write_text(word)
        os.utime(site / MANIFEST, (0, 0))
        switch(site, builds / "2026-01-01T000000Z")
        site.unlink()
    assert sorted(path.read_text() for path in builds.glob(f"*/{MANIFEST}")) == ["one", "two"]


def test_a_place_with_other_things_is_refused_before_anything_is_done(place):
    place.site.mkdir()
    (place.site / "thesis.tex").write_text("precious")
    with pytest.raises(UsageError, match="no report of hpowh"):
        place.build()
    assert (place.site / "thesis.tex").read_text() == "precious"
    assert not (place.folder / "hpowh.duckdb").exists()


def test_a_folder_that_cannot_be_written_is_named(place):
    place.write("builds", "a file in the way")
    with pytest.raises(HpowhError, match="Cannot write .*builds"):
        place.build()


@pytest.mark.slow
def test_a_full_disk_keeps_the_old_site(built):
    """A limit on the size of files stands for a full disk: Plotly's script is larger than it, pages are not."""
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from hpowh.reports import assets;"
        "write = assets.Assets.write\n"
        "def limited(self, *given):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))\n"
        "    try: write(self, *given)\n"
        "    finally: resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "assets.Assets.write = limited\n"
        "sys.argv = ['hpowh', 'nightly']\n"
        "from hpowh.warehouse.cli import main; main()"
    )
    before = built.site.resolve()
    built.write("first.csv", built.runs("digits", seed_count=4))
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=built.folder,
        env=built.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "FAILED site pages: Cannot write" in done.stderr and "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert built.site.resolve() == before
    site_is_whole(built.site)
    assert not list((built.folder / "builds").glob(".*building*"))
    assert built.build().is_new_site


@pytest.mark.slow
def test_publication_follows_the_data(place):
    place.write(
        "hpowh.toml", place.CONFIG + '\n[publish]\ncopy = "out/hpowh.duckdb"\nparquet = "out/parquet"\nverify = true\n'
    )
    first = place.build()
    assert outcomes(first)["publish copy"] == outcomes(first)["publish parquet"] == "done"
    assert Warehouse(place.folder / "out" / "hpowh.duckdb").sql("select count(*) from core.run").one() == 12
    assert (place.folder / "out" / "parquet" / "manifest.json").is_file()
    second = place.build()
    assert outcomes(second)["publish copy"] == outcomes(second)["publish parquet"] == "unchanged"
    place.write("first.csv", place.runs("digits", seed_count=4))
    place.build()
    assert Warehouse(place.folder / "out" / "hpowh.duckdb").sql("select count(*) from core.run").one() == 14
    shutil.rmtree(place.folder / "out" / "parquet")
    assert outcomes(place.build())["publish parquet"] == "done"


@pytest.mark.slow
def test_a_failed_publication_is_shown_and_tried_again(place):
    place.write("hpowh.toml", place.CONFIG + '\n[publish]\ncopy = "first.csv/hpowh.duckdb"\n')
    night = place.build()
    assert outcomes(night)["publish copy"] == "failed" and night.exit_code == 1 and night.is_new_site
    assert "publish copy: " in place.pages()["index.html"]
    assert outcomes(place.build())["publish copy"] == "failed"


def test_a_dry_run_makes_nothing(place):
    plan = place.command("nightly", "--dry-run")
    assert plan.returncode == 0 and "would be made" in plan.stdout
    assert sorted(path.name for path in place.folder.iterdir()) == ["first.csv", "grid.csv", "hpowh.toml", "second.csv"]


def test_the_command_and_its_dry_run(built):
    done = built.command("nightly", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == built.summary()
    built.write("first.csv", built.runs("digits", seed_count=4))
    before = (built.folder / "hpowh.duckdb").read_bytes()
    plan = built.command("nightly", "--dry-run", "--json")
    steps = {(step["kind"], step["name"]): step["outcome"] for step in json.loads(plan.stdout)}
    assert steps == {
        ("source", "first"): "done",
        ("source", "second"): "unchanged",
        ("source", "grid"): "unchanged",
        ("analysis", "traces"): "unchanged",
        ("analysis", "landscapes"): "unchanged",
        ("site", "pages"): "done",
    }
    assert (built.folder / "hpowh.duckdb").read_bytes() == before
    quiet = built.command("nightly", "--quiet")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_a_plan_names_the_analyses_that_are_stale(built):
    assert built.command("ingest", "runs", "first.csv", "--as", "more", "--experiment", "more", "--map", "loss=value")
    plan = built.command("nightly", "--dry-run", "--json")
    steps = {step["name"]: step for step in json.loads(plan.stdout)}
    assert steps["traces"]["outcome"] == "done" and "traces: more" in steps["traces"]["computed"]
    assert steps["landscapes"]["outcome"] == "unchanged"
    with built.warehouse as warehouse:
        assert warehouse.sql("select count(*) from ops.analysis_run where subject = 'more'").one() == 0


@pytest.mark.slow
def test_an_older_warehouse_is_upgraded_with_a_backup(place):
    made_by_0036 = Path(__file__).parents[2] / "warehouse" / "warehouse_0036.sql"
    with duckdb.connect(str(place.folder / "hpowh.duckdb")) as connection:
        connection.execute(made_by_0036.read_text())
    night = place.build()
    assert night.exit_code == 0 and "was upgraded" in night.notes[0]
    assert list(place.folder.glob("hpowh.duckdb.backup-0036-*"))


def test_bad_configurations_are_exit_code_2(place):
    place.write("hpowh.toml", place.CONFIG + "\n[nigthly]\nkeep = 3\n")
    done = place.command("nightly")
    assert done.returncode == 2 and "[nigthly] is not known" in done.stderr
    (place.folder / "hpowh.toml").unlink()
    assert place.command("nightly").returncode == 2


@pytest.mark.slow
def test_the_warehouse_stays_sound(built):
    built.write("first.csv", built.runs("digits", seed_count=4))
    built.build()
    with built.warehouse as warehouse:
        assert [result.name for result in run_checks(warehouse) if result.failures] == []


def test_a_failed_check_of_results_marks_their_pages_and_one_of_facts_keeps_the_site(built):
    """A changed result is said where it is shown; lost facts withhold the site, and what mends them is named."""
    before = built.site.resolve()
    with duckdb.connect(str(built.warehouse.path)) as connection:
        connection.execute("update result.trace_overall set normalized_regret_mean = 0.5")
    night = built.build()
    found = outcomes(night)
    assert found["check seal_analysis"] == "failed"
    assert night.exit_code == 1
    pages = {path.name: path.read_text() for path in built.site.glob("*.html")}
    marked = {name for name, text in pages.items() if "A check of these results failed" in text}
    assert any(name.startswith("experiment") for name in marked)
    assert "hpowh repair" in next(pages[name] for name in sorted(marked))
    assert not any(name.startswith("coverage") for name in marked)
    shown = built.site.resolve()
    with duckdb.connect(str(built.warehouse.path)) as connection:
        connection.execute("delete from core.trace where run_id = 1")
    night = built.build()
    assert outcomes(night)["check seal_source"] == "failed"
    (site,) = [step for step in night.steps if step.kind == "site"]
    assert site.outcome == "skipped"
    assert "seal_source" in site.sentence
    assert any("hpowh repair" in step.sentence for step in night.failures)
    assert built.site.resolve() == shown != before


def test_a_check_of_the_user_s_reads_the_warehouse_alone(built):
    secret = built.folder / "secret.txt"
    secret.write_text("secret")
    built.write(
        "hpowh.toml",
        (built.folder / "hpowh.toml").read_text()
        + f"""
[[check]]
name = "leak"
sql = "select content from read_text('{secret}')"
[[check]]
name = "write"
sql = "select 1) to '{built.folder}/stolen.csv' (format csv); --"
""",
    )
    night = built.build()
    failed = {step.name: step.sentence for step in night.failures}
    assert "Not allowed here" in failed["leak"]
    assert "secret\n" not in json.dumps(night.summary())
    assert "content" not in failed["leak"]
    assert failed["write"]
    assert not (built.folder / "stolen.csv").exists()
