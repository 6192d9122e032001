"""What is computed on somebody else's workers is what is computed here, cell by cell."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from hpowh.analyses.elsewhere.places import PlaceError
from hpowh.analyses.landscapes.job import Settings
from hpowh.analyses.landscapes.job import analyse as analyse_landscapes
from hpowh.analyses.mixed_models.studies.job import analyse_calibration, analyse_comparison
from hpowh.analyses.sweeps.job import analyse as analyse_sweeps
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError

from .helpers import contents, hpowh, undisturbed

MODEL = "value ~ algorithm + (1|benchmark)"
QUESTIONS = {
    "landscapes": ("landscapes", "--no-network"),
    "sweeps": ("sweeps",),
    "calibrate": ("calibrate", MODEL, "--shuffles", "50", "--experiment", "first"),
    "lrt": ("lrt", "value ~ (1|benchmark)", MODEL, "--experiment", "first", "--bootstrap", "45", "--shuffles", "21"),
}


KilledWorker = type("KilledWorker", (Exception,), {})
"""As Dask names it."""


class Travelling(ThreadPoolExecutor):
    """Everything is sent as between machines; what was sent last is done first; a worker dies at its second piece."""

    def __init__(self) -> None:
        super().__init__(1)
        self.sent: list[tuple[bytes, Future]] = []
        self.count = 0

    def submit(self, function, /, *arguments):
        self.sent.append((pickle.dumps((function, arguments)), Future()))
        future = self.sent[-1][1]
        super().submit(self._do_last)
        return future

    def _do_last(self) -> None:
        package, future = self.sent.pop()
        try:
            function, arguments = pickle.loads(package)
            self.count += bool(arguments)  # without, it is only asked whether it answers
            if arguments and self.count == 2:
                raise KilledWorker("its machine has gone")
            future.set_result(pickle.loads(pickle.dumps(function(*arguments))))
        except Exception as error:  # noqa: BLE001 - whatever it is goes where it was asked from
            future.set_exception(error)


def asked(kind: str, store: Warehouse, executor: ThreadPoolExecutor) -> None:
    """The same questions at the Python doors."""
    if kind == "landscapes":
        analyse_landscapes(store, settings=Settings(has_network=False), on=executor)
    elif kind == "sweeps":
        analyse_sweeps(store, on=executor)
    elif kind == "calibrate":
        analyse_calibration(store, MODEL, "first", count=50, on=executor)
    else:
        pair = "value ~ (1|benchmark)", MODEL
        analyse_comparison(store, *pair, "first", bootstrap=45, permutations=21, on=executor)


@pytest.mark.parametrize(
    ("kind", "pieces"),
    [("landscapes", 2), pytest.param("sweeps", 2, marks=pytest.mark.slow), ("calibrate", 3), ("lrt", 3 + 2)],
)
def test_numbers_do_not_depend_on_where_they_are_computed(place, kind, pieces):
    wanted = undisturbed(place, *QUESTIONS[kind])
    with Travelling() as executor, Warehouse(place / "home.duckdb") as store:
        asked(kind, store, executor)
        assert executor.count == pieces + 1  # the piece that was lost, and no other, was done again
    found = contents(place / "home.duckdb")
    assert sorted(found.pop("order")) == sorted(wanted.pop("order"))  # what was finished first was stored first
    assert found == wanted
    assert len(found) > 2


class Failing(ThreadPoolExecutor):
    """Its second worker has no hpowh."""

    def __init__(self) -> None:
        super().__init__(1)
        self.count = 0

    def submit(self, function, /, *arguments):
        self.count += 1
        if self.count < 2:
            self.first = super().submit(function, *arguments)
            return self.first
        self.first.result()
        future: Future = Future()
        future.set_exception(ModuleNotFoundError("No module named 'hpowh'"))
        return future


@pytest.mark.parametrize(
    ("kind", "job"), [("landscapes", "landscapes"), pytest.param("sweeps", "sweeps", marks=pytest.mark.slow)]
)
def test_what_was_finished_before_the_workers_failed_is_stored(place, kind, job):
    with Failing() as executor, Warehouse(place / "home.duckdb") as store:
        with pytest.raises(PlaceError, match="cannot do the work: ModuleNotFoundError"):
            asked(kind, store, executor)
        assert store.sql("select job from ops.analysis_run").rows() == [(job,)]
        asked(kind, store, ThreadPoolExecutor(1))
    found, wanted = contents(place / "home.duckdb"), undisturbed(place, *QUESTIONS[kind])
    found.pop("order"), wanted.pop("order")
    assert found == wanted


def test_processes_here_or_elsewhere_and_not_both(place):
    with pytest.raises(UsageError, match="--jobs is for processes here"):
        hpowh("analyse", "landscapes", "--jobs", 2, "--on", "local:2", "--warehouse", place / "home.duckdb")
    with pytest.raises(UsageError, match="no such place"):
        hpowh("analyse", "sweeps", "--on", "mars", "--warehouse", place / "home.duckdb")


PIECES = {"landscapes": 2, "sweeps": 2, "calibrate": 3, "lrt": 3 + 2}


class Killing:
    """Kills a worker, of those that `pids` names, once the first piece has come back."""

    def __init__(self, pids) -> None:
        self.pids, self.is_armed, self.sent = pids, True, 0

    def watch(self, executor_class, monkeypatch) -> None:
        """Whatever executor of this class is used from now on."""
        submit = executor_class.submit

        def watched(executor, function, /, *arguments, **named):
            future = submit(executor, function, *arguments, **named)
            if arguments:
                self.sent += 1
                future.add_done_callback(lambda _: self.kill(executor))
            return future

        monkeypatch.setattr(executor_class, "submit", watched)

    def kill(self, executor) -> None:
        """As the kernel does it where memory is short."""
        if self.is_armed:
            self.is_armed = False
            os.kill(self.pids(executor), signal.SIGKILL)


def check_although_killed(place, kind: str, where: str, killing: Killing) -> None:
    """A question on the command line; what was finished first is stored first, else there is no difference."""
    shutil.copy(place / "home.duckdb", place / "away.duckdb")
    hpowh("analyse", *QUESTIONS[kind], "--on", where, "--warehouse", place / "away.duckdb")
    assert not killing.is_armed
    found, wanted = contents(place / "away.duckdb"), undisturbed(place, *QUESTIONS[kind])
    assert sorted(found.pop("order")) == sorted(wanted.pop("order"))
    assert found == wanted


@pytest.mark.slow
@pytest.mark.parametrize("kind", QUESTIONS)
def test_on_processes_of_this_machine_although_one_is_killed(place, capsys, monkeypatch, kind):
    """The pool breaks as a whole: what both processes had is done again by a fresh one, and no more."""
    killing = Killing(lambda pool: next(iter(pool._processes)))
    killing.watch(ProcessPoolExecutor, monkeypatch)
    check_although_killed(place, kind, "local:2", killing)
    assert "On 2 processes of this machine." in capsys.readouterr().err
    assert PIECES[kind] + (PIECES[kind] > 2) <= killing.sent <= PIECES[kind] + 4


@pytest.mark.slow
@pytest.mark.parametrize("kind", QUESTIONS)
def test_on_dask_although_a_worker_is_killed(place, capsys, monkeypatch, kind):
    distributed = pytest.importorskip("distributed", reason="NOT TESTED on Dask: pip install 'hpowh[cluster]'")
    from distributed.cfexecutor import ClientExecutor

    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        killing = Killing(lambda _: next(one.pid for one in cluster.workers.values() if one.pid))
        killing.watch(ClientExecutor, monkeypatch)
        check_although_killed(place, kind, cluster.scheduler_address.replace("tcp://", "dask://"), killing)
    assert "its dashboard: http" in capsys.readouterr().err
