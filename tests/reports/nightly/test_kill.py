"""kill -9 at any moment, several processes at once: the site is whole, nothing is lost, the next build completes."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hpowh.warehouse.checks.checking import run_checks
from hpowh.warehouse.errors import EXIT_LOCKED


def assert_whole(place: Any) -> None:
    """The site's files and links are there; the warehouse opens and all checks hold."""
    site = place.site
    manifest = json.loads((site / "build.json").read_text())
    assert [name for name in manifest["files"] if not (site / name).is_file()] == []
    for path in site.glob("*.html"):
        text = path.read_text()
        assert text.rstrip().endswith("</html>"), path.name
        for address in re.findall(r'(?:href|src)="([^":?#]*)(?:#[^"]*)?"', text):
            assert not address or (site / address).is_file(), f"{path.name} -> {address}"
    with place.warehouse as warehouse:
        assert [result.name for result in run_checks(warehouse) if result.failures] == []


def killed_builds(place: Any, delays: list[float]) -> int:
    """Change a source, start a build, kill it after each delay; return how many were hit before they were through."""
    hit = number = 0
    for planned in delays:
        delay, is_hit = planned, False
        while not is_hit and delay > planned / 32:  # the machine may have become faster since the delays were drawn
            number += 1
            place.write("first.csv", place.runs("digits", seed_count=4 + number % 5))
            before = place.site.resolve()
            process = place.start("nightly")
            try:
                process.wait(timeout=delay)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                is_hit = True
            process.communicate()
            assert_whole(place)
            assert place.site.resolve() in (before, newest(place))
            delay /= 2
        hit += is_hit
    done = place.command("nightly", "--json")
    assert done.returncode == 0, done.stderr
    assert_whole(place)
    assert not list((place.folder / "builds").glob(".*building*"))
    with place.warehouse as warehouse:
        count = warehouse.sql("select count(*) from mart.run where experiment = 'first'").one()
        assert count == 2 * (4 + number % 5)
        assert warehouse.sql("select count(*) from ops.nightly where status = 'running'").one() == 0
    return hit


def newest(place: Any) -> Path:
    return max(path for path in (place.folder / "builds").iterdir() if path.is_dir() and path.name[0] != ".").resolve()


def duration(place: Any) -> float:
    """Return the seconds that a build takes here and now, from start to end."""
    place.write("first.csv", place.runs("digits", seed_count=9))
    began = time.monotonic()
    assert place.command("nightly").returncode == 0
    return time.monotonic() - began


@pytest.mark.slow
def test_kill_9_at_three_moments_of_a_build(built: Any):
    whole = duration(built)
    draw = random.Random(7)
    delays = [draw.uniform(share, share + 0.15) * whole for share in (0.15, 0.5, 0.8)]
    assert killed_builds(built, delays) == 3


@pytest.mark.slow
def test_kill_9_at_thirty_random_moments_of_a_build(built: Any):
    whole = duration(built)
    draw = random.Random(11)
    assert killed_builds(built, [draw.uniform(0.02, 1.0) * whole for _ in range(30)]) == 30


def test_the_killed_build_is_told(built: Any):
    built.write("first.csv", built.runs("digits", seed_count=4))
    process = built.start("nightly")
    lock = built.folder / "builds" / ".lock"
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and built.warehouse_count("ops.nightly") < 2:
        time.sleep(0.02)
    assert lock.read_text()
    process.kill()
    process.communicate()
    done = built.command("nightly")
    assert done.returncode == 0, done.stderr
    assert f"The build before this one ended without finishing (process {process.pid}" in done.stderr
    assert "was killed before it was through" in built.pages()["index.html"]


