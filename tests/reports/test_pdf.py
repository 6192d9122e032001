"""`hpowh report --pdf`: every page printed by a real Chromium, or a sentence that says why not."""

from __future__ import annotations

import re
import shutil
import zlib
from pathlib import Path
from typing import Any

import pytest

from hpowh.reports import pdf
from hpowh.reports.build import build_site
from hpowh.warehouse import Warehouse
from hpowh.warehouse.checks.seal import seal_all
from hpowh.warehouse.errors import HpowhError


@pytest.fixture
def own(plain_site: Any, tmp_path: Path) -> Warehouse:
    shutil.copy(plain_site.warehouse, tmp_path / "own.duckdb")
    return Warehouse(tmp_path / "own.duckdb")


def unpacked(path: Path) -> bytes:
    """Return a PDF's content with its compressed streams in the clear."""
    raw = path.read_bytes()
    parts = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", raw, re.DOTALL)
    clear = b""
    for part in parts:
        try:
            clear += zlib.decompress(part)
        except zlib.error:
            continue
    return raw + clear


@pytest.mark.browser
def test_every_page_has_a_pdf_and_a_link_to_it_also_one_taken_over(own: Warehouse, tmp_path: Path, chromium: Any):
    site, kinds = tmp_path / "site", ("experiment", "benchmark")
    assert build_site(own, site, only=kinds, with_pdf=True).page_count == 3
    assert_printed(site, tmp_path)
    assert not build_site(own, site, only=kinds, with_pdf=True).is_new
    with own.writing() as connection:
        connection.execute("update core.evaluation set value = 0.98765 where benchmark_id = 1 and configuration_id = 3")
        connection.execute("update core.source set fingerprint = 'f2'")
        seal_all(connection)  # as loading it anew does: a broken seal is told on every page
    build = build_site(own, site, only=kinds, with_pdf=True)
    assert build.page_count == 3 and 0 < build.reused_count < 3
    assert_printed(site, tmp_path)
    assert build_site(own, site, only=kinds).is_new


def assert_printed(site: Path, built_in: Path) -> None:
    """Every page of the site has its PDF with curves and a link to it, and no PDF is left over."""
    pages = list(site.glob("[be]*-*.html"))
    assert len(pages) == 3
    assert sorted(page.stem for page in (site / "pdf").iterdir()) == sorted(page.stem for page in pages)
    for page in pages:
        printed = site / "pdf" / f"{page.stem}.pdf"
        assert printed.read_bytes().startswith(b"%PDF")
        assert f'href="pdf/{printed.name}"' in page.read_text()
        content = unpacked(printed)
        assert str(built_in).encode() not in content, "a PDF names the folder it was built in"
        assert content.count(b" c\n") + content.count(b" l\n") > 100, "no curves were drawn"


def test_without_a_browser_the_old_site_stays_and_the_way_out_is_named(
    own: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    build_site(own, tmp_path / "site")
    monkeypatch.setattr(pdf, "find_browser", lambda: None)
    with pytest.raises(HpowhError, match="none was found on the PATH") as caught:
        build_site(own, tmp_path / "site", with_pdf=True)
    assert "chromium" in (caught.value.hint or "")
    assert (tmp_path / "site" / "index.html").is_file()


@pytest.mark.browser
def test_a_browser_that_does_not_start_is_said(own: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pdf, "find_browser", lambda: "/bin/false")
    with pytest.raises(HpowhError, match="could not print the pages"):
        build_site(own, tmp_path / "site", only=("experiment",), with_pdf=True)
    assert not (tmp_path / "site").exists()
