"""Which tests lie nearest to what was changed: the tests of the mirrored folder. `python tests/nearest.py [FILE …]`.

Without files: those that differ from the last commit, or where none does, those of the last commit.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ("warehouse", "analyses", "reports")


def _git(*words: str) -> list[str]:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()


def changed() -> list[str]:
    """Return the paths that differ from the last commit, untracked ones too; else the last commit's."""
    now = [*_git("diff", "--name-only", "HEAD"), *_git("ls-files", "--others", "--exclude-standard")]
    return now or _git("diff", "--name-only", "HEAD~1", "HEAD")


def nearest(paths: Iterable[str]) -> list[str]:
    """Return the test files nearest to these files, in alphabetical order.

    A test file is nearest to itself. For a module it is `test_<module>.py` in the mirrored folder, else all tests of
    that folder, else those of the folder above it.
    """
    tests: set[Path] = set()
    for path in map(PurePosixPath, paths):
        if path.parts[0] == "tests" and path.name.startswith("test_") and path.suffix == ".py":
            tests.add(ROOT / path)
        elif path.parts[0] in FLOORS or path.parts[0] == "sql":
            tests |= _of_module(path)
    return sorted(str(test.relative_to(ROOT)) for test in tests if test.is_file())


def _of_module(path: PurePosixPath) -> set[Path]:
    folder = ROOT / "tests" / path.parent
    own = set(folder.glob(f"test_{path.stem}*.py")) if path.suffix == ".py" else set()
    while not own and folder != ROOT / "tests":
        own = set(folder.glob("test_*.py"))
        folder = folder.parent
    return own


if __name__ == "__main__":
    print("\n".join(nearest(sys.argv[1:] or changed())))
