"""Workers: the same numbers however many there are, nothing lost or done twice, a bad configuration is not the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from hpowh.analyses.evaluate.job import evaluate, prepare
from hpowh.analyses.evaluate.storing.folder import RunFolder
from hpowh.analyses.evaluate.storing.journal import Record, append, read_journal
from hpowh.analyses.evaluate.storing.layout import read_layout
from hpowh.warehouse.errors import HpowhError, UsageError

KEYS = ["benchmark", "configuration_id", "fidelity", "seed", "fold", "split", "metric"]
COUNTING = """
name = "marks"
folds = 2
[[data]]
name = "iris"
[[model]]
name = "counting"
import = "hostile_models.Counting"
space.level = {from = 0, to = 99, levels = 100, integer = true}
"""
HOSTILE = """
name = "hostile"
folds = 2
timeout = 600
memory = 600
[[data]]
name = "iris"
[[model]]
name = "hostile"
import = "hostile_models.Hostile"
space.act = ["fit", "raise", "eat", "exit", "leave"]
"""
HANGING = HOSTILE.replace("timeout = 600", "timeout = 1").replace('"fit", "raise", "eat", "exit", "leave"', '"hang"')


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(run):
    one, three = run(to="one", jobs=1), run(to="three", jobs=3)
    assert one.height == 6 * 3 * 2 * 2 * 2
    assert one.drop("cost").equals(three.drop("cost"))
    assert one["status"].unique().to_list() == ["ok"]


def test_another_seed_gives_other_folds(run):
    text = """
name = "seeds"
seeds = [0, 1]
[[data]]
name = "wine"
[[model]]
kind = "decision_tree"
space.max_depth = [1, 2, 3]
"""
    frame = run(text).filter(split="test")
    by_seed = frame.partition_by("seed")
    assert by_seed[0]["value"].to_list() != by_seed[1]["value"].to_list()


def test_a_bad_configuration_is_recorded_and_the_others_go_on(run):
    """One raises, one eats memory, one ends its process, one calls sys.exit; time is no matter here."""
    frame = run(HOSTILE, jobs=2).filter(split="test", fold=0)
    status = dict(zip(frame["configuration_id"], frame["status"], strict=True))
    assert status == {0: "ok", 1: "failed", 2: "memory", 3: "failed", 4: "failed"}
    reasons = dict(zip(frame["configuration_id"], frame["reason"], strict=True))
    assert reasons[1] == "ValueError: no such luck"
    assert reasons[3] == "the model ended its process (exit code 7)"
    assert frame["value"].is_null().to_list() == [False, True, True, True, True]


def test_a_configuration_that_hangs_is_stopped_after_its_time(run):
    """Alone, since on a busy machine whatever stands beside it may take as long as that."""
    frame = run(HANGING, jobs=2).filter(split="test")
    assert frame["status"].to_list() == ["timeout"] * 2
    assert all("1 s" in reason for reason in frame["reason"])
    assert frame["value"].is_null().all()


def test_what_a_model_refuses_is_recorded_with_its_own_words(run):
    text = """
name = "late"
folds = 3
[[data]]
name = "iris"
[[model]]
kind = "mlp"
fidelity = "steps"
fidelities = [1, 2]
space.solver = ["adam", "lbfgs", "adamant"]
"""
    frame = run(text).filter(split="test", fold=1).sort("configuration_id", "fidelity")
    assert frame["status"].to_list() == ["ok", "ok", "failed", "failed", "failed", "failed"]
    assert "lbfgs has no epochs" in frame["reason"][2]


def start(spec: Path, folder: Path, marks: Path, hold: Path) -> subprocess.Popen[bytes]:
    script = (
        "import sys; from pathlib import Path\n"
        "from hpowh.analyses.evaluate.job import evaluate, prepare\n"
        "if __name__ == '__main__':\n"
        "    evaluate(prepare(Path(sys.argv[1])), Path(sys.argv[2]), jobs=2)\n"
    )
    program = spec.with_name("go.py")
    program.write_text(script)
    marks.mkdir(exist_ok=True)
    environment = {**os.environ, "HPOWH_TEST_MARKS": str(marks), "HPOWH_TEST_HOLD": str(hold)}
    return subprocess.Popen(
        [sys.executable, str(program), str(spec), str(folder)],
        env=environment,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background test run ignores it
    )


def count_marks(marks: Path) -> Counter[str]:
    return Counter(line for path in marks.iterdir() for line in path.read_text().splitlines())


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; a busy machine has all the time it needs."""
    until = time.monotonic() + 300
    while not is_so():
        assert time.monotonic() < until, "it has not happened in five minutes"
        time.sleep(0.02)


