"""What a spec (TOML) says: data sets, models with their search spaces, metrics, folds, seeds, limits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hpowh.analyses.evaluate.conditions import with_conditions
from hpowh.analyses.evaluate.errors import SpecError, nearest
from hpowh.analyses.evaluate.spaces import SAMPLES, Dimension, Space, linear_levels
from hpowh.analyses.evaluate.values import model_value

TOP = (
    "name", "seeds", "folds", "metrics", "timeout", "memory", "validation", "sample_seed", "data", "model",
)  # fmt: skip
DATA_KEYS = ("name", "path", "openml", "target", "task", "ignore")
MODEL_KEYS = ("name", "kind", "import", "fidelity", "fidelities", "sample", "configurations", "scale", "space", "fixed")
RANGE_KEYS = ("from", "to", "levels", "log", "integer", "ordinal", "if", "default")
FIDELITY_KINDS = ("fraction", "steps")
_MANY = 10_000


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """One data set: bundled with scikit-learn, a file, or an OpenML id."""

    name: str
    path: str | None = None
    openml: int | None = None
    target: str | None = None
    task: str | None = None
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """One model, what of it is varied, and at which fidelities."""

    name: str
    kind: str | None
    import_path: str | None
    space: Space
    fixed: Mapping[str, Any]
    fidelity: str
    """`fraction` (of the training rows) or `steps` (epochs or trees; one training serves all)."""
    fidelities: tuple[float, ...]
    """Ascending."""
    sample: str
    configurations: int | None
    scale: bool | None
    """Standardise the features first; None: as the kind of model needs it."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A whole evaluation."""

    name: str
    data: tuple[DataSpec, ...]
    models: tuple[ModelSpec, ...]
    metrics: tuple[str, ...]
    seeds: tuple[int, ...] = (0,)
    folds: int = 5
    validation: float | None = None
    timeout: float | None = None
    """Seconds for one fold of one configuration."""
    memory: float | None = None
    """Megabytes that a worker may grow by."""
    sample_seed: int = 0
    notes: list[str] = field(default_factory=list, compare=False)


def parse(content: Mapping[str, Any], name: str) -> Spec:
    """Return the spec of a parsed TOML document; `name` is used where it names none.

    Raises:
        SpecError: a key is unknown (names the nearest), missing, or has a value that cannot be meant.
    """
    _known(content, TOP, "the spec")
    for key in ("data", "model"):
        if not isinstance(content.get(key), list) or not content[key]:
            raise SpecError(f"The spec has no {key}.", f"Write at least one [[{key}]].")
    metrics = content.get("metrics", ["accuracy"])
    if not _is_list(metrics, str) or not metrics or len(set(metrics)) != len(metrics):
        raise SpecError("metrics: a list of different names is needed.", 'For example: metrics = ["accuracy"]')
    seeds = content.get("seeds", [0])
    if not _is_list(seeds, int) or not seeds or len(set(seeds)) != len(seeds) or min(seeds) < 0:
        raise SpecError("seeds: a list of different whole numbers from 0 is needed.", "For example: seeds = [0, 1]")
    given = str(content.get("name", name))
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", given):
        raise SpecError(f"The name {given!r} must be letters, digits, dots, dashes and underscores.")
    spec = Spec(
        name=given,
        data=tuple(_data(entry) for entry in content["data"]),
        models=tuple(_model(entry) for entry in content["model"]),
        metrics=tuple(metrics),
        seeds=tuple(seeds),
        folds=int(_number(content, "folds", 5, 2, 100, whole=True) or 5),
        validation=_number(content, "validation", None, 0.01, 0.9),
        timeout=_number(content, "timeout", None, 0.01, 1e7),
        memory=_number(content, "memory", None, 1, 1e9),
        sample_seed=int(_number(content, "sample_seed", 0, 0, 2**31, whole=True) or 0),
    )
    for what, names in (("data sets", [d.name for d in spec.data]), ("models", [m.name for m in spec.models])):
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise SpecError(f"Two {what} are called {', '.join(twice)}.", "Give each its own name.")
    return spec


