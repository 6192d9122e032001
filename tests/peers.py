"""Other people's tools, each in an environment of its own: their pins need not fit ours, nor each other's.

`tests/pins/<name>.txt` lists every package with its version. An environment is made at its first use, from the package
registry, and kept in `.pytest_cache/peers` (or `$HPOWH_PEERS`) under a name with the fingerprint of its pins; so a
changed pin makes a new one. Where that is not possible (no network), tests that need the tool say so and skip.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

TESTS = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("HPOWH_PEERS") or TESTS.parent / ".pytest_cache" / "peers")
DONE = ".complete"
PATIENCE = 300
"""Seconds that making an environment may take."""


class PeerUnavailableError(Exception):
    """The environment could not be made; says why."""


@dataclass(frozen=True)
class Peer:
    """The interpreter of one tool's environment."""

    name: str
    python: Path

    def run(
        self,
        script: str | Path,
        *arguments: object,
        cwd: Path,
        env: dict[str, str] | None = None,
        timeout: float = 120,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a Python script (its text, or its path) with arguments and return what it said.

        The environment's `bin` stands first in PATH. With `check`, a script that fails fails the test with its output.
        """
        command = [str(self.python), str(script)] if isinstance(script, Path) else [str(self.python), "-c", script]
        path = f"{self.python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COV_"))}
        done = subprocess.run(
            [*command, *map(str, arguments)],
            cwd=cwd,
            env={**inherited, "PATH": path, **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{self.name}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done


_failed: dict[str, PeerUnavailableError] = {}


def peer(name: str) -> Peer:
    """Return the environment of `tests/pins/<name>.txt`, made if need be; what failed once is not tried again.

    Raises:
        PeerUnavailableError: it could not be made.
    """
    if name in _failed:
        raise _failed[name]
    try:
        return _found_or_made(name)
    except PeerUnavailableError as error:
        _failed[name] = error
        raise


def _found_or_made(name: str) -> Peer:
    pins = TESTS / "pins" / f"{name}.txt"
    seal = sha256(f"{sys.version_info[:2]}\n{pins.read_text()}".encode()).hexdigest()[:12]
    folder = CACHE / f"{name}-{seal}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test processes make it once
        if not (folder / DONE).exists():
            _make(name, pins, folder)
    return Peer(name, folder / "bin" / "python")


def _make(name: str, pins: Path, folder: Path) -> None:
    """Make the environment, without a pip of its own (that would take longer than most tools)."""
    shutil.rmtree(folder, ignore_errors=True)
    install = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
    install += ["--disable-pip-version-check", "--no-input", "--no-deps", "--no-compile", "--requirement", str(pins)]
    try:
        for command in ([sys.executable, "-m", "venv", "--without-pip", str(folder)], install):
            subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    except subprocess.CalledProcessError as error:
        last = " ".join((error.stderr or error.stdout).strip().splitlines()[-2:])
        raise PeerUnavailableError(f"the environment of {name} could not be made: {last}") from None
    except subprocess.TimeoutExpired:
        raise PeerUnavailableError(f"the environment of {name} was not made within {PATIENCE} s") from None
    (folder / DONE).touch()
