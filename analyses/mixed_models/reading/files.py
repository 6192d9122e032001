"""Cells of a model from Parquet files as they lie, without a warehouse: one pass of sums over the columns it names.

What a model needs of a billion rows is a few sums for each of its cells; they add up, over row groups, files and hosts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from hpowh.analyses.mixed_models.model.cells import Cells, DataError, Integers
from hpowh.analyses.mixed_models.model.formula import Formula, parse_formula
from hpowh.analyses.mixed_models.reading.catalogue import KEYS, UnknownColumnError, identifier, literal, words
from hpowh.analyses.mixed_models.reading.found import Found, residual_sums_of
from hpowh.analyses.mixed_models.reading.moments import cells_from_moments
from hpowh.analyses.mixed_models.reading.observations import source_of
from hpowh.analyses.mixed_models.reading.query import Plan, excluded_query, products_of

MOST_RUNS = 1_000_000
"""With more runs than this their sums are not read: they would not fit where the rows do not."""
MIXTURES = ("experiment", "metric", "split")
"""Columns that tell apart what no model means at once."""
_NUMBERS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)")
_RUN_IDS = ("run", "run_id")


@dataclass
class FileReader:
    """Reads cells from Parquet files; what was asked once is remembered.

    `columns`: each column, True where it is a number.
    """

    connection: Any
    files: tuple[str, ...]
    where: str | None
    columns: Mapping[str, bool]
    _answers: dict[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, connection: Any, pattern: str | Sequence[str], where: str | None = None) -> FileReader:
        """Return the reader of the files that a pattern names (`runs/*.parquet`), or of those listed.

        Args:
            connection: of DuckDB; what it may take of memory and threads is its setting.
            where: an SQL condition on the columns.

        Raises:
            DataError: no file is there, it cannot be read, or the condition is none.
        """
        import duckdb

        if ";" in (where or ""):
            raise DataError("A condition is one SQL expression, without a semicolon.")
        files = (pattern,) if isinstance(pattern, str) else tuple(pattern)
        try:
            rows = connection.execute(f"describe select * from {_scan(files)}").fetchall()
        except duckdb.Error as error:
            raise DataError(f"{', '.join(files[:3])}: {str(error).splitlines()[0]}") from None
        columns = {name: bool(_NUMBERS.fullmatch(kind)) and name not in KEYS for name, kind, *_ in rows}
        return cls(connection, files, where, columns)

    @property
    def run_columns(self) -> tuple[str, ...]:
        """What tells one run from another: a column of that name, else algorithm, benchmark, seed and all texts."""
        for name in _RUN_IDS:
            if name in self.columns:
                return (name,)
        if "seed" not in self.columns:
            return ()
        keys = [name for name in self.columns if name in KEYS]
        return tuple(dict.fromkeys([*keys, *(name for name, is_number in self.columns.items() if not is_number)]))

    def find(self, formula: Formula | str) -> Found:
        """Return the cells of a formula, with how they were found.

        Raises:
            DataError: a name is no column, a condition or response cannot be read, or no row is left.
        """
        parsed = parse_formula(formula) if isinstance(formula, str) else formula
        if any("run" in group for group in parsed.grouping) and "run" not in self.columns:
            count = self._runs()[1]
            if count > MOST_RUNS:
                raise DataError(f"{count:,} runs are more than {MOST_RUNS:,}, whose sums are not read from files.")
        planned = self._plan(parsed)
        mean = self.ask(planned.sample())
        shift = float(np.ma.filled(np.ma.asarray(next(iter(mean.values())), dtype=float), 0.0)[0])
        answer = self.ask(planned.cells(shift))
        cells, keys = cells_from_moments(planned, answer, {}, shift)
        return Found(cells, planned, keys)

    def cells(self, formula: Formula | str, selection: object = None) -> Cells:
        """Return the cells of a formula; a selection of a warehouse's rows means nothing here. Raises DataError."""
        del selection
        return self.find(formula).cells

    def rows_per_run(self, selection: object, response: str) -> int:
        """Return how many rows the run with the most rows contributes; 1 where nothing tells what a run is."""
        del selection, response
        return self._runs()[0]

    def excluded(self, planned: Plan) -> dict[str, int]:
        """Return how many rows have no finite response, by kind."""
        answer = self.ask(excluded_query(planned))
        kinds, counts = (np.ma.asarray(values).tolist() for values in answer.values())
        return {kind: int(count) for kind, count in zip(kinds, counts, strict=True) if not kind.startswith("a cov")}

    def residual_sums(self, found: Found, coefficients: Any, middle: Any, sds: Any) -> dict[str, Any]:
        """Return sums of powers of the residuals, by a second pass; see `Reader.residual_sums`."""
        return residual_sums_of(self.connection, self._answered, found, coefficients, middle, sds)

    def refuse_mixtures(self, formula: Formula) -> None:
        """Raise DataError where rows are of several experiments, metrics or splits, which no model means at once."""
        for name in MIXTURES:
            if name in self.columns and name not in formula.variables:
                found = self.ask(f"select min({name}) as low, max({name}) as high from ({self.rows})")
                low, high = (np.ma.asarray(found[end])[0] for end in ("low", "high"))
                if low != high:
                    which = f"{name}s, such as {low} and {high}"
                    raise DataError(f"The rows are of several {which}: choose one, --where \"{name} = '{low}'\".")

    def _runs(self) -> tuple[int, int]:
        """Return the most rows of a run, and how many runs there are."""
        if not self.run_columns:
            return 1, 0
        named = ", ".join(identifier(name) for name in self.run_columns)
        counts = f"select count(*) as n from ({self.rows}) group by hash({named})"
        answer = self.ask(f"select coalesce(max(n), 0) as most, count(*) as runs from ({counts})")
        return int(answer["most"][0]), int(answer["runs"][0])

    @property
    def rows(self) -> str:
        """Return the SQL of the rows for which the condition holds."""
        rows = f"select * from {_scan(self.files)}"
        return f"{rows} where ({self.where})" if self.where else rows

    def _plan(self, formula: Formula) -> Plan:
        names = {*formula.term_variables, *(name for group in formula.grouping for name in group)}
        columns = {source_of(name)[1] for name in names}
        has_run = "run" in self.columns or not self.run_columns
        known = {**self.columns, **({} if has_run else {"run": False})}
        for name in sorted(columns):
            if name not in known:
                raise UnknownColumnError(name, tuple(known))
        numeric = {
            name for name in formula.term_variables if known[source_of(name)[1]] and name not in formula.categorical
        }
        for name in formula.term_variables:
            if source_of(name)[0] and name not in numeric:
                raise DataError(f"{source_of(name)[1]} is not a number, so {name} means nothing.")
        keys: dict[str, bool] = {}
        for name in (*formula.term_variables, *(name for group in formula.grouping for name in group)):
            if name not in numeric or any(name in group for group in formula.grouping):
                keys[name] = False
        response = re.sub(r"`([^`]+)`", lambda match: identifier(match[1]), formula.response)
        if ";" in response:
            raise DataError("A response is one SQL expression, without a semicolon.")
        # Named one by one, so that no other column is read: a key as it is, and under the name that cells group by.
        wanted = (columns - ({"run"} if not has_run else set())) | (words(response) & set(self.columns))
        fields = [identifier(name) for name in sorted(wanted)]
        fields += [f"{identifier(name)} as {identifier(KEYS[name])}" for name in sorted(columns) if _is_renamed(name)]
        if "run" in columns and not has_run:
            fields.append(f"hash({', '.join(identifier(name) for name in self.run_columns)}) as run")
        base = f"select {', '.join(fields) or '1'} from ({self.rows})"
        return Plan(
            formula=formula,
            keys=tuple(keys.items()),
            monomials=products_of(formula, numeric),
            base=base,
            response=response,
            metric=response,
        )

    def ask(self, query: str) -> Mapping[str, Any]:
        """Return a query's columns; raises DataError where the files do not carry it."""
        if query not in self._answers:
            self._answers[query] = self._answered(query)
        return self._answers[query]

    def _answered(self, query: str) -> Mapping[str, Any]:
        import duckdb

        try:
            found: Mapping[str, Any] = self.connection.execute(query).fetchnumpy()
        except duckdb.OutOfRangeException as error:
            raise DataError("The values are too large for their squares to be summed (beyond 1e150).") from error
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
            raise DataError(f"{said} (columns: {', '.join(self.columns)})") from error
        return found


