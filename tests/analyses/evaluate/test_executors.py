"""One seam, `concurrent.futures.Executor`: whoever has the workers, equal numbers, and a lost one costs little."""

from __future__ import annotations

import os
import signal
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor

import pytest

from hpowh.analyses.elsewhere.places import Place, PlaceError, place_of
from hpowh.analyses.evaluate.elsewhere.executing import ExecutorSession, evaluate_piece
from hpowh.analyses.evaluate.errors import SpecError
from hpowh.analyses.evaluate.job import evaluate, prepare
from hpowh.warehouse.errors import HpowhError, UsageError

from .parts_worlds import SMALL, make_folder, record_of

DEADLY = """
name = "deadly"
folds = 2
[[data]]
name = "iris"
[[model]]
name = "deadly"
import = "hostile_models.Hostile"
space.act = ["fit", "raise", "exit", "leave"]
"""


def test_a_pool_of_threads_gives_the_numbers_of_processes_of_ones_own(tmp_path, spec, read):
    """A user's own executor, in a line."""
    prepared = prepare(spec())
    with ThreadPoolExecutor(2) as pool:
        found = evaluate(prepared, tmp_path / "pool", jobs=2, on=pool)
        again = evaluate(prepared, tmp_path / "pool", jobs=2, on=pool)
    assert (found.ok_count, found.resumed_count, again.resumed_count) == (18, 0, 18)
    evaluate(prepared, tmp_path / "own", jobs=1)
    assert read(tmp_path / "pool").drop("cost").equals(read(tmp_path / "own").drop("cost"))


@pytest.mark.slow
def test_a_model_that_ends_its_worker_is_recorded_and_the_others_go_on(tmp_path, spec, read):
    """A pool of processes breaks as a whole; each unit that was on its way is then tried alone."""
    place = place_of("local:2")
    evaluate(prepare(spec(DEADLY)), tmp_path / "out", on=place)
    place.close()
    frame = read(tmp_path / "out").filter(split="test", fold=0)
    assert dict(zip(frame["configuration_id"], frame["status"], strict=True)) == {
        0: "ok", 1: "failed", 2: "failed", 3: "failed",
    }  # fmt: skip
    assert "ended its worker" in frame.filter(configuration_id=2)["reason"][0]


KilledWorker = type("KilledWorker", (Exception,), {})
"""As Dask names it."""


class LosingExecutor(Executor):
    """Loses the worker of some calls, as Dask says it: by an exception of its own."""

    def __init__(self, lost: set[int], always: int | None = None, ends_at: int = 10**9) -> None:
        self.lost, self.always, self.ends_at, self.calls = lost, always, ends_at, 0
        self.sizes: list[int] = []

    def submit(self, function, /, *arguments, **_):
        future: Future = Future()
        if not arguments:
            future.set_exception(CancelledError()) if self.calls >= self.ends_at else future.set_result(function())
            return future
        *_, group, ranks = arguments
        self.calls += 1
        self.sizes.append(len(ranks))
        if self.calls >= self.ends_at:
            future.set_exception(CancelledError("scheduler-connection-lost"))
        elif self.calls in self.lost or self.always in ranks:
            future.set_exception(KilledWorker("worker lost"))
        else:
            future.set_result([(record_of(SMALL, group, rank), 0.01) for rank in ranks])
        return future


class Pieces:
    """All units of the small layout, four at a time."""

    def __init__(self) -> None:
        self.pending = [
            (group, list(SMALL.ranks_of(group))[at : at + 4]) for group in range(3) for at in range(0, 12, 4)
        ]
        self.status: dict[tuple[int, int], list[str]] = {}

    def take(self):
        while self.pending:
            group, ranks = self.pending.pop()
            if ranks:
                return group, ranks
        return 0.0

    def finished(self, group: int, rank: int, status: str, seconds: float) -> None:
        self.status.setdefault((group, rank), []).append(status)


@pytest.fixture
def flown(tmp_path, spec):
    """Fly all pieces on an executor; return what each unit came to, and what stands in the journal."""

    def fly(executor: Executor) -> dict[tuple[int, int], list[str]]:
        folder, pieces = make_folder(tmp_path / "run"), Pieces()
        fly.pieces = pieces
        session = ExecutorSession(prepare(spec()).plan, folder, (), pieces, "key")
        session.work(Place(make=lambda: executor, width=lambda: 1), lambda: None)
        session.stop()
        return pieces.status

    return fly


def test_a_lost_worker_costs_its_piece_and_no_unit(flown):
    executor = LosingExecutor({2, 5, 6})
    status = flown(executor)
    assert len(status) == SMALL.unit_count and all(len(some) == 1 for some in status.values())
    assert executor.calls <= 8 + 3 * 4 + 3


def test_a_unit_that_always_costs_its_worker_is_blamed_and_no_other(flown):
    status = flown(LosingExecutor(set(), always=17))  # a configuration of the third group alone
    assert status[2, 17] == ["failed"]
    expected = {unit: [record_of(SMALL, *unit).status] for unit in status if unit != (2, 17)}
    assert {unit: some for unit, some in status.items() if unit != (2, 17)} == expected
    assert len(status) == SMALL.unit_count


class UselessExecutor(LosingExecutor):
    """Its workers lack what the piece needs."""

    def submit(self, function, /, *arguments, **_):
        self.calls += 1
        future: Future = Future()
        future.set_exception(ModuleNotFoundError("No module named 'hpowh'"))
        return future


