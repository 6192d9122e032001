"""Folders that `hpowh evaluate` writes: search spaces, evaluations of whole grids, meta-features of the data sets."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse import queries
from hpowh.warehouse.errors import IngestError, UsageError
from hpowh.warehouse.ingest.bounds import read_whole
from hpowh.warehouse.ingest.dimensions import Hyperparameter, Requirement, ids_by_name, metric_id, search_space_id
from hpowh.warehouse.ingest.protocol import LoadContext, LoadReport, Preview, Request
from hpowh.warehouse.names import literal
from hpowh.warehouse.sources.tables.tabular import content_fingerprint

if TYPE_CHECKING:
    import duckdb

FORMATS = (1, 2)
"""The second is that of folders with conditional search spaces."""
PYTHON = {"int": int, "float": float, "bool": bool, "text": str}


class Evaluated:
    """`hpowh ingest evaluated FOLDER`; a folder that has grown since replaces what was loaded of it."""

    kind = "evaluated"
    summary = "folders written by hpowh evaluate: every configuration on every fold, split and fidelity"
    is_live = True

    def fingerprint(self, request: Request) -> str:
        """Return the hash of the plan and of all shards."""
        if request.mapping or request.options:
            given = ", ".join([*request.mapping, *request.options])
            raise UsageError(f"The source evaluated takes no mapping and no option, not {given}.")
        _manifest(request)
        parts = [content_fingerprint(path) for path in (request.path / "plan.json", *_shards(request))]
        return sha256("\n".join(parts).encode()).hexdigest()

    def preview(self, connection: duckdb.DuckDBPyConnection, request: Request) -> Preview:
        """Return what the folder holds and its first rows."""
        manifest, scan = _manifest(request), _scan(request)
        count = int(connection.execute(f"select count(*) from {scan}").fetchall()[0][0])  # noqa: S608
        names = ["benchmark", "configuration_id", "fidelity", "seed", "fold", "split", "metric", "value", "status"]
        rows = connection.execute(f"select {', '.join(names)} from {scan} limit 5").fetchall()  # noqa: S608
        mapping = [
            (h["name"], f"hyperparameter ({h['kind']}, {len(h['levels'])} levels)", f"of {space['name']}")
            for space in manifest["spaces"]
            for h in space["hyperparameters"]
        ]
        return Preview(count, mapping, names, rows, [_coverage(connection, manifest, scan)])

    def load(self, connection: duckdb.DuckDBPyConnection, request: Request, context: LoadContext) -> LoadReport:
        """Write spaces, benchmarks with their meta-features, metrics and evaluations.

        Raises:
            IngestError: another source has brought evaluations of one of the benchmarks in the same search space.
        """
        manifest, scan = _manifest(request), _scan(request)
        context.progress("load", None)
        spaces = {
            space["name"]: search_space_id(connection, space["name"], _hyperparameters(space), context.source_id)
            for space in manifest["spaces"]
        }
        benchmarks = ids_by_name(connection, "benchmark", [b["name"] for b in manifest["benchmarks"]])
        metrics = {
            m["name"]: metric_id(
                connection, m["name"], m["direction"], bounds=(m["lower"], m["upper"]), unit=m.get("unit")
            )
            for m in manifest["metrics"]
        }
        _refuse_known(connection, list(spaces.values()), list(benchmarks.values()), request)
        for table, ids in (("space", spaces), ("benchmark", benchmarks), ("metric", metrics)):
            connection.execute(f"create or replace temp table hpowh_{table} (name varchar, id integer)")
            connection.executemany(f"insert into hpowh_{table} values (?, ?)", list(ids.items()))  # noqa: S608
        inserted = connection.execute(_insert(scan, context.source_id)).fetchall()
        _add_features(connection, manifest, benchmarks, context.source_id)
        notes = [_coverage(connection, manifest, scan), *_failures(connection, scan)]
        return LoadReport(int(inserted[0][0]), notes=notes)


def _manifest(request: Request) -> dict[str, Any]:
    path = request.path / "plan.json"
    if not path.is_file():
        raise IngestError(
            f"{request.location} is no folder of evaluations: it has no plan.json.", "See: hpowh evaluate"
        )
    try:
        found: dict[str, Any] = json.loads(read_whole(path))
    except ValueError as error:
        raise IngestError(f"{path} cannot be read: {error}.") from None
    if found.get("format") not in FORMATS:
        read = " and ".join(map(str, FORMATS))
        raise IngestError(f"{path} has the format {found.get('format')!r}; this program reads {read}.")
    if not _shards(request):
        raise IngestError(f"{request.location} holds no finished evaluation yet.", "Run hpowh evaluate again.")
    return found


def _shards(request: Request) -> list[Path]:
    return sorted((request.path / "shards").glob("*.parquet"))


def _scan(request: Request) -> str:
    return f"read_parquet([{', '.join(literal(str(path)) for path in _shards(request))}])"


def _hyperparameters(space: dict[str, Any]) -> list[Hyperparameter]:
    return [
        Hyperparameter(
            name=h["name"],
            kind=h["kind"],
            value_type=h["value_type"],
            levels=tuple(PYTHON[h["value_type"]](level) for level in h["levels"]),
            scale=h["scale"],
            requires=tuple(Requirement(one["name"], tuple(one["levels"])) for one in h.get("requires", ())),
            default=h.get("default"),
        )
        for h in space["hyperparameters"]
    ]


def _refuse_known(
    connection: duckdb.DuckDBPyConnection, spaces: list[int], benchmarks: list[int], request: Request
) -> None:
    found = connection.execute(
        queries.text("sources/evaluated_before"), {"spaces": spaces, "benchmarks": benchmarks}
    ).fetchall()
    if found:
        raise IngestError(
            f"{request.location}: the source {found[0][1]!r} has already brought evaluations of {found[0][0]!r}.",
            "Give the spec another name.",
        )


def _insert(scan: str, source_id: int) -> str:
    return f"""
        insert into core.evaluation
        select s.id, n.configuration_id, b.id, n.fidelity, n.seed, n.fold, m.id, n.split,
          case when isfinite(n.value) then n.value end, n.cost,
          case when n.status <> 'ok' then n.status when n.value is null then 'missing' when isnan(n.value) then 'nan'
            when isinf(n.value) and n.value > 0 then 'inf' when isinf(n.value) then 'neg_inf' else 'ok' end,
          {int(source_id)}
        from {scan} as n
        join hpowh_space as s on s.name = n.search_space
        join hpowh_benchmark as b on b.name = n.benchmark
        join hpowh_metric as m on m.name = n.metric
    """  # noqa: S608


def _add_features(
    connection: duckdb.DuckDBPyConnection, manifest: dict[str, Any], benchmarks: dict[str, int], source_id: int
) -> None:
    """Store meta-features; one that another source has given already stays as it is."""
    known = set(connection.execute("select benchmark_id, name from core.benchmark_feature").fetchall())
    rows = [
        (
            benchmarks[benchmark["name"]],
            name,
            None if isinstance(value, str) else float(value),
            str(value),
            source_id,
        )
        for benchmark in manifest["benchmarks"]
        for name, value in benchmark["features"].items()
        if (benchmarks[benchmark["name"]], name) not in known
    ]
    if rows:
        connection.executemany("insert into core.benchmark_feature values (?, ?, ?, ?, ?)", rows)


UNIT = "(benchmark, configuration_id, seed, fold)"


def _coverage(connection: duckdb.DuckDBPyConnection, manifest: dict[str, Any], scan: str) -> str:
    done = connection.execute(f"select count(distinct {UNIT}) from {scan}").fetchall()[0][0]  # noqa: S608
    total = manifest["unit_count"]
    if done == total:
        return f"Complete: all {total:,} (configuration, data set, seed, fold) of the plan."
    return f"{done:,} of {total:,} (configuration, data set, seed, fold) of the plan are there; the rest is missing."


def _failures(connection: duckdb.DuckDBPyConnection, scan: str) -> list[str]:
    rows = connection.execute(
        f"select benchmark, status, count(distinct {UNIT}) as n, mode(reason) from {scan} where status <> 'ok' "  # noqa: S608
        "group by benchmark, status order by n desc, benchmark, status limit 5"
    ).fetchall()
    return [
        f"{benchmark}: {count:,} stopped with {status}, mostly: {reason}" for benchmark, status, count, reason in rows
    ]


SOURCE = Evaluated()
