"""Protocol Buffers' wire format, as far as reading goes: tagged fields of a message, without its schema.

Source: the encoding page of the Protocol Buffers documentation (varints, tags, length-delimited fields).
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
Field = tuple[int, int | bytes]


class WireError(ValueError):
    """The bytes are no message."""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the unsigned integer that begins at `at`, and where the next thing begins.

    Raises:
        WireError: it does not end, or is longer than 64 bits.
    """
    value = shift = 0
    while shift < 64:
        if at >= len(data):
            raise WireError("a number does not end")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
    raise WireError("a number is longer than 64 bits")


def fields(data: bytes) -> Iterator[Field]:
    """Yield (field number, value) of a message in its order; numbers of fixed width stay bytes.

    Raises:
        WireError: the bytes are no message.
    """
    at, end = 0, len(data)
    while at < end:
        tag = data[at]  # most numbers have one byte: no call for those
        if tag < 0x80:
            at += 1
        else:
            tag, at = varint(data, at)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise WireError("a field has the number 0")
        if kind == VARINT:
            value, at = varint(data, at)
            yield number, value
            continue
        if kind == BYTES:
            if at < end and data[at] < 0x80:
                length, at = data[at], at + 1
            else:
                length, at = varint(data, at)
        elif kind in (FIXED32, FIXED64):
            length = 4 if kind == FIXED32 else 8
        else:
            raise WireError(f"a field has the unknown wire type {kind}")
        if at + length > end:
            raise WireError("a field is longer than its message")
        yield number, data[at : at + length]
        at += length


def signed(value: int | bytes) -> int:
    """Return a varint as the signed 64-bit integer that int32 and int64 fields mean."""
    if isinstance(value, bytes):
        raise WireError("a number is written as bytes")
    return value - (1 << 64) if value >= 1 << 63 else value


def message(value: int | bytes) -> bytes:
    """Return the bytes of an embedded message. Raises WireError where a number stands in its place."""
    if isinstance(value, int):
        raise WireError("a message is written as a number")
    return value


def text(value: int | bytes) -> str:
    """Return a string field. Raises WireError where it is no UTF-8 text."""
    try:
        return message(value).decode("utf-8")
    except UnicodeDecodeError:
        raise WireError("a text is no UTF-8") from None
