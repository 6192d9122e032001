"""TensorBoard's event files: records with lengths and checksums, each an `Event` message.

Sources: TensorFlow's `record_writer.h` (framing, masked CRC-32C), `event.proto`, `summary.proto`, `tensor.proto`, and
TensorBoard's `plugins/hparams/plugin_data.proto` and `api.proto` (fields by their numbers).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hpowh.warehouse.errors import IngestError
from hpowh.warehouse.ingest.bounds import read_whole
from hpowh.warehouse.sources.trackers.protobuf_wire import WireError, fields, message, signed, text

EXPERIMENT, START, END = "_hparams_/experiment", "_hparams_/session_start_info", "_hparams_/session_end_info"
LARGEST = 1 << 18
"""Bytes of a record beyond which it is a picture, a histogram or a graph: those are passed over."""
FLOAT, DOUBLE = 1, 2
"""`DataType` of tensors."""
STATUSES = {1: "finished", 2: "failed", 3: "running"}


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One hyperparameter as the experiment declares it."""

    name: str
    kind: int
    """1 text, 2 truth value, 3 number, 0 not said."""
    choices: list[Any] | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Experiment:
    """What is declared for all sessions."""

    hyperparameters: list[Declared]
    metrics: list[str]
    """Tags, `group/tag` where a group is said."""


@dataclass(frozen=True)
class Start:
    """How a session began."""

    parameters: dict[str, Any]
    group: str | None
    began: float | None
    """Seconds since 1970."""


@dataclass(frozen=True)
class End:
    """How a session ended."""

    status: str | None
    ended: float | None
    """Seconds since 1970."""


@dataclass(kw_only=True)
class Events:
    """What one event file says of hyperparameters and scalars."""

    experiment: Experiment | None = None
    start: Start | None = None
    end: End | None = None
    scalars: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    """Tag -> (step, value), in the order of the file."""
    first: float | None = None
    """Seconds since 1970 of the first event,"""
    last: float | None = None
    """and of the last one."""
    is_cut: bool = False
    """The last record has no end: it is being written, or was when the program was killed."""


def read_events(path: Path) -> Events:
    """Return what an event file says.

    Raises:
        IngestError: it cannot be read, is no event file, or is damaged before its end.
    """
    found = Events()
    try:
        data = read_whole(path)
    except OSError as error:
        raise IngestError(f"{path} cannot be read: {error.strerror}.", "Nothing was loaded.") from None
    try:
        for record in _records(data, found):
            _event(record, found)
    except (WireError, struct.error) as error:
        raise IngestError(f"{path} is no whole event file of TensorBoard: {error}.", "Nothing was loaded.") from None
    return found


def _records(data: bytes, found: Events) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        if at + 12 > len(data):
            found.is_cut = True
            return
        (length,), (check,) = struct.unpack_from("<Q", data, at), struct.unpack_from("<I", data, at + 8)
        if _masked(data[at : at + 8]) != check:
            raise WireError(f"the length at byte {at:,} does not fit its checksum")
        end = at + 12 + length
        if end + 4 > len(data):
            found.is_cut = True
            return
        if length <= LARGEST:
            record = data[at + 12 : end]
            if _masked(record) != struct.unpack_from("<I", data, end)[0]:
                raise WireError(f"the record at byte {at:,} does not fit its checksum")
            yield record
        at = end + 4


def _table() -> list[int]:
    table = []
    for byte in range(256):
        rest = byte
        for _ in range(8):
            rest = (rest >> 1) ^ (0x82F63B78 if rest & 1 else 0)
        table.append(rest)
    return table


CASTAGNOLI = _table()


