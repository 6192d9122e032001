"""What the search box finds beside titles: headings, findings and names, read from the pages as they were written."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

MOST_NAMES = 200
"""So many names of one page can be found; a table of all trials has thousands."""
LONGEST = 240
_HEADING = re.compile(r'<h2(?: id="([^"]+)-title")?>\s*<bdi>(.*?)</bdi>', re.DOTALL)
_FINDING = re.compile(r"<li>(.*?)(?:<a |</li>)", re.DOTALL)
_SECTION = re.compile(r'<section class="block findings" id="findings">(.*?)</section>', re.DOTALL)
_TABLE = re.compile(r'<section class="block" id="([^"]+)".*?</section>', re.DOTALL)
_CELL = re.compile(r"<tr><td[^>]*>(?:<span[^>]*></span>)?(?:<a [^>]*>)?<bdi>(.*?)</bdi>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def texts_of(html: str) -> list[tuple[str, str]]:
    """Return the texts of a page that can be found, each with the id of where it stands; the findings first."""
    body = html[html.find("<main") :]
    found: dict[tuple[str, str], None] = {}
    for section in _SECTION.findall(body):
        for text in _FINDING.findall(section):
            found[_plain(text), "findings"] = None
    for anchor, text in _HEADING.findall(body):
        found[_plain(text), anchor] = None
    names = 0
    for table in _TABLE.finditer(body):
        for text in dict.fromkeys(_CELL.findall(table[0])):
            name = _plain(text)
            if names < MOST_NAMES and not _is_number(name):
                found[name, table[1]] = None
                names += 1
    return [(text, anchor) for text, anchor in found if text]


def _plain(text: str) -> str:
    return unescape(_TAG.sub("", text)).strip()[:LONGEST]


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[\u2212\d.,e<%\s-]*", text) is not None


def with_texts(pages: list[dict[str, str]], folder: Path) -> list[dict[str, object]]:
    """Return the list of pages, each with the texts of its file in the folder; without one it has its title only."""
    found: list[dict[str, object]] = []
    for page in pages:
        file = folder / page["href"]
        texts = texts_of(file.read_text(encoding="utf-8")) if file.is_file() else []
        found.append({**page, "texts": texts})
    return found
