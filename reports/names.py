"""Names that come from data, made safe for file names, for Plotly's markup, and short enough for an axis."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from html import escape

STEM_LENGTH = 60
LABEL_LENGTH = 40


def file_stem(*parts: str) -> str:
    """Return a file name's stem of lower-case letters, digits and hyphens.

    Where that loses something of the names, eight digits of their hash follow, so that different names never share a
    file, whatever they hold (slashes, dots, quotes, other scripts, 500 characters, or names that differ in case only).
    """
    joined = "-".join(parts)
    plain = re.sub(r"[^a-z0-9]+", "-", unicodedata.normalize("NFKD", joined).lower()).strip("-")
    if plain == joined and len(plain) <= STEM_LENGTH:
        return plain
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[:STEM_LENGTH].strip('-') or 'page'}-{digest}"


def visible(name: str) -> str:
    """Return the name with control and direction-changing characters shown as a replacement character."""
    if name.isprintable():  # as nearly all are: nothing of either kind is printable
        return name
    kept = (
        " " if char in "\t\r\n" else "\ufffd" if unicodedata.category(char) in ("Cc", "Cs") else char for char in name
    )
    return "".join(
        "\ufffd" if char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" else char for char in kept
    )


def shorten(name: str, limit: int = LABEL_LENGTH) -> str:
    """Return a visible name of at most `limit` characters, the middle left out where it is longer."""
    shown = visible(name)
    if len(shown) <= limit:
        return shown
    head = (limit - 1 + 1) // 2
    return f"{shown[:head]}\u2026{shown[len(shown) - (limit - 1 - head) :]}"


def plot_text(name: str, limit: int = LABEL_LENGTH) -> str:
    """Return a name for Plotly: short, and with its pseudo-HTML (`<b>`, `<a href>`, entities) shown as text."""
    return escape(shorten(name, limit), quote=False)