def _is_renamed(name: str) -> bool:
    return KEYS.get(name, name) != name and name != "run"


def _scan(files: Sequence[str]) -> str:
    return f"read_parquet([{', '.join(literal(file) for file in files)}], union_by_name = true)"


def merged(parts: Sequence[Cells]) -> Cells:
    """Return the cells of several pieces of the data put together, as if they had been read at once.

    Scatter is pooled as S = sum (S_p + n_p (m_p - m)(m_p - m)') (Chan, Golub & LeVeque 1983, equation 2.1).

    Args:
        parts: of the same formula; the levels and the shift may differ.

    Raises:
        DataError: there is none, or they are of different formulas.
    """
    if not parts:
        raise DataError("There is nothing to put together.")
    first = parts[0]
    if any(part.monomials != first.monomials or list(part.codes) != list(first.codes) for part in parts):
        raise DataError("These cells are of different formulas.")
    factors, k = list(first.codes), len(first.monomials)
    levels = {name: _all_levels([part.levels[name] for part in parts]) for name in factors}
    place = {name: {level: at for at, level in enumerate(levels[name])} for name in factors}
    columns = {
        name: np.concatenate([_placed(part.levels[name], part.codes[name], place[name]) for part in parts])
        for name in factors
    }
    count = np.concatenate([part.count for part in parts])
    key = np.zeros(len(count), dtype=np.int64)
    for name in factors:
        key = key * len(levels[name]) + columns[name]
    _, where, cell = np.unique(key, return_index=True, return_inverse=True)
    # Every quantity is measured from the first part's shift, and its mean within the cell, before it is squared.
    means = np.concatenate([np.column_stack([part.mean_y + (part.shift - first.shift), part.mean_x]) for part in parts])
    inner = np.zeros((len(count), k + 1, k + 1))
    inner[:, 0, 0] = np.concatenate([part.scatter_y for part in parts])
    inner[:, 1:, 1:] = np.concatenate([part.scatter_x for part in parts])
    inner[:, 0, 1:] = inner[:, 1:, 0] = np.concatenate([part.scatter_xy for part in parts])
    total = np.bincount(cell, weights=count).astype(np.float64)
    mean = np.column_stack([np.bincount(cell, weights=count * means[:, i]) / total for i in range(k + 1)])
    apart = means - mean[cell]
    inner += count[:, None, None] * apart[:, :, None] * apart[:, None, :]
    scatter = np.zeros((len(total), k + 1, k + 1))
    np.add.at(scatter, cell, inner)
    return replace(
        first,
        codes={name: columns[name][where] for name in factors},
        levels=levels,
        count=total,
        mean_y=mean[:, 0],
        scatter_y=scatter[:, 0, 0],
        mean_x=mean[:, 1:],
        scatter_x=scatter[:, 1:, 1:],
        scatter_xy=scatter[:, 0, 1:],
        excluded=sum(part.excluded for part in parts),
    )


def _placed(levels: Sequence[str], codes: Integers, place: Mapping[str, int]) -> Integers:
    """Return the codes of a piece as those of all levels."""
    return np.array([place[level] for level in levels], dtype=np.int64)[codes]


def _all_levels(found: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return all levels, numbers in their order and texts in theirs."""
    known = list(dict.fromkeys(level for levels in found for level in levels))
    try:
        return tuple(sorted(known, key=float))
    except ValueError:
        return tuple(sorted(known))
