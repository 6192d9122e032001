"""Libraries that others import by accident, and that a command need not wait for.

DuckDB imports pandas, where it is installed, at the first parameter of a query: to ask whether the value is one of
pandas' own. PyArrow does so at the first list. It takes longer than most commands. And SciPy's linear algebra asks
NumPy for all its names, its compiler of Fortran and its helpers for tests among them. The documentation of SciPy's
functions, too, is taken apart and put together again, with a table of other libraries' arrays that they take.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import FrameType, ModuleType

NOT_ASKED_FOR = {"pandas": "hpowh", "cffi": "numba"}
"""Library -> whose question after it is answered with no: numba would read C declarations with cffi's parser."""
GREEDY = "scipy._lib.array_api_compat.numpy"
"""The module that takes over every name of NumPy."""
CAPABLE = "scipy._lib._array_api"
"""The module that writes into the documentation of SciPy's functions."""
WRITTEN_INTO = {"scipy.special", "scipy.linalg", "scipy.stats", "scipy.optimize"}
UNUSED = {"f2py", "testing", "char", "core", "ctypeslib", "polynomial", "rec"}
BETWEEN = ("importlib._bootstrap", "pyarrow")
"""Whose Python code only hands an import, or a list, on."""


class _Finder:
    """Says that pandas is not there to compiled code which our own modules call.

    Whoever writes `import pandas`, or `importlib.import_module("pandas")`, gets it; and once it is there, everybody
    does. A value can be one of pandas' only when it is.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Refuse the accident, and leave everything else to the finders that follow."""
        if name in NOT_ASKED_FOR and _asker().partition(".")[0] == NOT_ASKED_FOR[name]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name == GREEDY and (numpy := sys.modules.get("numpy")) is not None:
            numpy.__dict__["__numpy_submodules__"] = set(getattr(numpy, "__numpy_submodules__", ())) - UNUSED
            numpy.__dict__["__all__"] = [one for one in numpy.__all__ if one not in UNUSED]
        if name in WRITTEN_INTO:
            _leave_documentation()
        return None


def _leave_documentation() -> None:
    """Let SciPy's functions keep the documentation that they were written with; what they compute is not touched."""
    try:
        writer = import_module(CAPABLE)
    except ImportError:  # another version of SciPy
        return
    if hasattr(writer, "xp_capabilities"):
        vars(writer)["xp_capabilities"] = _as_it_is


def _as_it_is(**_: object) -> Callable[[Any], Any]:
    return lambda function: function


def _asker() -> str:
    """Return the name of the Python module in which an import, or the call of compiled code that imports, stands."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _name(frame).startswith((__name__, *BETWEEN)):
        frame = frame.f_back
    return _name(frame)


def _name(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))


def avoid() -> None:
    """Avoid these imports from here on; for a process that is one command."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
