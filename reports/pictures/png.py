"""Write a small paletted or true-colour picture as PNG bytes; the format needs no library (RFC 2083)."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

PALETTE = 256
"""Colours that a paletted picture may have: it takes a quarter of the bytes."""


def png_bytes(pixels: NDArray[np.uint8]) -> bytes:
    """Return a PNG file of an array with the shape (height, width, 4): red, green, blue, opacity.

    Equal pixels give equal bytes. A picture of few colours is stored with a palette.
    """
    height, width = pixels.shape[:2]
    whole = np.ascontiguousarray(pixels).view(np.uint32)[..., 0]
    colours, index = np.unique(whole, return_inverse=True)
    if colours.size <= PALETTE:
        palette = colours.view(np.uint8).reshape(-1, 4)
        data, kind = index.reshape(height, width).astype(np.uint8), 3
        extra = [(b"PLTE", palette[:, :3].tobytes()), (b"tRNS", palette[:, 3].tobytes())]
    else:
        data, kind, extra = pixels.reshape(height, width * 4), 6, []
    # Every line begins with its filter: 0, none.
    lines = np.zeros((height, 1 + data.shape[1]), dtype=np.uint8)
    lines[:, 1:] = data
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", header), *extra, (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
