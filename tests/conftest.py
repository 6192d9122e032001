"""Fixtures that all tests share."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

# Tests are small and run side by side: threads within them only wait for each other.
for name in ("HPOWH_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ.setdefault(name, "1")

import hypothesis  # noqa: E402 - what reads the settings comes after them
import pytest  # noqa: E402

from hpowh.warehouse import Warehouse, migrate, views  # noqa: E402

from . import peers  # noqa: E402
from .commands import within  # noqa: E402

# No test may depend on how fast the machine is.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

ROOT = Path(__file__).resolve().parents[1]


IMPURE = {
    "hpowh",
    "warehouse",
    "empty_warehouse",
    "demo_folder",
    "small_demo",
    "whole_demo",
    "peer",
    "tmp_path",
    "tmp_path_factory",
    "shared",
}
"""Fixtures of tests that touch files, databases or processes."""


DEAREST = (
    "warehouse/test_bring_your_data.py",
    "analyses/collecting/",
    "reports/nightly/test_night.py",
    "reports/pages/landscape/test_page.py",
    "warehouse/sources/grid/test_ingest_grid.py",
    "analyses/sweeps/test_job.py",
    "analyses/mixed_models/test_job.py",
    "warehouse/test_publish.py",
    "analyses/evaluate/test_running.py",
    "warehouse/test_crash.py",
    "reports/pages/sweep/test_bad_input.py",
    "reports/test_incremental.py",
    "reports/test_build.py",
    "test_docs.py",
    "warehouse/test_commands.py",
    "warehouse/test_recognise.py",
    "warehouse/test_migrate.py",
    "road/test_road.py",
    "reports/demo/test_demo.py",
    "analyses/landscapes/test_job.py",
    "analyses/mixed_models/inference/test_permutation.py",
    "analyses/landscapes/one/test_importance.py",
    "reports/nightly/test_kill.py",
    "reports/pages/evaluated/test_page.py",
    "analyses/mixed_models/reading/test_quantities.py",
    "reports/test_pdf.py",
)
"""Files that take longest, as measured: they begin, so that no process is left with one of them at the end."""


def _place(item: pytest.Item) -> int:
    name = item.nodeid.removeprefix("tests/")
    return next((i for i, begin in enumerate(DEAREST) if name.startswith(begin)), len(DEAREST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as `pure` what needs no file, database or process (for `make quick`), as slow what needs another tool."""
    items.sort(key=_place)
    for item in items:
        if not IMPURE & set(getattr(item, "fixturenames", ())) and item.get_closest_marker("browser") is None:
            item.add_marker("pure")
        if "peer" in getattr(item, "fixturenames", ()):  # an environment of hundreds of megabytes, from the registry
            item.add_marker("slow")


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """After each file, take what is loaded out of garbage collection: modules stay, and are looked at no more."""
    if nextitem is None or item.path != nextitem.path:
        gc.collect()
        gc.freeze()


def pytest_collection_finish() -> None:
    """The same for what the tests themselves import."""
    gc.collect()
    gc.freeze()


STATE = tempfile.TemporaryDirectory(prefix="hpowh-tests-")
"""What hpowh notes about the files it made goes into a folder of the tests' own."""
os.environ["XDG_STATE_HOME"] = STATE.name


@pytest.fixture(scope="session")
def shared() -> Path:
    """Reference data that lies beside a checkout; tests that need it say that they skip where it is absent."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("reference data beside the checkout (../shared) is absent")
    return folder


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One freshly made warehouse that tests copy, because making one takes a second."""
    path = tmp_path_factory.mktemp("template") / "empty.duckdb"
    Warehouse.create(path).close()
    return path


@pytest.fixture(scope="session", autouse=True)
def made_once() -> Iterator[Callable[..., None]]:
    """Commands that make a new warehouse in this process get the tables of one that was made as users make theirs.

    Making them takes a second of a processor, and hundreds of tests begin so. What is made in another process, at
    another revision or from other views, and all that tests of migrations make, is made each time, by what this gives.
    """
    make, made = migrate._upgrade, {}

    def copied(path: Path, target: str, wait: float, *, is_old: bool) -> None:
        if path.exists() or target != migrate.newest_revision() or is_old:
            make(path, target, wait, is_old=is_old)
            return
        state = (target, migrate.migrations_folder(), views.views_fingerprint())
        if state not in made:
            make(path, target, wait, is_old=is_old)
            made[state] = Path(STATE.name) / f"new-{len(made)}.duckdb"
            shutil.copy(path, made[state])
        else:
            shutil.copy(made[state], path)

    migrate._upgrade = copied
    yield make
    migrate._upgrade = make


@pytest.fixture
def warehouse(empty_warehouse: Path, tmp_path: Path) -> Warehouse:
    """An empty warehouse of the test's own."""
    path = tmp_path / "hpowh.duckdb"
    shutil.copy(empty_warehouse, path)
    return Warehouse(path)


@pytest.fixture
def hpowh(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line as a user would, in a folder of the test's own."""

    def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "COLUMNS": "200", "HPOWH_WAREHOUSE": str(tmp_path / "hpowh.duckdb")}
        return within(arguments, tmp_path, environment, stdin or "")

    return run


SMALL = ("--tables", "fcnet", "--seeds", "3", "--trials", "20", "--sweep-trials", "24")
"""A demo of the same kind in little: four of fifteen tables, 48 of 600 studies, short sweeps."""


def made_demo(tmp_path_factory: pytest.TempPathFactory, name: str, size: Sequence[str]) -> Path:
    """Return what `hpowh demo` makes, evaluated grids aside (they have tests of their own), once for all processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            command = [sys.executable, "-m", "hpowh.warehouse", "demo", "--no-evaluation", *size]
            command += ["--folder", str(folder / "demo")]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=1800, check=False)
            assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
            (folder / "made").touch()
    return folder / "demo"


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo in little."""
    return made_demo(tmp_path_factory, "small-demo", SMALL)


@pytest.fixture(scope="session", params=["small", pytest.param("whole", marks=pytest.mark.slow)])
def demo_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo in little, and the whole one, which takes minutes."""
    return made_demo(tmp_path_factory, f"{request.param}-demo", SMALL if request.param == "small" else ())


@pytest.fixture(scope="session")
def whole_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `hpowh demo` makes by itself; for tests that are slow."""
    return made_demo(tmp_path_factory, "whole-demo", ())


@pytest.fixture(scope="session")
def peer() -> Callable[[str], peers.Peer]:
    """Another tool in an environment of its own (see peers.py); a test that needs it says so where it cannot be had."""

    def find(name: str) -> peers.Peer:
        try:
            return peers.peer(name)
        except peers.PeerUnavailableError as error:
            pytest.skip(f"NOT TESTED against the real {name}: {error}")

    return find
