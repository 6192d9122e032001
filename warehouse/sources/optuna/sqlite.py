"""Read an Optuna SQLite storage with the standard library, read-only, in one consistent snapshot."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.sources.optuna.content import (
    DIRECTIONS,
    METRIC_NAMES,
    STATUSES,
    Content,
    Study,
    attribute_table,
    aware,
    metric_table,
    parameter_table,
)
from hpowh.warehouse.sources.optuna.distributions import Distributions
from hpowh.warehouse.sources.sweeps.sqlite_files import refuse_computed

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

KNOWN_REVISIONS = ("v3.0.0.d", "v3.2.0.a")
"""Alembic revisions of Optuna 3.0-3.1 and of 3.2-5.0: the same tables, another index."""
OLDER_REVISIONS = ("v0.9.0.a", "v1.2.0.a", "v1.3.0.a", "v2.4.0.a", "v2.6.0.a", "v3.0.0.a", "v3.0.0.b", "v3.0.0.c")
PATIENCE = 10.0
"""Seconds to wait while a tuner holds the file for a write."""
BATCH = 200_000
INFINITE = "case {type} when 'INF_POS' then 9e999 when 'INF_NEG' then -9e999 else {value} end"
"""SQLite keeps infinities and NaN as NULL beside a type; 9e999 is its infinity."""


def read_sqlite(path: Path, zone: tzinfo | None, zone_given: bool) -> Content:
    """Open a storage and read its studies and trials; parameters and values are read batch by batch.

    Args:
        zone: where the naive times are read, if `zone_given`; else it follows from the version that made the storage.

    Raises:
        IngestError: it is no Optuna storage, its schema is unknown, or a writer holds it for too long.
    """
    reader = _Reader(path)
    try:
        version = reader.check_version()
        zone, note = _zone(version, zone, zone_given)
        studies = reader.studies(note)
        trial = reader.trials(zone)
    except BaseException:
        reader.close()
        raise
    return Content(
        studies=list(studies.values()),
        trial=trial,
        parameters=reader.parameters,
        metrics=reader.metrics,
        attributes=reader.attributes,
        close=reader.close,
    )


def _zone(version: str, zone: tzinfo | None, zone_given: bool) -> tuple[tzinfo | None, str]:
    """Return how naive times are read. Optuna 5 stores UTC, older ones local time; the file does not say which."""
    if zone_given:
        return zone, f"Times in the file have no zone; read as {zone or 'local time of this machine'}, as asked."
    major = version.partition(".")[0]
    if major.isdigit() and int(major) >= 5:
        return UTC, f"Times in the file have no zone; read as UTC, as Optuna 5 writes them (made by {version})."
    return None, (
        "Times in the file have no zone; read as local time of this machine, as Optuna before 5 writes them "
        f"(made by {version})."
    )


class _Reader:
    """One read transaction on the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.distributions = Distributions()
        self.codes: dict[str, list[int]] = {}
        """Parameter -> its distributions, over all studies."""
        self.study_at: dict[int, int] = {}
        self.trial_ids: Any = None
        try:
            self.connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, timeout=PATIENCE)
            self.connection.isolation_level = None
            self.connection.execute("begin")
            refuse_computed(self.connection, path)
        except sqlite3.Error as error:
            raise self.explain(error) from None

    def close(self) -> None:
        """Let the file go."""
        self.connection.close()

    def explain(self, error: sqlite3.Error) -> IngestError:
        """Say in words what SQLite found."""
        if "locked" in str(error) or "busy" in str(error):
            return IngestError(
                f"{self.path} was held by a writer for {PATIENCE:g} s.", "Run again when the tuner is less busy."
            )
        if "not a database" in str(error) or "malformed" in str(error):
            return IngestError(f"{self.path} is not a whole SQLite file: {error}.", "Nothing was loaded.")
        return IngestError(f"Cannot read {self.path}: {error}.", "Nothing was loaded.")

    def query(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows in batches."""
        try:
            cursor = self.connection.execute(sql)
            while rows := cursor.fetchmany(BATCH):
                yield rows
        except sqlite3.Error as error:
            raise self.explain(error) from None

    def all(self, sql: str) -> list[tuple[Any, ...]]:
        """Return all rows of a small query."""
        return [row for batch in self.query(sql) for row in batch]

    def check_version(self) -> str:
        """Return the version of Optuna that made the storage, after looking at its schema."""
        tables = {name for (name,) in self.all("select name from sqlite_master where type = 'table'")}
        if not {"studies", "trials", "version_info"} <= tables:
            raise IngestError(f"{self.path} is an SQLite file but no Optuna storage.", "Name another file.")
        revisions = self.all("select version_num from alembic_version") if "alembic_version" in tables else []
        revision = revisions[0][0] if revisions else "of before Optuna 0.9"
        version = str((self.all("select library_version from version_info") or [("?",)])[0][0])
        if revision in KNOWN_REVISIONS:
            return version
        if revision in OLDER_REVISIONS or not revisions:
            raise IngestError(
                f"{self.path} has the older Optuna schema {revision} (made by Optuna {version}).",
                f"Upgrade a copy of it with Optuna: optuna storage upgrade --storage sqlite:///{self.path}",
            )
        raise IngestError(
            f"{self.path} has the unknown Optuna schema {revision} (made by Optuna {version}).",
            f"This program knows {', '.join(KNOWN_REVISIONS)}; a newer hpowh may know it.",
        )

    def studies(self, time_note: str) -> dict[int, Study]:
        """Return the studies by their id in the file."""
        found = {
            study_id: Study(name=name, directions=[], time_note=time_note)
            for study_id, name in self.all("select study_id, study_name from studies order by study_id")
        }
        self.study_at = {study_id: at for at, study_id in enumerate(found)}
        for study_id, direction in self.all("select study_id, direction from study_directions order by objective"):
            if study_id in found:
                found[study_id].directions.append(DIRECTIONS.get(direction))
        for study_id, name, value in self.all("select study_id, key, value_json from study_user_attributes"):
            if study_id in found:
                found[study_id].user_attributes[name] = json.loads(value)
        for study_id, value in self.all(
            f"select study_id, value_json from study_system_attributes where key = '{METRIC_NAMES}'"  # noqa: S608
        ):
            if study_id in found:
                found[study_id].metric_names = json.loads(value)
        for study_id, name, text in self.all(
            "select distinct t.study_id, p.param_name, p.distribution_json from trial_params as p "
            "join trials as t on t.trial_id = p.trial_id"
        ):
            code = self.distributions.code(text)
            known = self.codes.setdefault(name, [])
            if code not in known:
                known.append(code)
            if study_id in found:
                found[study_id].distributions.setdefault(name, []).append(self.distributions.known[code])
        return found

    def trials(self, zone: tzinfo | None) -> list[tuple[int, int, str, Any, Any]]:
        """Return the trials in the order of their ids, and remember those ids."""
        import numpy as np

        rows = [
            row
            for row in self.all(
                "select trial_id, study_id, number, state, datetime_start, datetime_complete "
                "from trials order by trial_id"
            )
            if row[1] in self.study_at
        ]
        self.trial_ids = np.array([row[0] for row in rows], dtype=np.int64)
        return [
            (self.study_at[study], number, STATUSES[state], aware(start, zone), aware(end, zone))
            for _, study, number, state, start, end in rows
        ]

    def _at(self, ids: tuple[int, ...]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return positions of trial ids, and which of the ids belong to a trial at all."""
        import numpy as np

        wanted = np.asarray(ids, dtype=np.int64)
        if not len(self.trial_ids):
            return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=bool)
        at = np.minimum(np.searchsorted(self.trial_ids, wanted), len(self.trial_ids) - 1)
        return at, self.trial_ids[at] == wanted

    def _doubles(self, ids: tuple[int, ...], values: tuple[Any, ...], what: str) -> np.ndarray[Any, Any]:
        """Return values as doubles; None becomes NaN, which is what it stands for."""
        import numpy as np

        try:
            return np.array(values, dtype=float)
        except (ValueError, TypeError):
            at = next(i for i, value in enumerate(values) if not isinstance(value, int | float | None))
        (study, number), *_ = self.connection.execute(
            "select s.study_name, t.number from trials as t join studies as s on s.study_id = t.study_id "
            "where t.trial_id = ?",
            [ids[at]],
        ).fetchall() or [("?", ids[at])]
        raise IngestError(
            f"{self.path}: trial {number} of the study {study!r} has the {what} {values[at]!r}, which is no number.",
            "Nothing was loaded. Correct it in the storage, or load a copy without this trial.",
        )

    def parameters(self) -> Iterator[pyarrow.Table]:
        """Yield decoded parameters."""
        code_of = {name: found[0] for name, found in self.codes.items() if len(found) == 1}
        plain = len(code_of) == len(self.codes)  # then there is no need to carry a long text with every parameter
        more = "" if plain else ", distribution_json"
        for rows in self.query(f"select trial_id, param_name, param_value{more} from trial_params"):  # noqa: S608
            ids, names, values, *texts = zip(*rows, strict=True)
            at, is_known = self._at(ids)
            codes = [code_of[name] for name in names] if plain else [self.distributions.code(t) for t in texts[0]]
            table = parameter_table(self.distributions, at, names, list(values), codes)
            yield table.filter(is_known)

    def metrics(self) -> Iterator[pyarrow.Table]:
        """Yield final values (step NULL) and intermediate values (of the first metric: Optuna has no other).

        Raises:
            IngestError: a value is no number; names its trial.
        """
        final = INFINITE.format(type="value_type", value="value")
        between = INFINITE.format(type="intermediate_value_type", value="intermediate_value")
        for sql in (
            f"select trial_id, objective, null, {final} from trial_values",  # noqa: S608
            f"select trial_id, 0, step, {between} from trial_intermediate_values",  # noqa: S608
        ):
            for rows in self.query(sql):
                ids, positions, steps, values = zip(*rows, strict=True)
                at, is_known = self._at(ids)
                numbers = self._doubles(ids, values, "value")
                yield metric_table(at, positions, steps, numbers).filter(is_known)

    def attributes(self) -> Iterator[pyarrow.Table]:
        """Yield the trials' user attributes."""
        for rows in self.query("select trial_id, key, value_json from trial_user_attributes"):
            ids, names, values = zip(*rows, strict=True)
            at, is_known = self._at(ids)
            yield attribute_table(at, names, values).filter(is_known)