def test_no_configuration_is_blamed_for_workers_that_cannot_do_the_work(flown):
    with pytest.raises(SpecError, match="cannot do the work: ModuleNotFoundError: No module named 'hpowh'.*blamed"):
        flown(UselessExecutor(set()))
    assert flown.pieces.status == {}


def test_no_configuration_is_blamed_for_an_executor_that_has_gone(flown):
    with pytest.raises(SpecError, match="does not answer"):
        flown(LosingExecutor(set(), ends_at=3))
    came = flown.pieces.status
    assert 0 < len(came) < SMALL.unit_count
    assert came == {unit: [record_of(SMALL, *unit).status] for unit in came}


def test_workers_that_do_not_see_the_folder_say_so(tmp_path, spec):
    prepared = prepare(spec())

    class Elsewhere(ThreadPoolExecutor):
        def submit(self, function, plan, folder, *rest):
            return super().submit(function, plan, folder + "-elsewhere", *rest)

    with Elsewhere(1) as pool, pytest.raises(HpowhError, match="do not see"):
        evaluate(prepared, tmp_path / "out", jobs=1, on=pool)


def test_limits_that_an_executor_cannot_keep_are_refused(tmp_path, spec):
    text = "timeout = 5\n" + spec().read_text()
    with ThreadPoolExecutor(1) as pool, pytest.raises(UsageError, match="timeout and memory"):
        evaluate(prepare(spec(text)), tmp_path / "out", on=pool)


def test_places_that_do_not_exist(tmp_path):
    for text in ("local:0", "local:many", "ray://x", str(tmp_path / "absent.json")):
        with pytest.raises(PlaceError, match="no such place"):
            place_of(text)


@pytest.mark.slow
def test_dask_gives_the_same_numbers_although_a_worker_is_killed(tmp_path, spec, read):
    distributed = pytest.importorskip("distributed", reason="NOT TESTED on Dask: pip install 'hpowh[cluster]'")
    prepared = prepare(spec(spec().read_text().replace("[1, 2, 4]", "[1, 2, 3, 4, 5, 6, 7, 8]")))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        place = place_of(cluster.scheduler_address.replace("tcp://", "dask://"))
        assert "dashboard" in place.words
        killed = []

        def kill_one(state) -> None:
            if not killed and state.done > 0:
                killed.append(cluster.workers[0].pid)
                os.kill(killed[0], signal.SIGKILL)

        evaluate(prepared, tmp_path / "dask", on=place, progress=kill_one)
        place.close()
    assert killed
    evaluate(prepared, tmp_path / "own", jobs=1)
    assert read(tmp_path / "dask").drop("cost").equals(read(tmp_path / "own").drop("cost"))


@pytest.fixture
def rays():
    """What runs a function on Ray, and whom to kill."""
    ray = pytest.importorskip("ray", reason="NOT TESTED on Ray: pip install ray")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield (
        lambda work, *arguments, **named: ray.get(ray.remote(work).remote(*arguments, **named)),
        lambda: ray.get(ray.remote(lambda: os.getpid()).remote()),  # noqa: PLW0108 - Ray takes no built-in function
    )
    ray.shutdown()


@pytest.fixture
def submitits(tmp_path):
    """What runs a function as a job of submitit's, and whom to kill: the process that looks after the last job."""
    submitit = pytest.importorskip("submitit", reason="NOT TESTED with submitit: pip install submitit")
    cluster = submitit.AutoExecutor(folder=tmp_path / "logs", cluster="local")
    cluster.update_parameters(timeout_min=5)
    jobs = []

    def run(work, *arguments, **named):
        jobs.append(cluster.submit(work, *arguments, **named))
        return jobs[-1].result()

    return run, lambda: int(jobs[-1].job_id)


@pytest.mark.slow
@pytest.mark.parametrize("whose", ["rays", "submitits"])
def test_what_runs_a_function_elsewhere_is_an_executor_in_a_line(request, tmp_path, spec, read, whose):
    """The class that the documentation shows; one of the workers is killed in the middle of the work."""
    run, victim = request.getfixturevalue(whose)
    prepared = prepare(spec())
    killed = []

    class Jobs(ThreadPoolExecutor):
        def submit(self, work, /, *arguments, **named):
            return super().submit(lambda: run(work, *arguments, **named))

    def kill_one(state) -> None:
        if not killed and state.done > 0:
            killed.append(victim())
            os.kill(killed[0], signal.SIGKILL)

    with Jobs(2) as pool:
        found = evaluate(prepared, tmp_path / "there", jobs=2, on=pool, progress=kill_one)
    assert killed and found.ok_count == 3 * 2 * 3
    evaluate(prepared, tmp_path / "here", jobs=1)
    assert read(tmp_path / "there").drop("cost").equals(read(tmp_path / "here").drop("cost"))


def test_without_dask_it_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(PlaceError, match="not installed") as told:
        place_of("dask://nowhere:1")
    assert "hpowh[cluster]" in str(told.value.hint)


def test_a_piece_is_evaluated_where_it_is_asked_for(tmp_path, spec):
    """The function that travels, called here: the plan it is given needs no ranks."""
    from dataclasses import replace

    from hpowh.analyses.evaluate.runner import store_data

    prepared = prepare(spec())
    store_data(tmp_path, [(one.features, one.target) for one in prepared.data])
    plan = replace(prepared.plan, models=tuple(replace(m, ranks=range(0)) for m in prepared.plan.models))
    found = evaluate_piece(plan, str(tmp_path), (), 1, [0, 5])
    assert [(record.group, record.rank, record.status) for record, _ in found] == [(1, 0, "ok"), (1, 5, "ok")]
