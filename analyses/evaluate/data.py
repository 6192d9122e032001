"""Data sets: those of scikit-learn, files (CSV, Parquet), OpenML; checked before anything is trained on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hpowh.analyses.evaluate.errors import SpecError, nearest
from hpowh.analyses.evaluate.spec import DataSpec

if TYPE_CHECKING:
    import polars as pl

BUNDLED = {
    "iris": "classification",
    "wine": "classification",
    "breast_cancer": "classification",
    "digits": "classification",
    "diabetes": "regression",
}
MISSING = "(missing)"
MOST_CATEGORIES = 100
GUESSED_CLASSES = 20


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """Features and target of one data set, ready to train on."""

    name: str
    task: str
    features: NDArray[np.float64]
    """(rows, features)."""
    target: NDArray
    """Classes numbered from 0 in sorted order, or numbers."""
    classes: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list, compare=False)

    @property
    def missing_count(self) -> int:
        """Values that are missing (NaN) among the features."""
        return int(np.count_nonzero(np.isnan(self.features)))

    @property
    def digest(self) -> str:
        """Hash of what is in it."""
        parts = (self.features.tobytes(), self.target.tobytes(), repr((self.features.shape, self.task)).encode())
        return sha256(b"".join(parts)).hexdigest()


def load(spec: DataSpec, beside: Path) -> DataSet:
    """Return one data set; a relative path is meant from the folder `beside`.

    Raises:
        SpecError: there is no such data set, or it cannot be trained on (missing values, one class, …).
    """
    if spec.path is not None:
        return _from_file(spec, beside / spec.path)
    if spec.openml is not None:
        return _from_openml(spec)
    if spec.name not in BUNDLED:
        raise SpecError(
            f"There is no data set {spec.name!r} in scikit-learn.", f"{nearest(spec.name, BUNDLED)} A file: path = …"
        )
    import sklearn.datasets

    task = BUNDLED[spec.name]
    if spec.task not in (None, task) or spec.target is not None or spec.ignore:
        raise SpecError(f"The data set {spec.name} is for {task}; task, target and ignore are for files.")
    features, target = getattr(sklearn.datasets, f"load_{spec.name}")(return_X_y=True)
    return make(spec.name, task, features, target)


def make(name: str, task: str, features: Any, target: Any, notes: list[str] | None = None) -> DataSet:
    """Return a data set of arrays, its classes numbered in sorted order.

    Raises:
        SpecError: a value is infinite, there is one class only, or there is no row or feature.
    """
    matrix = np.ascontiguousarray(features, dtype=np.float64)
    if matrix.ndim != 2 or not matrix.shape[0] or not matrix.shape[1]:
        raise SpecError(f"The data set {name} has no rows or no features.")
    bad = np.isinf(matrix)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        raise SpecError(
            f"The data set {name} has {int(bad.sum()):,} infinite values, the first in row {row + 1}, "
            f"feature {column + 1}.",
            "Fill them in or leave these rows out.",
        )
    if task == "regression":
        numbers = np.ascontiguousarray(target, dtype=np.float64)
        if not np.isfinite(numbers).all():
            raise SpecError(f"The target of the data set {name} has missing or infinite values.")
        if numbers.min() == numbers.max():
            raise SpecError(f"The target of the data set {name} is the same in every row.")
        return DataSet(name=name, task=task, features=matrix, target=numbers, notes=notes or [])
    classes, numbered = np.unique(np.asarray(target), return_inverse=True)
    if classes.size < 2:
        raise SpecError(f"The data set {name} has one class only ({classes[0]}).", "A classifier needs two.")
    return DataSet(
        name=name,
        task=task,
        features=matrix,
        target=numbered.astype(np.int64),
        classes=tuple(map(str, classes)),
        notes=notes or [],
    )


def check_folds(data: DataSet, folds: int) -> None:
    """Raise SpecError where a class, or the data set, has fewer rows than there are folds."""
    if data.task == "regression":
        if data.target.size < 2 * folds:
            raise SpecError(f"The data set {data.name} has {data.target.size} rows, too few for {folds} folds.")
        return
    counts = np.bincount(data.target)
    least = int(counts.argmin())
    if counts[least] < folds:
        raise SpecError(
            f"The class {data.classes[least]} of the data set {data.name} has {counts[least]} rows, fewer than the "
            f"{folds} folds.",
            "Give fewer folds, or leave that class out.",
        )


def _from_file(spec: DataSpec, path: Path) -> DataSet:
    import polars as pl

    if not path.is_file():
        raise SpecError(
            f"The data set {spec.name}: there is no file {path}.", "Paths are meant from the spec's folder."
        )
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame = pl.read_parquet(path)
        else:
            frame = pl.read_csv(path, infer_schema_length=None, null_values=["", "NA", "NaN", "nan", "?"])
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise SpecError(f"{path} cannot be read as CSV or Parquet: {reason}") from None
    for column in spec.ignore:
        if column not in frame.columns:
            raise SpecError(f"{path} has no column {column!r} to ignore.", nearest(column, frame.columns))
    target = spec.target or frame.columns[-1]
    if target not in frame.columns:
        raise SpecError(f"{path} has no column {target!r}.", nearest(target, frame.columns))
    notes = [] if spec.target else [f"{spec.name}: the last column, {target}, is taken as the target."]
    values = frame[target]
    missing = values.null_count() + (int(values.is_nan().sum()) if values.dtype.is_float() else 0)
    if missing:
        raise SpecError(f"The target {target} of {path} is missing in {missing:,} rows.", "Leave these rows out.")
    task = spec.task or _guess(values)
    if spec.task is None:
        notes.append(f"{spec.name}: taken as {task} (say task = … to be sure).")
    features = _matrix(frame.drop(target, *spec.ignore), spec.name, notes)
    if task == "regression" and not values.dtype.is_numeric():
        raise SpecError(f"The target {target} of {path} is no number.", 'Say task = "classification".')
    return make(
        spec.name,
        task,
        features,
        values.to_numpy() if values.dtype.is_numeric() else values.cast(pl.String).to_numpy(),
        notes,
    )


def _guess(values: pl.Series) -> str:
    if not values.dtype.is_numeric():
        return "classification"
    is_whole = values.dtype.is_integer() or bool((values == values.round()).all())
    return "classification" if is_whole and values.n_unique() <= GUESSED_CLASSES else "regression"


def _matrix(frame: pl.DataFrame, name: str, notes: list[str]) -> NDArray[np.float64]:
    """Return numbers and truth values as they are, NaN where one is missing, and zeros and ones for each text.

    A missing text is a text of its own.
    """
    import polars as pl

    columns = []
    for column in frame.columns:
        values = frame[column]
        if values.null_count():
            notes.append(f"{name}: {column} is missing in {values.null_count():,} of {frame.height:,} rows.")
        if values.dtype.is_numeric() or values.dtype == pl.Boolean:
            columns.append(values.cast(pl.Float64).fill_null(float("nan")).to_numpy())
            continue
        texts = values.cast(pl.String).fill_null(MISSING)
        levels = sorted(texts.unique().to_list())
        if len(levels) > MOST_CATEGORIES:
            raise SpecError(
                f"The data set {name}: the text column {column} has {len(levels):,} different values.",
                f'An identifier? Leave it out: ignore = ["{column}"]',
            )
        notes.append(f"{name}: the text column {column} becomes {len(levels)} columns of zeros and ones.")
        columns += [(texts == level).cast(pl.Float64).to_numpy() for level in levels]
    return np.column_stack(columns) if columns else np.empty((frame.height, 0))


def _from_openml(spec: DataSpec) -> DataSet:
    from sklearn.datasets import fetch_openml

    try:
        bunch = fetch_openml(
            data_id=spec.openml, target_column=spec.target or "default-target", as_frame=False, parser="liac-arff"
        )
    except Exception as error:  # noqa: BLE001 - network, parser, format: all the user's to know
        reason = str(error).split("\n", maxsplit=1)[0]
        raise SpecError(
            f"The OpenML data set {spec.openml} cannot be fetched: {reason}.", "Is there network?"
        ) from None
    target = np.asarray(bunch.target)
    is_number = np.issubdtype(target.dtype, np.number)
    task = spec.task or ("regression" if is_number else "classification")
    features = bunch.data.toarray() if hasattr(bunch.data, "toarray") else bunch.data
    codes = [name for name in bunch.feature_names if name in (bunch.categories or {})]
    notes = [f"{spec.name}: {', '.join(codes)} are categories and enter as numbers."] if codes else []
    return make(spec.name, task, features, target, notes)
