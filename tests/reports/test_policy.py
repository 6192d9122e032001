"""The pages' Content-Security-Policy holds from the file system: what is not hpowh's own does not run."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

INJECTED = """
<script>window.pwned = "inline"</script>
<script src="evil.js"></script>
<img src="x.png" onerror="window.pwned = 'handler'">
<svg onload="window.pwned = 'svg'"></svg>
<iframe srcdoc="<script>parent.pwned = 'frame'</script>"></iframe>
<object data="evil.html"></object>
<form action="https://example.org/"><input name="a"></form>
<a id="link" href="javascript:void(window.pwned = 'link')">go</a>
"""
ELSEWHERE = '<script src="https://example.org/x.js"></script><img src="https://example.org/x.png">'


def until(page: Any, expression: str) -> None:
    """Wait for a condition; the driver's own waiting evaluates texts within the page, which the policy forbids."""
    deadline = time.monotonic() + 60
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(50)


@pytest.mark.browser
@pytest.mark.parametrize("is_single", [False, True], ids=["site", "single file"])
def test_an_injected_script_does_not_run(chromium: Any, plain_site: Any, tmp_path: Path, is_single: bool):
    folder = tmp_path / "site"
    if is_single:
        from hpowh.reports.build import build_site
        from hpowh.warehouse import Warehouse

        with Warehouse(plain_site.warehouse) as warehouse:
            build_site(warehouse, folder, only=("experiment",), is_single_file=True)
    else:
        shutil.copytree(plain_site.folder, folder)
    page_file = next(path for path in folder.glob("experiment*.html"))
    text = page_file.read_text()
    injected = INJECTED.replace('<script src="evil.js"></script>', "") if not is_single else INJECTED
    assert "</main>" in text
    page_file.write_text(text.replace("</main>", injected + ELSEWHERE + "</main>"))
    (folder / "evil.js").write_text("window.pwned = 'file'")
    (folder / "evil.html").write_text("<script>parent.pwned = 'object'</script>")
    context = chromium.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    stopped: dict[str, str] = {}
    page.on("requestfailed", lambda request: stopped.update({request.url: request.failure}))
    page.goto(page_file.as_uri())
    until(page, "window.hpowh !== undefined")
    page.click("#link")
    page.wait_for_timeout(200)
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("window.hpowh.charts.length") > 0  # the page's own scripts ran
    page.evaluate("window.hpowh.charts.map(chart => chart.draw())")
    until(page, "document.querySelector('.chart .main-svg') !== null")
    elsewhere = [url for url in asked if url.startswith("http")]  # Chromium names what it stopped by the policy too
    assert {stopped.get(url) for url in elsewhere} <= {"csp"}
    context.close()


def test_without_the_policy_it_would_run(chromium: Any, plain_site: Any, tmp_path: Path):
    """The test above can fail: the same page without its policy runs what was injected."""
    folder = tmp_path / "site"
    shutil.copytree(plain_site.folder, folder)
    page_file = next(path for path in folder.glob("experiment*.html"))
    text = page_file.read_text()
    start = text.index('<meta http-equiv="Content-Security-Policy"')
    text = text[:start] + text[text.index(">", start) + 1 :]
    page_file.write_text(text.replace("</main>", INJECTED + "</main>"))
    context = chromium.new_context()
    page = context.new_page()
    page.goto(page_file.as_uri())
    until(page, "window.pwned !== undefined")
    context.close()


@pytest.mark.browser
def test_the_pages_themselves_keep_to_the_policy(chromium: Any, plain_site: Any, tmp_path: Path):
    """Every page draws its charts, saves one as a picture and searches, and the browser has nothing to complain of."""
    context = chromium.new_context(accept_downloads=True)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if "Content Security Policy" in message.text else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in sorted(plain_site.folder.glob("*.html")):
        page.goto(path.as_uri())
        until(page, "window.hpowh !== undefined")
        page.evaluate("Promise.all(window.hpowh.charts.map(chart => chart.draw()))")
    page.goto(plain_site.page("experiment"))
    page.evaluate("Promise.all(window.hpowh.charts.map(chart => chart.draw()))")
    for kind in ("svg", "png"):
        with page.expect_download() as download:
            page.locator(f"#regret-overall [data-save={kind}]").click()
        target = tmp_path / f"figure.{kind}"
        download.value.save_as(target)
        assert target.stat().st_size > 1000
    assert said == []
    context.close()