def is_running(worker: int) -> bool:
    try:
        state = Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.parametrize(
    "how",
    [pytest.param(signal.SIGKILL, id="kill"), pytest.param(signal.SIGINT, id="interrupt", marks=pytest.mark.slow)],
)
def test_killed_and_resumed_nothing_is_lost_or_done_twice(tmp_path, spec, how, read):
    """Every training marks its end itself. What was journalled before the kill is never trained again.

    Workers hold after 30 trainings each until the kill, so that it always comes in the middle.
    """
    path, folder, marks = spec(COUNTING), tmp_path / "out", tmp_path / "marks"
    (hold := tmp_path / "hold").touch()
    first = start(path, folder, marks, hold)
    wait_for(lambda: sum(count_marks(marks).values()) >= 40)
    first.send_signal(how)
    hold.unlink()
    first.wait(120)
    wait_for(lambda: not any(is_running(int(mark.name)) for mark in marks.iterdir()))
    finished = RunFolder(folder).done(read_layout(folder))
    for journal in (folder / "journal").glob("*.jsonl"):
        for record in read_journal(journal):
            finished.add(record.group, record.rank)
    before = count_marks(marks)
    assert 40 <= sum(before.values()) < 200
    assert 40 - 2 <= len(finished) < 200
    second = start(path, folder, marks, hold)
    assert second.wait(300) == 0
    again = [mark for mark, count in count_marks(marks).items() if count > 1]
    assert max(count_marks(marks).values()) <= 2
    assert len(again) <= 2  # at most what each of two workers was at, which had not counted as finished
    assert sum(before.values()) - len(finished) == len(again)
    frame = read(folder)
    assert frame.height == 100 * 2 * 2
    assert frame.unique(KEYS).height == frame.height
    assert not list((folder / "journal").iterdir())


def test_a_complete_folder_is_left_alone(tmp_path, spec):
    prepared, folder = prepare(spec()), tmp_path / "out"
    evaluate(prepared, folder, jobs=1)
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in (folder / "shards").iterdir()}
    again = evaluate(prepared, folder, jobs=1)
    assert again.resumed_count == again.unit_count == again.ok_count == 18
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in (folder / "shards").iterdir()} == before


def test_a_cut_line_and_a_doubled_record_do_no_harm(tmp_path, spec, read):
    """A crash between writing a shard and removing its journals leaves both; a kill may cut the last line."""
    prepared, folder = prepare(spec()), RunFolder(tmp_path / "out")
    evaluate(prepared, folder.path, jobs=1)
    whole = read(folder.path)
    journal = folder.journals / "left.jsonl"
    handle = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    append(handle, Record(group=0, rank=0, status="failed", reason="an echo", seconds=[], values=[]))
    os.write(handle, b'[0,3,"ok",null,[0.1,')
    os.close(handle)
    evaluate(prepared, folder.path, jobs=1)
    assert read(folder.path).equals(whole)
    assert not journal.exists()


def test_another_spec_in_the_same_folder_is_refused(tmp_path, spec):
    evaluate(prepare(spec()), tmp_path / "out", jobs=1)
    other = spec(spec().read_text().replace("[1, 2, 4]", "[1, 2, 5]"))
    with pytest.raises(HpowhError, match="another spec"):
        evaluate(prepare(other), tmp_path / "out", jobs=1)


def test_results_go_only_into_a_folder_of_their_own(tmp_path, spec, empty_warehouse):
    """Neither over a warehouse nor between somebody's files."""
    prepared = prepare(spec())
    target = tmp_path / "w.duckdb"
    target.write_bytes(empty_warehouse.read_bytes())
    for place, why in ((target, "is a warehouse"), (tmp_path, "holds files that are no evaluations")):
        with pytest.raises(UsageError, match=why):
            evaluate(prepared, place, jobs=1)
    assert target.read_bytes() == empty_warehouse.read_bytes()
    assert not (tmp_path / "plan.json").exists()