def _data(entry: Any) -> DataSpec:
    if not isinstance(entry, Mapping):
        raise SpecError("data: each data set is a table.", "Write [[data]] and name = … below it.")
    _known(entry, DATA_KEYS, "[[data]]")
    if "path" in entry and "openml" in entry:
        raise SpecError("A data set has a path or an OpenML id, not both.")
    if "name" not in entry and "openml" not in entry and "path" not in entry:
        raise SpecError("A data set has neither name, path nor openml.")
    number = entry.get("openml")
    if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
        raise SpecError(f"openml = {number!r}: an OpenML id is a whole number.")
    if entry.get("task") not in (None, "classification", "regression"):
        raise SpecError(f"task = {entry['task']!r} is not known.", "Tasks: classification, regression.")
    stem = re.split(r"[/\\]", str(entry.get("path", "")))[-1].split(".")[0]
    name = str(entry.get("name", f"openml-{number}" if number is not None else stem))
    if not name or "/" in name:
        raise SpecError(f"{name!r} is no name for a data set.", "Give it a name without a slash.")
    ignore = entry.get("ignore", [])
    if not _is_list(ignore, str):
        raise SpecError(f"{name}: ignore is a list of columns.")
    target = None if entry.get("target") is None else str(entry["target"])
    return DataSpec(
        name=name, path=entry.get("path"), openml=number, target=target, task=entry.get("task"), ignore=tuple(ignore)
    )


def _model(entry: Any) -> ModelSpec:
    if not isinstance(entry, Mapping):
        raise SpecError("model: each model is a table.", "Write [[model]] and kind = … below it.")
    _known(entry, MODEL_KEYS, "[[model]]")
    kind, path = entry.get("kind"), entry.get("import")
    if (kind is None) == (path is None):
        raise SpecError("A model has either a kind or an import path.", 'For example: kind = "decision_tree"')
    name = str(entry.get("name", kind or str(path).rpartition(".")[2]))
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
        raise SpecError(f"The model's name {name!r} must be letters, digits, dots, dashes and underscores.")
    given = entry.get("space")
    if not isinstance(given, Mapping) or not given:
        raise SpecError(f"The model {name} has no search space.", "Write [model.space] with one line a hyperparameter.")
    how = entry.get("sample", "grid")
    if how not in SAMPLES:
        raise SpecError(f"The model {name}: sample = {how!r} is not known.", nearest(str(how), SAMPLES))
    count = entry.get("configurations")
    if how == "grid" and count is not None:
        raise SpecError(
            f"The model {name}: a grid is whole.", 'For some of its cells: sample = "random", "sobol" or "pairs"'
        )
    if how != "grid" and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
        raise SpecError(f"The model {name}: a sample needs its size.", "For example: configurations = 500")
    fidelity = entry.get("fidelity", "fraction")
    if fidelity not in FIDELITY_KINDS:
        raise SpecError(
            f"The model {name}: fidelity = {fidelity!r} is not known.", nearest(str(fidelity), FIDELITY_KINDS)
        )
    scale = entry.get("scale")
    if scale is not None and not isinstance(scale, bool):
        raise SpecError(f"The model {name}: scale is true or false.")
    space = Space(with_conditions([dimension(str(key), value) for key, value in given.items()], given))
    fixed = entry.get("fixed", {})
    if not isinstance(fixed, Mapping):
        raise SpecError(f"The model {name}: fixed is a table.")
    both = sorted(set(fixed) & set(given))
    if both:
        raise SpecError(f"The model {name}: {', '.join(both)} is varied and fixed at once.")
    values = {str(key): model_value(value) for key, value in fixed.items()}
    return ModelSpec(
        name=name,
        kind=kind,
        import_path=path,
        space=space,
        fixed=values,
        fidelity=fidelity,
        fidelities=_fidelities(entry, name, fidelity),
        sample=how,
        configurations=count,
        scale=scale,
    )