@pytest.mark.slow
def test_two_builds_and_an_ingest_at_once(built: Any):
    """One build goes on, the other is refused or waits, the ingest waits; what each was to bring is there after."""
    built.write("first.csv", built.runs("digits", seed_count=6))
    (built.folder / "more.csv").write_text(built.runs("letters"))
    one = built.start("nightly")
    two = built.start("nightly")
    waits = built.start("nightly", "--wait", "300")
    load = built.start(
        *("ingest", "runs", "more.csv", "--as", "more", "--experiment", "more", "--map", "loss=value", "--wait", "300")
    )
    said = {
        name: (p.communicate(timeout=400), p.returncode)
        for name, p in zip("12wl", (one, two, waits, load), strict=True)
    }
    codes = {name: code for name, (_, code) in said.items()}
    assert codes["l"] == 0, said["l"]
    assert codes["w"] == 0, said["w"]
    assert {codes[name] for name in "12"} <= {0, EXIT_LOCKED}, said
    for name in "12w":
        if codes[name] == EXIT_LOCKED:
            assert re.search(r"Another build of .+ is running \((process \d+|it is just starting)", said[name][0][1])
    last = built.command("nightly")
    assert last.returncode == 0, last.stderr
    assert_whole(built)
    with built.warehouse as warehouse:
        found = dict(warehouse.sql("select experiment, count(*) from mart.run group by 1").rows())
    assert found == {"first": 12, "second": 6, "more": 6}


def test_a_build_refuses_a_warehouse_that_is_held_for_too_long(built: Any):
    config = (built.folder / "hpowh.toml").read_text().replace("wait = 20", "wait = 0.2")
    built.write("hpowh.toml", config)
    before = built.site.resolve()
    with built.warehouse.writing():
        process = built.start("nightly")
        _, said = process.communicate(timeout=60)
    assert process.returncode == EXIT_LOCKED
    assert "is in use by process" in said and "Traceback" not in said
    assert built.site.resolve() == before
    assert built.summary()["exit_code"] == EXIT_LOCKED
    assert built.command("nightly").returncode == 0


@pytest.mark.slow
def test_readers_see_a_whole_site_at_every_moment(built: Any):
    """While builds follow each other, whoever reads the manifest and its files through the link finds them."""
    built.write("first.csv", built.runs("digits", seed_count=4))
    process = built.start("nightly")
    reads = 0
    while process.poll() is None:
        folder = built.site.resolve(strict=True)  # a reader who has begun keeps the build that he began with
        names = json.loads((folder / "build.json").read_text())["files"]
        assert all((folder / name).is_file() for name in names)
        assert (built.site / "index.html").read_text().rstrip().endswith("</html>")
        reads += 1
    process.communicate()
    assert process.returncode == 0 and reads > 10


READER = """
import json, sys, time
from pathlib import Path
import duckdb
site, warehouse, stop = map(Path, sys.argv[1:])
read = {"site": 0, "rows": [], "held": 0}
print("there", flush=True)
while not stop.exists():
    folder = site.resolve(strict=True)
    names = json.loads((folder / "build.json").read_text())["files"]
    assert all((folder / name).is_file() for name in names)
    assert (site / "index.html").read_text().rstrip().endswith("</html>")
    read["site"] += 1
    try:
        with duckdb.connect(str(warehouse), read_only=True) as con:
            (count,) = con.execute("select count(*) from mart.run where experiment = 'first'").fetchone()
            read["rows"] = sorted({*read["rows"], count})
    except duckdb.IOException as error:  # the build writes
        assert "lock" in str(error), error
        read["held"] += 1
    time.sleep(2)
print(json.dumps(read))
"""


@pytest.mark.slow
def test_twenty_readers_do_not_keep_a_build_from_its_end(built: Any, tmp_path: Path):
    """They read the site and open the warehouse again and again; the build waits for its turn, no one reads a half."""
    count = "select count(*) from mart.run where experiment = 'first'"
    with built.warehouse as warehouse:
        before = warehouse.sql(count).one()
    stop = tmp_path / "stop"
    command = [sys.executable, "-c", READER, str(built.site), str(built.folder / "hpowh.duckdb"), str(stop)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(20)]
    assert [reader.stdout.readline() for reader in readers if reader.stdout] == ["there\n"] * 20
    built.write("first.csv", built.runs("digits", seed_count=6))
    done = built.command("nightly", "--json")
    stop.touch()
    ends = [reader.communicate(timeout=300) for reader in readers]
    assert done.returncode == 0, done.stderr
    assert [(reader.returncode, said[1]) for reader, said in zip(readers, ends, strict=True)] == [(0, "")] * 20
    read = [json.loads(said[0]) for said in ends]
    assert all(one["site"] > 1 for one in read)
    with built.warehouse as warehouse:
        after = warehouse.sql(count).one()
    assert {rows for one in read for rows in one["rows"]} <= {before, after} == {before, 12}, read
    assert_whole(built)