def test_two_processes_do_not_share_a_folder(tmp_path, spec):
    import fcntl

    folder = tmp_path / "out"
    folder.mkdir()
    with (folder / "lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(HpowhError, match="Another process"):
            evaluate(prepare(spec()), folder, jobs=1)


VALIDATED = """
name = "valid"
folds = 3
seeds = [0, 1]
validation = 0.25
metrics = ["accuracy", "log_loss", "f1_macro"]
[[data]]
name = "iris"
[[model]]
name = "boosting"
kind = "gradient_boosting"
fidelity = "steps"
fidelities = [1, 3]
sample = "sobol"
configurations = 4
space.learning_rate = [0.1, 0.3, 1.0]
space.max_depth = [1, 2, 3]
[[model]]
name = "svm"
kind = "svm"
fixed.probability = true
sample = "random"
configurations = 3
fidelities = [0.4, 1.0]
space.C = {from = 0.01, to = 100.0, levels = 5, log = true}
[[model]]
name = "neighbours"
import = "sklearn.neighbors.KNeighborsClassifier"
scale = true
space.n_neighbors = [1, 5]
"""


@pytest.mark.slow
def test_several_metrics_with_a_validation_split_in_parallel(run, tmp_path, warehouse):
    """Boosting, a support vector machine, an imported class; samples and a grid; as many values as there should be."""
    from hpowh.analyses.evaluate.job import load_into

    two, three = run(VALIDATED, to="two", jobs=2), run(VALIDATED, to="three", jobs=3)
    assert two.drop("cost").equals(three.drop("cost"))
    assert two["status"].unique().to_list() == ["ok"]
    units = (4 * 2 + 3 * 2 + 2 * 1) * 3 * 2  # configurations x fidelities, folds, seeds
    assert two.height == units * 3 * 3  # splits, metrics
    assert sorted(two["split"].unique()) == ["test", "train", "valid"]
    assert two["value"].is_finite().all()
    load_into(warehouse, tmp_path / "two", "valid")
    found = warehouse.sql(
        "select search_space, split, count(distinct configuration_id) from mart.evaluation group by all order by all"
    ).rows()
    assert found == [
        (f"valid-{model}", split, count)
        for model, count in (("boosting", 4), ("neighbours", 2), ("svm", 3))
        for split in ("test", "train", "valid")
    ]


def test_the_forecast_is_the_mean_of_what_was_seen_times_what_is_left():
    from hpowh.analyses.evaluate.forecast import Forecast

    forecast = Forecast({0: (0, 0), 1: (0, 0), 2: (1, 0)}, {0: 10, 1: 10, 2: 4}, workers=2)
    assert forecast.seconds() is None
    forecast.add(0, 2.0)
    forecast.add(0, 4.0)
    # 8 + 10 units of a kind that takes 3 s; the other kind is not known yet and counts as the average one.
    assert forecast.seconds() == pytest.approx((18 * 3.0 + 4 * 3.0) / 2)
    forecast.add(2, 30.0)
    assert forecast.seconds() == pytest.approx((18 * 3.0 + 3 * 30.0) / 2)
    assert forecast.units_in(2, seconds=0.3, most=256) == 1
    assert forecast.units_in(0, seconds=9.0, most=256) == 3


def test_progress_counts_to_the_end_and_names_what_went_wrong(tmp_path, spec):
    from hpowh.analyses.evaluate.progress import duration, progress_text

    seen = []
    text = HOSTILE.replace('["fit", "raise", "eat", "exit", "leave"]', '["fit", "raise", "leave"]')
    evaluate(prepare(spec(text)), tmp_path / "out", jobs=1, progress=lambda state: seen.append(progress_text(state)))
    assert seen[0].startswith("0 of 6 (0 %)")
    assert seen[-1].startswith("6 of 6 (100 %)")
    assert "4 failed" in seen[-1]
    assert [duration(seconds) for seconds in (5.2, 600, 9000)] == ["5 s", "10 min", "2.5 h"]


def test_what_was_accepted_once_is_not_looked_at_again_and_what_was_not_is(run):
    """On the second fold scikit-learn skips its look at the parameters, but not at those of a refused configuration."""
    text = """
name = "twice"
folds = 4
[[data]]
name = "iris"
[[model]]
kind = "decision_tree"
space.criterion = ["gini", "ginny"]
"""
    frame = run(text).filter(split="test").sort("configuration_id", "fold")
    assert frame["status"].to_list() == ["ok"] * 4 + ["failed"] * 4
    assert frame["reason"].drop_nulls().unique().len() == 1
    assert "criterion" in frame["reason"][4]
