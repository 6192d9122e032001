"""Parts that share a folder and nothing else: every unit once, whatever is killed, doubled, torn or late."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.job import evaluate, prepare
from hpowh.analyses.evaluate.parts.board import ALONE, COLLECTOR, PART, Heartbeat, Roster, new_key, role_prefix
from hpowh.analyses.evaluate.parts.chunks import make_chunks
from hpowh.analyses.evaluate.parts.collecting import collect_folder
from hpowh.analyses.evaluate.parts.durations import clock_of, seconds_of
from hpowh.analyses.evaluate.parts.job import collect_journals, evaluate_part
from hpowh.analyses.evaluate.parts.pulse import Pulse
from hpowh.analyses.evaluate.parts.status import status_of
from hpowh.analyses.evaluate.storing.bitmaps import Done
from hpowh.analyses.evaluate.storing.folder import RunFolder
from hpowh.analyses.evaluate.storing.journal import append
from hpowh.analyses.evaluate.storing.layout import Layout, read_layout
from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.packets.parts import Part

from . import parts_worlds
from .parts_worlds import SMALL, Clock, Driven, make_folder, record_of, values

MANY = int(os.environ.get("HPOWH_KILLS", "1000"))
SETTINGS = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def layout_of(sizes: list[int]) -> Layout:
    """A layout of one group a model; every other model has a sample and not the whole grid."""
    ranks = tuple(range(size) if at % 2 == 0 else tuple(range(5, 5 + 3 * size, 3)) for at, size in enumerate(sizes))
    return Layout(
        groups=tuple((at, 0, 0, 0) for at in range(len(sizes))),
        ranks=ranks,
        spaces=tuple(f"s{at}" for at in range(len(sizes))),
        benchmarks=tuple((f"s{at}/d",) for at in range(len(sizes))),
        fidelities=tuple((1.0,) for _ in sizes),
        splits=("test",),
        metrics=(("accuracy", 1.0),),
    )


@given(st.lists(st.tuples(st.integers(0, 60), st.floats(1e-4, 50.0)), min_size=1, max_size=4), st.integers(1, 9))
@SETTINGS
def test_chunks_hold_every_unit_once_and_parts_hold_every_chunk_once(groups, parts):
    layout = layout_of([size for size, _ in groups])
    table = make_chunks(layout, {(at, 0): mean for at, (_, mean) in enumerate(groups)})
    found = [(group, rank) for chunk in range(len(table)) for group, ranks in [table.units(chunk)] for rank in ranks]
    assert sorted(found) == sorted(
        (group, rank) for group in range(len(layout.groups)) for rank in layout.ranks_of(group)
    )
    order = table.order()
    shares = [order[index::parts].tolist() for index in range(parts)]
    assert sorted(chunk for share in shares for chunk in share) == list(range(len(table)))
    total = sum(size * mean for size, mean in groups)
    assert sum(table.forecast(chunk) for chunk in range(len(table))) == pytest.approx(total)


def test_no_hyperparameter_stands_still_within_a_chunk():
    """A grid of 8 x 8 x 8: the cost may hang on any of the three, and each chunk has all levels of each."""
    table = make_chunks(layout_of([512]), {(0, 0): 0.25})
    assert len(table) == 64
    kinds = [[len({rank // step % 8 for rank in table.units(chunk)[1]}) for step in (1, 8, 64)] for chunk in range(64)]
    assert min(map(min, kinds)) >= 2
    assert np.mean(kinds) > 4.5  # of 8; 8 x (1 - (7/8)^8) = 5.2 are expected of eight at random


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(-2, 40)), max_size=80))
@SETTINGS
def test_a_bitmap_is_a_set(units):
    layout = layout_of([13, 9, 0])
    one, many, expected = Done(layout), Done(layout), set()
    known = {(group, rank) for group in range(3) for rank in layout.ranks_of(group)}
    for unit in units:
        assert one.add(*unit) == (unit in known and unit not in expected)
        expected |= {unit} & known
    for group in range(3):
        ranks = sorted({rank for g, rank in units if g == group})
        many.add_many(group, np.array(ranks, dtype=np.int64))
    again = Done(layout)
    assert again.unpack(one.packed())
    for found in (one, many, again):
        assert len(found) == len(expected)
        assert {unit for unit in known if unit in found} == expected
        assert found.counts == one.counts
        for group in range(3):
            ranks = layout.ranks_of(group)
            assert found.missing(group, ranks) == [rank for rank in ranks if (group, rank) not in expected]
    assert not Done(layout_of([99])).unpack(one.packed())


@pytest.fixture(scope="module")
def quiet(tmp_path_factory) -> Path:
    """What one part alone, undisturbed, gives."""
    folder = make_folder(tmp_path_factory.mktemp("quiet") / "run")
    one = Driven(folder, 0, 1, Clock())
    while not one.is_over:
        one.step()
    assert collect_folder(folder.path).is_whole
    assert set(one.trained.values()) == {1}
    return folder.path


EVENT = st.tuples(
    st.sampled_from(["work", "work", "work", "kill", "twin", "collect"]), st.integers(0, 2), st.integers(0, 25)
)


@given(st.lists(EVENT, max_size=40))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_three_parts_with_any_kills_come_to_what_a_quiet_run_gives(quiet, events):
    histories(quiet, events)


@pytest.mark.slow
@given(st.lists(EVENT, max_size=60))
@settings(deadline=None, max_examples=MANY, suppress_health_check=[HealthCheck.too_slow])
def test_three_parts_with_any_kills_come_to_what_a_quiet_run_gives_a_thousand_times(quiet, events):
    """$HPOWH_KILLS says how many histories instead, and `--hypothesis-seed` which, so that cores can share them."""
    histories(quiet, events)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_chunk_whose_helper_died_like_the_one_before_is_taken_over_again(quiet, monkeypatch, sign):
    """Each has a log of its own, and their names do not tell who of the two began it first."""
    numbers = iter(range(100))
    monkeypatch.setattr(parts_worlds, "new_key", lambda *part: f"{role_prefix(*part)}-{500 + sign * next(numbers)}")
    histories(quiet, [("work", 0, 19), ("kill", 1, 5), ("kill", 1, 4), ("work", 2, 1)])


def histories(quiet: Path, events: list[tuple[str, int, int]]) -> None:
    """Drive three parts through events, let whoever is left finish, collect, and compare."""
    place = Path(tempfile.mkdtemp())
    try:
        folder, clock = make_folder(place / "run"), Clock()
        for one in drive(folder, clock, events):
            finish(one)
        for index in range(3):
            if not collect_folder(folder.path).is_whole:
                clock.now += 1000.0
                finish(Driven(folder, index, 3, clock))
        assert collect_folder(folder.path).is_whole
        assert values(folder.path).equals(values(quiet))
    finally:
        shutil.rmtree(place)


def finish(one: Driven) -> None:
    """Let a process work until it ends by itself."""
    while not one.is_over:
        one.step()


def drive(folder: RunFolder, clock: Clock, events: list[tuple[str, int, int]]) -> list[Driven]:
    """Work, kill, start twice, collect; return the processes, some of which may still be at work."""
    running: dict[tuple[int, str], Driven] = {}
    for what, index, amount in events:
        if what == "collect":
            collect_folder(folder.path)
            continue
        key = (index, "twin" if what == "twin" or ((index, "twin") in running and amount % 2) else "")
        if what == "twin" or key not in running or running[key].is_over:
            running[key] = Driven(folder, index, 3, clock)
        for _ in range(amount):
            if not running[key].is_over:
                running[key].step()
        if what == "kill" and not running[key].is_over:
            running[key].kill(torn=amount)
    return list(running.values())


def test_a_living_part_keeps_its_journal_and_what_it_writes_later_is_found(tmp_path):
    """Collected in the middle of its work, and taken for dead: its file is still there when it wakes up."""
    folder, clock = make_folder(tmp_path / "run"), Clock()
    part = Driven(folder, 0, 1, clock)
    for _ in range(5):
        part.step()
    first = collect_folder(folder.path)
    assert (first.done_count, first.fresh_count, first.living) == (5, 5, 1)
    assert part.path.exists()
    old = part.roster.path / f"{part.heart.key}.json"
    os.utime(old, (1, 1))  # silent since 1970
    second = collect_folder(folder.path)
    assert (second.fresh_count, second.living) == (0, 0)
    assert part.path.exists()
    while not part.is_over:
        part.step()
    third = collect_folder(folder.path)
    assert third.is_whole and third.fresh_count == SMALL.unit_count - 5
    assert not list(folder.journals.iterdir())
    assert not list((folder.path / "parts").iterdir())


def test_units_that_two_collectors_wrote_are_taken_out_of_the_later_shard(tmp_path):
    """Where no lock told them of each other, both have written what was new to each."""
    folder = make_folder(tmp_path / "run")
    units = [(0, rank) for rank in range(12)]
    for name, some in (("a", units[:8]), ("b", units[4:])):
        journal = folder.journals / f"{name}-1.jsonl"
        handle = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for unit in some:
            append(handle, record_of(SMALL, *unit))
        os.close(handle)
        RunFolder(folder.path).compact(Done(SMALL), [journal])
        journal.unlink()
    assert values(folder.path).height == 16 * 2 * 4
    assert len(folder.done(SMALL)) == 12
    collect_folder(folder.path)
    assert values(folder.path).height == 12 * 2 * 4
    assert len(folder.done(SMALL)) == 12


def test_of_two_journals_a_measured_unit_goes_before_one_that_failed(tmp_path):
    folder = make_folder(tmp_path / "run")
    good = next(rank for rank in range(12) if record_of(SMALL, 0, rank).status == "ok")
    for name, status in (("a", "memory"), ("b", "ok")):
        record = record_of(SMALL, 0, good)
        record = record if status == "ok" else type(record)(**{**vars(record), "status": status, "values": []})
        handle = os.open(folder.journals / f"{name}-1.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        append(handle, record)
        os.close(handle)
    collect_folder(folder.path)
    assert values(folder.path)["status"].unique().to_list() == ["ok"]


def test_an_index_of_other_shards_is_not_believed(tmp_path):
    folder = make_folder(tmp_path / "run")
    part = Driven(folder, 0, 1, Clock())
    for _ in range(7):
        part.step()
    collect_folder(folder.path)
    assert len(folder.done(SMALL)) == 7
    (shard,) = folder.shards.glob("*.parquet")
    shard.unlink()
    assert len(folder.done(SMALL)) == 0
    (folder.path / "done.npz").write_bytes(b"PK torn")
    assert len(folder.done(SMALL)) == 0


SPEC = """
name = "shared"
folds = 2
[[data]]
name = "iris"
[[model]]
name = "tree"
kind = "decision_tree"
fidelities = [0.5, 1.0]
space.max_depth = [1, 2, 3, 4]
[[model]]
name = "bad"
import = "hostile_models.Hostile"
space.act = ["fit", "raise"]
"""


def no_lock(*_: object) -> None:
    """What `flock` says on a file system that knows no locks."""
    raise OSError(errno.ENOLCK, "No locks available")


def test_a_part_works_without_locks_and_is_collected_into_the_warehouse(tmp_path, spec, monkeypatch, warehouse):
    """Status, collection and loading of a whole plan; a second collection finds nothing new."""
    folder = tmp_path / "shared"
    folder.mkdir()
    prepared = prepare(spec(SPEC))
    monkeypatch.setattr(fcntl, "flock", no_lock)
    monkeypatch.setattr("hpowh.analyses.evaluate.parts.working.forecast_of", lambda *_, **__: {(0, 0): 0.01})
    state = evaluate_part(prepared, folder, Part(1, 1), jobs=1)
    monkeypatch.undo()
    assert (state.why, state.done, dict(state.statuses)) == ("done", 12, {"ok": 10, "failed": 2})
    status = status_of(folder)
    assert (status.done, status.units, status.collected) == (12, 12, 0)
    assert status.failed == {"failed": 2}
    assert "no such luck" in (status.reason or "")
    assert status.lines(folder)[2:] == [
        "Parts: 0 at work, 1 ended.",
        f"Nothing is left to do. Bring it home: hpowh collect {folder}",
    ]
    home = collect_journals(folder, warehouse)
    assert home.collected.is_whole
    assert home.outcome is not None and home.outcome.row_count == 4 * 2 * 2 * 2 + 2 * 2 * 2
    again = collect_journals(folder, warehouse)
    assert again.collected.fresh_count == 0 and again.outcome.action == "unchanged"
    assert status_of(folder).lines(folder)[-1] == "Nothing is left to do."


@pytest.mark.slow
def test_two_parts_give_what_one_run_gives(tmp_path, spec, read):
    """With their own forecast and processes; then the same command without --part finds nothing to do."""
    prepared, folder = prepare(spec(SPEC.replace("[1, 2, 3, 4]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"))), tmp_path / "s"
    first, second = (evaluate_part(prepared, folder, Part(number, 2), jobs=1) for number in (1, 2))
    assert first.measured > 0 == second.measured
    assert first.measured + first.done == 24  # it helps with all that nobody has begun
    assert collect_journals(folder, None).collected.is_whole
    assert evaluate(prepared, folder, jobs=1).resumed_count == 24
    evaluate(prepared, tmp_path / "alone", jobs=1)
    assert read(folder).drop("cost").equals(read(tmp_path / "alone").drop("cost"))


def test_whom_a_process_does_not_stand_beside(tmp_path, monkeypatch):
    """A living heart that beats on another machine: parts go beside parts, nobody beside a run without --part."""
    folder = make_folder(tmp_path / "run")
    roster = Roster(folder.path)
    monkeypatch.setattr("hpowh.analyses.evaluate.parts.pulse.LOOK", 0.01)

    def beat_on(key: str) -> bool:
        roster.beat(others[key])
        return alive(watching, key)

    alive, watching = Roster.is_alive, Roster(folder.path)
    monkeypatch.setattr(Roster, "is_alive", lambda _, key: beat_on(key))
    for role, beside, is_refused in (
        (PART, PART, False),
        (PART, COLLECTOR, False),
        (PART, ALONE, True),
        (COLLECTOR, PART, False),
        (COLLECTOR, COLLECTOR, True),
        (ALONE, PART, True),
        (ALONE, ALONE, True),
    ):
        others = {(key := new_key(beside)): Heartbeat(key=key, role=beside, host="elsewhere", pid=1)}
        roster.beat(others[key])
        pulse = Pulse(folder.path, Heartbeat(key=new_key(role), role=role))
        if is_refused:
            with pytest.raises(SpecError, match="elsewhere, process 1"), pulse:
                pass
        else:
            with pulse:
                pass
        roster.forget(key)


def test_a_process_that_is_no_more_holds_nobody_up(tmp_path):
    folder = make_folder(tmp_path / "run")
    gone = Heartbeat(key=new_key(ALONE), role=ALONE, pid=2**22 + 1)
    Roster(folder.path).beat(gone)
    with Pulse(folder.path, Heartbeat(key=new_key(COLLECTOR), role=COLLECTOR)):
        pass


def test_a_heart_is_dead_when_it_has_not_beaten_on_the_watchers_clock(tmp_path):
    folder, clock = make_folder(tmp_path / "run"), Clock()
    heart = Heartbeat(key=new_key(PART, 0, 2), role=PART, host="elsewhere", pid=1, written=-1e9)
    writer, reader = Roster(folder.path), Roster(folder.path, clock)
    writer.beat(heart)
    assert reader.is_alive(heart.key) is None
    clock.now = 30.0
    writer.beat(heart)
    assert reader.is_alive(heart.key) is True
    clock.now = 90.0
    assert reader.is_alive(heart.key) is True
    clock.now = 130.0
    assert reader.is_alive(heart.key) is False
    writer.beat(heart)
    assert reader.is_alive(heart.key) is True


def test_a_folder_without_evaluations_is_refused(tmp_path):
    with pytest.raises(HpowhError, match="holds no evaluations"):
        collect_journals(tmp_path, None)
    (tmp_path / "layout.json").write_text("{")
    with pytest.raises(SpecError, match="cannot be read"):
        read_layout(tmp_path)


@given(st.integers(1, 10**7))
def test_spans_of_time_are_read_as_they_are_written(seconds):
    assert seconds_of(clock_of(seconds), "--time") == seconds


def test_spans_of_time():
    assert [seconds_of(text, "--time") for text in ("90", "45:00", "4:00:00", "2-12:00:00")] == [
        90, 2700, 14400, 216000,
    ]  # fmt: skip
    for text in ("", "four", "0", "1:2:3:4", "-5"):
        with pytest.raises(SpecError, match="--time"):
            seconds_of(text, "--time")


def test_the_layout_comes_back_as_it_was_written(tmp_path):
    folder = make_folder(tmp_path / "run")
    assert read_layout(folder.path) == SMALL
    assert RunFolder(folder.path).done(SMALL).counts == [0, 0, 0]
