"""Event files by the published message definitions, written by hand: nothing of the reader is used."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any


def number(value: int) -> bytes:
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def part(place: int, value: Any) -> bytes:
    """One field: bytes and texts with their length, whole numbers as such, floats in eight bytes."""
    if isinstance(value, int):
        return number(place << 3) + number(value)
    if isinstance(value, float):
        return number(place << 3 | 1) + struct.pack("<d", value)
    raw = value.encode() if isinstance(value, str) else value
    return number(place << 3 | 2) + number(len(raw)) + raw


def float32(place: int, value: float) -> bytes:
    return number(place << 3 | 5) + struct.pack("<f", value)


def crc(data: bytes) -> int:
    """CRC-32C bit by bit (polynomial 0x1EDC6F41, reflected), masked as in TensorFlow's crc32c.h."""
    rest = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            low = (rest ^ byte >> bit) & 1
            rest = (rest >> 1) ^ (0x82F63B78 if low else 0)
    rest ^= 0xFFFFFFFF
    return (((rest >> 15) | (rest << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", crc(length)) + data + struct.pack("<I", crc(data))


def event(at: float, step: int, value: bytes) -> bytes:
    return record(part(1, at) + part(2, step) + part(5, part(1, value)))


def scalar(tag: str, value: float) -> bytes:
    return part(1, tag) + float32(2, value)


def tensor(tag: str, value: float, kind: str) -> bytes:
    """A number as TensorFlow 2 writes it: a tensor with its bytes, or with a list of one."""
    metadata = part(9, part(1, part(1, "scalars")))
    if kind == "content":
        return part(1, tag) + part(8, part(1, 1) + part(2, b"") + part(4, struct.pack("<f", value))) + metadata
    if kind == "double":
        return part(1, tag) + part(8, part(1, 2) + part(6, struct.pack("<d", value))) + metadata
    return part(1, tag) + part(8, part(1, 1) + part(5, struct.pack("<f", value))) + metadata


def plain(value: Any) -> bytes:
    """A google.protobuf.Value."""
    if isinstance(value, bool):
        return part(4, int(value))
    if isinstance(value, int | float):
        return part(2, float(value))
    return part(3, value) if isinstance(value, str) else part(1, 0)


def plugin(name: str, place: int, content: bytes) -> bytes:
    return part(1, f"_hparams_/{name}") + part(9, part(1, part(1, "hparams") + part(2, part(place, content))))


def start(settings: dict[str, Any], group: str = "", began: float | None = None) -> bytes:
    entries = b"".join(part(1, part(1, name) + part(2, plain(value))) for name, value in settings.items())
    entries += (part(4, group) if group else b"") + (part(5, began) if began else b"")
    return plugin("session_start_info", 3, entries)


def end(status: int, ended: float | None = None) -> bytes:
    return plugin("session_end_info", 4, part(1, status) + (part(2, ended) if ended else b""))


def experiment(hyperparameters: list[bytes], metrics: list[tuple[str, str]]) -> bytes:
    named = [part(1, (part(1, group) if group else b"") + part(2, tag)) for group, tag in metrics]
    content = b"".join(part(4, one) for one in hyperparameters) + b"".join(part(5, one) for one in named)
    return plugin("experiment", 2, content)


def write(folder: Path, *events: bytes, name: str = "events.out.tfevents.1.host") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(record(part(3, "brain.Event:2")) + b"".join(events))
    return path