def _masked(data: bytes) -> int:
    """Return the CRC-32C of some bytes, rotated and shifted as TensorFlow stores it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CASTAGNOLI[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _event(record: bytes, found: Events) -> None:
    step = 0
    summaries = []
    for number, value in fields(record):
        if number == 1:
            (found.last,) = struct.unpack("<d", message(value))
            found.first = found.last if found.first is None else found.first
        elif number == 2:
            step = signed(value)
        elif number == 5:
            summaries.append(message(value))
    for summary in summaries:
        for number, value in fields(summary):
            if number == 1:
                _value(message(value), step, found)


def _value(data: bytes, step: int, found: Events) -> None:
    """Read one `Summary.Value`: a tag with a number, a tensor or metadata of a plug-in."""
    tag, number, plugin = "", None, b""
    for place, value in fields(data):
        if place == 1:
            tag = text(value)
        elif place == 2:
            (number,) = struct.unpack("<f", message(value))
            number = shortest(number)
        elif place == 8:
            number = _scalar(message(value))
        elif place == 9:
            plugin = _plugin(message(value))
    if tag.startswith("_hparams_/"):
        # `HParamsPluginData`: the message itself lies in its field 2, 3 or 4.
        inner = {place: message(value) for place, value in fields(plugin) if place in (2, 3, 4)}
        found.experiment = _experiment(inner[2]) if 2 in inner else found.experiment
        found.start = _start(inner[3]) if 3 in inner else found.start
        found.end = _end(inner[4]) if 4 in inner else found.end
    elif number is not None:
        found.scalars.setdefault(tag, []).append((step, number))


def shortest(number: float) -> float:
    """Return the double that a 32-bit float is written as: 0.1 was meant, not 0.10000000149011612."""
    import numpy as np

    return float(str(np.float32(number)))


def _plugin(metadata: bytes) -> bytes:
    """Return the content of `SummaryMetadata.plugin_data`."""
    for place, value in fields(metadata):
        if place == 1:
            for inner, content in fields(message(value)):
                if inner == 2:
                    return message(content)
    return b""


def _scalar(tensor: bytes) -> float | None:
    """Return the number of a `TensorProto` without dimensions; None where it is another tensor."""
    kind, raw = 0, b""
    for place, value in fields(tensor):
        if place == 1:
            kind = int(signed(value))
        elif place == 2 and message(value):
            return None  # it has dimensions
        elif place in (4, 5, 6):
            raw = message(value)
    if kind not in (FLOAT, DOUBLE) or len(raw) != (4 if kind == FLOAT else 8):
        return None
    (number,) = struct.unpack("<f" if kind == FLOAT else "<d", raw)
    return shortest(number) if kind == FLOAT else float(number)


def _start(start: bytes) -> Start:
    """Read a `SessionStartInfo`."""
    parameters: dict[str, Any] = {}
    group, began = None, None
    for place, value in fields(start):
        if place == 1:
            entry = dict(fields(message(value)))
            parameters[text(entry.get(1, b""))] = _plain(message(entry.get(2, b"")))
        elif place == 4:
            group = text(value)
        elif place == 5:
            (began,) = struct.unpack("<d", message(value))
    return Start(parameters, group or None, began or None)


def _end(end: bytes) -> End:
    """Read a `SessionEndInfo`."""
    found = dict(fields(end))
    ended = struct.unpack("<d", message(found[2]))[0] if 2 in found else None
    return End(STATUSES.get(int(signed(found.get(1, 0)))), ended or None)


def _plain(value: bytes) -> Any:
    """Return a `google.protobuf.Value` as a number, a text, a truth value, a list or None."""
    for place, inner in fields(value):
        if place == 2:
            return struct.unpack("<d", message(inner))[0]
        if place == 3:
            return text(inner)
        if place == 4:
            return bool(inner)
        if place == 6:
            return _list(message(inner))
    return None


def _list(value: bytes) -> list[Any]:
    return [_plain(message(inner)) for place, inner in fields(value) if place == 1]


def _experiment(data: bytes) -> Experiment:
    """Read an `Experiment`."""
    declared, metrics = [], []
    for place, value in fields(data):
        if place == 4:
            declared.append(_declared(message(value)))
        elif place == 5:
            for inner, name in fields(message(value)):
                if inner == 1:
                    parts = dict(fields(message(name)))
                    words = [text(parts[at]) for at in (1, 2) if at in parts]
                    metrics.append("/".join(word for word in words if word))
    return Experiment(declared, metrics)


def _declared(data: bytes) -> Declared:
    name, kind, choices, lower, upper = "", 0, None, None, None
    for place, value in fields(data):
        if place == 1:
            name = text(value)
        elif place == 4:
            kind = int(signed(value))
        elif place == 5:
            choices = _list(message(value))
        elif place == 6:
            ends = {at: struct.unpack("<d", message(end))[0] for at, end in fields(message(value))}
            lower, upper = ends.get(1, 0.0), ends.get(2, 0.0)
    return Declared(name=name, kind=kind, choices=choices, lower=lower, upper=upper)