def _fidelities(entry: Mapping[str, Any], name: str, kind: str) -> tuple[float, ...]:
    given = entry.get("fidelities", [1.0] if kind == "fraction" else None)
    if not _is_list(given, (int, float)) or not given or len(set(given)) != len(given):
        raise SpecError(f"The model {name}: fidelities is a list of different numbers.", "For example: [0.1, 0.3, 1.0]")
    if kind == "fraction" and not all(0 < share <= 1 for share in given):
        raise SpecError(f"The model {name}: a fraction of the training rows lies above 0 and up to 1.")
    if kind == "steps" and not all(isinstance(step, int) and step >= 1 for step in given):
        raise SpecError(f"The model {name}: steps are whole numbers from 1 (epochs or trees).")
    return tuple(sorted(float(number) for number in given))


def dimension(name: str, given: Any) -> Dimension:
    """Return the hyperparameter that one line of a search space describes.

    Raises:
        SpecError: it is neither a list of different levels nor a range.
    """
    said: Mapping[str, Any] = given if isinstance(given, Mapping) else {"levels": given}
    _known(said, RANGE_KEYS, f"the hyperparameter {name}")
    raw = said.get("levels")
    if "from" in said or "to" in said:
        raw = _range(name, said)
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not raw:
        raise SpecError(
            f"The hyperparameter {name} is neither a list of levels nor a range.",
            f"For example: {name} = [1, 2, 4] or {name} = {{from = 1, to = 64, levels = 7, log = true}}",
        )
    levels = tuple(model_value(level) for level in raw)
    if all(_is_number(level) for level in levels):
        value_type = "int" if all(isinstance(level, int) for level in levels) else "float"
        levels = tuple(sorted(levels if value_type == "int" else map(float, levels)))
    else:
        value_type = "bool" if all(isinstance(level, bool) for level in levels) else "text"
    if len({str(level) for level in levels}) != len(levels):
        raise SpecError(f"The hyperparameter {name} names a level twice.")
    numeric = value_type in ("int", "float")
    kind = "ordinal" if said.get("ordinal", numeric) else "categorical"
    is_log = bool(said.get("log", False))
    if is_log and (not numeric or levels[0] <= 0):
        raise SpecError(f"The hyperparameter {name}: a logarithmic scale needs numbers above 0.")
    return Dimension(name=name, levels=levels, kind=kind, value_type=value_type, scale="log" if is_log else "linear")


def _range(name: str, said: Mapping[str, Any]) -> tuple[Any, ...]:
    low: Any = said.get("from")
    high: Any = said.get("to")
    count: Any = said.get("levels")
    if not _is_number(low) or not _is_number(high) or not isinstance(count, int) or isinstance(count, bool):
        raise SpecError(f"The hyperparameter {name}: a range needs from, to and levels (how many).")
    is_log, is_integer = bool(said.get("log", False)), bool(said.get("integer", False))
    if low >= high or count < 2 or count > _MANY or (is_log and low <= 0):
        raise SpecError(
            f"The hyperparameter {name}: a range goes up, has 2 to {_MANY:,} levels, and on a log scale starts above 0."
        )
    if is_integer and (low != int(low) or high != int(high)):
        raise SpecError(f"The hyperparameter {name}: a range of whole numbers has whole ends.")
    return linear_levels(low, high, count, is_log=is_log, is_integer=is_integer)


def _known(entry: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    for key in entry:
        if key not in keys:
            raise SpecError(f"{where[0].upper()}{where[1:]} has no key {key!r}.", nearest(str(key), keys))


def _number(
    content: Mapping[str, Any], key: str, default: float | None, low: float, high: float, *, whole: bool = False
) -> float | None:
    value = content.get(key, default)
    if value is None:
        return None
    if not _is_number(value) or not low <= value <= high or (whole and value != int(value)):
        what = "a whole number" if whole else "a number"
        raise SpecError(f"{key} = {value!r}: {what} from {low:g} to {high:g} is needed.")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list(value: Any, kind: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) and not isinstance(item, bool) for item in value)
