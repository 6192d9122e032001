"""One packet: an analysis run with its result tables in one file, a ZIP of Parquet files and `packet.json`."""

from __future__ import annotations

import io
import json
import os
import socket
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpowh.warehouse.errors import HpowhError
from hpowh.warehouse.names import slug
from hpowh.warehouse.output import durable

if TYPE_CHECKING:
    from hpowh.warehouse.results import AnalysisRun

FORMAT = 1
ENDING = ".packet"
HEAD = "packet.json"


class PacketError(HpowhError):
    """A packet cannot be read: torn, damaged, or of another version."""


@dataclass(frozen=True)
class Request:
    """What was asked: a command of `hpowh analyse` and its arguments, as they stand on the command line."""

    command: str
    arguments: tuple[str, ...]

    @property
    def digest(self) -> str:
        """A short hash of both."""
        return sha256(json.dumps([self.command, self.arguments]).encode()).hexdigest()[:16]

    def __str__(self) -> str:
        import shlex

        return shlex.join(["hpowh", "analyse", self.command, *self.arguments])


@dataclass(frozen=True, kw_only=True)
class Packet:
    """An analysis that was made elsewhere."""

    run: AnalysisRun
    tables: Mapping[str, Any] = field(repr=False)
    """Table of schema `result` -> Arrow table or Polars frame."""
    keep: int
    """How many runs of the same job, subject and parameters stay when it is stored."""
    request: Request
    origin: Mapping[str, Any]
    """Of which warehouse it is; see `origin`."""
    host: str = ""

    @property
    def name(self) -> str:
        """The name of its file: equal for equal analyses."""
        return packet_name(self.run, self.origin)


def identity(run: AnalysisRun) -> tuple[Any, ...]:
    """Return what two analyses have in common that are the same (as `find_run` compares)."""
    return (run.job, run.subject, run.job_version, run.parameters_json, run.input_fingerprint, run.seed)


def packet_name(run: AnalysisRun, origin: Mapping[str, Any]) -> str:
    """Return the name of an analysis's file; it says what it is of, and a hash tells it from every other."""
    digest = sha256(json.dumps([identity(run), origin], default=str).encode()).hexdigest()[:20]
    return f"{run.job}.{slug(run.subject)[:60]}.{digest}{ENDING}"


def write_packet(folder: Path, packet: Packet) -> Path:
    """Write a packet: beside its place, flushed, then renamed; another one of the same name is the same analysis.

    Raises:
        HpowhError: it cannot be written.
    """
    import pyarrow.parquet as pq

    from hpowh.warehouse.migrate import program_version

    contents: dict[str, bytes] = {}
    for name, frame in packet.tables.items():
        table = frame.to_arrow() if hasattr(frame, "to_arrow") else frame
        sink = io.BytesIO()
        pq.write_table(table, sink, compression="zstd")
        contents[name] = sink.getvalue()
    run = packet.run
    head = {
        "format": FORMAT,
        "program": f"hpowh {program_version()}",
        "run": {
            "job": run.job,
            "subject": run.subject,
            "job_version": run.job_version,
            "parameters": run.parameters_json,
            "input_fingerprint": run.input_fingerprint,
            "seed": run.seed,
            "warnings": run.warnings,
            "started_at": run.started_at.isoformat(),
        },
        "keep": packet.keep,
        "request": [packet.request.command, list(packet.request.arguments)],
        "origin": dict(packet.origin),
        "host": socket.gethostname(),
        "tables": {name: sha256(content).hexdigest() for name, content in contents.items()},
    }
    target = folder / packet.name
    partial = aside(target)
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(HEAD, json.dumps(head, indent=1) + "\n")
            for name, content in contents.items():
                archive.writestr(f"{name}.parquet", content)
        durable.replace(partial, target)
    except OSError as error:
        raise HpowhError(f"Cannot write {target}: {error.strerror or error}.", "Nothing half written stays.") from None
    finally:
        durable.discard(partial)
    return target


def aside(target: Path) -> Path:
    """Return where a file is written before it gets its name: several hosts may write the same one."""
    return target.with_name(f".{target.name}.{socket.gethostname()}-{os.getpid()}")


def read_packet(path: Path, *, has_tables: bool = True) -> Packet:
    """Read a packet, every table of it compared with the digest that was taken when it was written.

    Args:
        has_tables: else only what it is of is read, which is quick.

    Raises:
        PacketError: it is torn, damaged, or of another version of the format.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            head = json.loads(archive.read(HEAD))
            if head["format"] != FORMAT:
                raise PacketError(
                    f"{path} is a packet of another version ({head['program']}).", "Run the part again with this hpowh."
                )
            tables = _tables(archive, head["tables"], path) if has_tables else {}
        return _packet(head, tables)
    except (OSError, zipfile.BadZipFile, EOFError) as error:
        raise _damaged(path, str(error)) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from None


def _tables(archive: zipfile.ZipFile, digests: Mapping[str, str], path: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    tables = {}
    for name, digest in digests.items():
        content = archive.read(f"{name}.parquet")
        if sha256(content).hexdigest() != digest:
            raise _damaged(path, f"the table {name} is not as it was written")
        tables[name] = pq.read_table(io.BytesIO(content))
    return tables


def _packet(head: Mapping[str, Any], tables: Mapping[str, Any]) -> Packet:
    from hpowh.warehouse.results import AnalysisRun

    run = AnalysisRun(
        **{name: head["run"][name] for name in _PLAIN},
        parameters=json.loads(head["run"]["parameters"]),
        started_at=datetime.fromisoformat(head["run"]["started_at"]),
    )
    command, arguments = head["request"]
    return Packet(
        run=run,
        tables=tables,
        keep=int(head["keep"]),
        request=Request(command, tuple(arguments)),
        origin=head["origin"],
        host=str(head["host"]),
    )


_PLAIN = ("job", "subject", "job_version", "input_fingerprint", "seed", "warnings")


def _damaged(path: Path, why: str) -> PacketError:
    return PacketError(f"{path} is no whole packet: {why}.", "Remove it, and run its part again.")
