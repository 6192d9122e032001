"""The pages in a real Chromium, opened from the file system."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpowh.reports.pdf import EVERY_CHART

pytestmark = pytest.mark.browser

Browse = Callable[..., Any]
CHARTS = {
    "index": 0,
    "coverage": 0,
    "experiment-": 3,
    "benchmark-digits": 2,
    "benchmark-wine": 2,
    "provenance": 0,
    "methods": 0,
    "pages": 0,
}
"""Pages, and how many charts each draws."""


def fits(page: Any, width: int) -> bool:
    """Return whether the page needs no horizontal scrolling in a window of this width."""
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(60)
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


def test_pages_draw_their_charts_and_fit_the_window(plain_site: Any, browse: Browse):
    watched = browse()
    for name, charts in CHARTS.items():
        page = watched.open(plain_site.page(name))
        assert page.locator(".chart[data-chart]").count() == charts, name
        assert page.locator(".chart[data-drawn=yes] .plot:has(.main-svg)").count() == charts, name
        assert page.locator(".chart[data-drawn=yes] path.js-line").count() >= charts, name
        assert page.locator("h1").inner_text().strip(), name
        assert fits(page, 1200) and fits(page, 390), name


def test_curves_have_a_line_for_each_algorithm(plain_site: Any, browse: Browse):
    page = browse().open(plain_site.page("experiment-"), draw="#regret-overall")
    chart = page.locator("#regret-overall")
    assert chart.locator(".legendtext").all_text_contents() == ["random", "tpe", "cma"]
    lines = chart.locator(".scatterlayer .js-line").evaluate_all("lines => lines.map(line => line.style.stroke)")
    drawn = [colour for colour in lines if colour != "rgba(0, 0, 0, 0)"]
    assert len({colour for colour in drawn if colour.startswith("rgb(")}) == 3
    assert chart.locator(".fills path").count() == 3


def test_an_algorithm_has_one_colour_on_every_page(plain_site: Any, browse: Browse):
    watched = browse()
    colours = set()
    for name in ("experiment-", "benchmark-digits"):
        figure = "#anytime" if name == "experiment-" else "#anytime-0"
        page = watched.open(plain_site.page(name), draw=figure)
        spec = page.evaluate(
            f"document.querySelector('{figure} .plot').data.filter(t => t.name === 'tpe')[0].line.color"
        )
        dot = page.locator("td:has-text('tpe') .swatch").first.evaluate("dot => dot.style.background")
        colours |= {spec, "#" + "".join(f"{int(one):02x}" for one in dot[4:-1].split(","))}
    assert len(colours) == 1


def test_table_sorts_by_click_and_by_keyboard(plain_site: Any, browse: Browse):
    page = browse().open(plain_site.page("benchmark-digits"), draw=False)
    column = "#best-0 tbody tr td:nth-child(2)"
    before = [float(text) for text in page.locator(column).all_inner_texts()]
    heading = page.locator("#best-0 th").nth(1)
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert [float(text) for text in page.locator(column).all_inner_texts()] == sorted(before)
    heading.locator("button").focus()
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert [float(text) for text in page.locator(column).all_inner_texts()] == sorted(before, reverse=True)
    assert len(set(before)) > 5


def test_sorting_is_by_number_and_puts_empty_cells_last(plain_site: Any, browse: Browse):
    page = browse().open(plain_site.page("coverage"), draw=False)
    page.evaluate(
        "(() => { const body = document.querySelector('#landscapes tbody'); const values = ['9', '', '10', '-1'];"
        " [...body.rows].slice(0, 4).forEach((row, i) => { row.cells[5].dataset.sort = values[i]; });"
        " [...body.rows].slice(4).forEach(row => row.remove()); })()"
    )
    button = page.locator("#landscapes th").nth(5).locator("button")
    order = "[...document.querySelectorAll('#landscapes tbody tr')].map(row => row.cells[5].dataset.sort)"
    button.click()
    assert page.evaluate(order) == ["-1", "9", "10", ""]
    button.click()
    assert page.evaluate(order) == ["10", "9", "-1", ""]


def test_filter_shows_matching_rows_only(hostile_site: Any, browse: Browse):
    page = browse().open(hostile_site.page("experiment-"), draw=False)
    rows = page.locator("#final-by-benchmark tbody tr")
    assert rows.count() == 20
    page.locator("#final-by-benchmark [data-filter]").fill("etc/passwd")
    assert page.locator("#final-by-benchmark tbody tr:visible").count() == 5
    assert page.locator("#final-by-benchmark [data-count]").inner_text() == "5 of 20 rows"
    page.locator("#final-by-benchmark [data-filter]").fill("")
    assert page.locator("#final-by-benchmark tbody tr:visible").count() == 20


def test_theme_follows_the_system_and_the_toggle(plain_site: Any, browse: Browse):
    light = browse().open(plain_site.page("experiment-"), draw="#regret-overall")
    back = "getComputedStyle(document.body).backgroundColor"
    ink = "document.querySelector('#regret-overall .legendtext').style.fill"
    first = (light.evaluate(back), light.evaluate(ink))
    light.locator("[data-theme-toggle]").click()
    light.wait_for_function(f"{ink} !== '{first[1]}'")
    assert light.evaluate(back) != first[0]
    light.reload()
    assert light.evaluate("document.documentElement.dataset.theme") == "dark"
    dark = browse(dark=True).open(plain_site.page("experiment-"), draw="#regret-overall")
    assert dark.evaluate(back) != first[0] and dark.evaluate(ink) != first[1]


def test_choosing_a_benchmark_changes_the_curves(plain_site: Any, browse: Browse):
    page = browse().open(plain_site.page("experiment-"), draw="#anytime")
    values = "JSON.stringify(document.querySelector('#anytime .plot').data.map(trace => trace.y))"
    before = page.evaluate(values)
    page.locator("#anytime select").first.select_option(label="wine")
    page.wait_for_function(f"{values} !== {before!r}")
    assert page.locator("#anytime .legendtext").count() == 3


def test_log_toggle_switches_the_axis(plain_site: Any, browse: Browse):
    page = browse().open(plain_site.page("experiment-"), draw="#regret-overall")
    button = page.locator("#regret-overall [data-choices] button", has_text="log y")
    before = page.evaluate("document.querySelector('#regret-overall .plot')._fullLayout.yaxis.type")
    assert button.get_attribute("aria-pressed") == ("false" if before == "linear" else "true")
    button.click()
    axis = "document.querySelector('#regret-overall .plot')._fullLayout.yaxis.type"
    page.wait_for_function(f"{axis} !== '{before}'")
    assert {before, page.evaluate(axis)} == {"linear", "log"}
    assert button.get_attribute("aria-pressed") == ("true" if before == "linear" else "false")


@pytest.mark.parametrize(("name", "figure"), [("experiment-", "regret-overall"), ("coverage", "coverage-trial")])
def test_figures_can_be_saved(plain_site: Any, browse: Browse, tmp_path: Path, name: str, figure: str):
    page = browse().open(plain_site.page(name), draw="#regret-overall" if name == "experiment-" else False)
    for kind in ("svg", "png"):
        with page.expect_download() as caught:
            page.locator(f"#{figure} [data-save={kind}]").click()
        caught.value.save_as(tmp_path / "saved")
        content = (tmp_path / "saved").read_bytes()
        assert caught.value.suggested_filename == f"{figure}.{kind}"
        if kind == "png":
            assert content.startswith(b"\x89PNG") and len(content) > 4000
        else:
            assert content.startswith(b"<svg") and b"random" in content


def test_tables_are_copied_as_latex_and_markdown_and_pictures_in_light_colours(plain_site: Any, browse: Browse):
    """From a dark screen, too: what is copied goes into a paper."""
    page = browse(dark=True).open(plain_site.page("experiment-"), draw="#regret-overall")
    page.locator("#final-ranks [data-copy-table=latex]").click()
    latex = page.evaluate("window.hpowh.copied")
    assert latex.startswith("\\begin{tabular}{llr") and latex.count("\\\\\n") == 4  # a heading and three algorithms
    assert re.search(r"^tpe & .* & \$\d", latex, re.MULTILINE) and "\\bottomrule" in latex
    page.locator("#final-ranks [data-copy-table=markdown]").click()
    markdown = page.evaluate("window.hpowh.copied").splitlines()
    assert markdown[1].startswith("|---|---|---:")
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in markdown}) == 1
    page.locator("#regret-overall [data-copy-svg]").click()
    page.wait_for_function("window.hpowh.copied.startsWith('<svg')")
    svg = page.evaluate("window.hpowh.copied")
    colour = page.evaluate("window.hpowh.inLight(() => window.hpowh.colour('@0'))")
    back = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    assert f"rgb({back[0]}, {back[1]}, {back[2]})" in svg or colour in svg
    assert "tpe" in svg and page.evaluate("window.hpowh.isDark()")


def test_a_link_into_a_fold_opens_it(plain_site: Any, browse: Browse):
    page = browse().open(plain_site.page("experiment-"), draw=False)
    part = "document.querySelector('details.part')"
    assert not page.evaluate(f"{part}.open")
    page.evaluate(f"{part}.lastElementChild.id = 'within'")
    page.evaluate("location.hash = '#within'")
    page.wait_for_function(f"{part}.open")


def test_search_finds_a_page_and_leads_there(plain_site: Any, browse: Browse):
    page = browse().open(plain_site.page("index"), draw=False)
    page.locator("#search").fill("win")
    page.locator("#found a").first.wait_for()
    assert page.locator("#found a").first.inner_text() == "wine"
    page.locator("#found a").first.click()
    assert page.locator("h1").inner_text() == "wine"


def test_menu_opens_on_a_phone(plain_site: Any, browse: Browse):
    page = browse(width=390).open(plain_site.page("index"), draw=False)
    assert not page.locator("#menu").is_visible()
    page.locator("[data-menu]").click()
    assert page.locator("#menu a", has_text="digits").is_visible()


def test_charts_are_drawn_only_when_they_come_near(plain_site: Any, browse: Browse):
    page = browse().open(plain_site.page("experiment-"), draw=False)
    page.wait_for_function("document.querySelector('#regret-overall .chart').dataset.drawn")
    assert page.evaluate("document.querySelector('#anytime .chart').dataset.drawn") is None


def test_print_draws_every_chart_also_those_not_seen_yet(plain_site: Any, browse: Browse, tmp_path: Path):
    page = browse(dark=True).open(plain_site.page("experiment-"), draw=False)
    page.wait_for_function("document.querySelector('#regret-overall .chart').dataset.drawn")
    assert page.evaluate("document.querySelector('#anytime .chart').dataset.drawn") is None
    pdf = page.pdf(path=str(tmp_path / "page.pdf"))
    assert pdf.startswith(b"%PDF") and len(pdf) > 20_000
    assert page.locator("#anytime .chart[data-drawn=yes] .legendtext").count() == 3
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("kind", ["experiment-", "benchmark-digits"])
def test_a_printed_page_fits_the_sheet_and_hides_nothing(plain_site: Any, browse: Browse, kind: str):
    """A4 less its margins is 703 pixels wide; a narrow rule for phones must not reach beyond it."""
    page = browse().open(plain_site.page(kind), draw=False)
    page.evaluate(EVERY_CHART)
    assert page.evaluate("document.querySelectorAll('main :is(.fold, .part, .rest):not([open])').length") == 0
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})
    over = page.evaluate("""() => [...document.querySelectorAll("main :is(.chart, table, pre)")]
        .map(one => [one.closest("[id]").id, one.getBoundingClientRect().right - innerWidth])
        .filter(([_, beyond]) => beyond > 0.5)""")
    assert over == []
    looks = page.locator("main select:visible").evaluate_all("all => all.map(s => getComputedStyle(s).appearance)")
    assert set(looks) <= {"none"}, "a printed choice looks like one that can be opened"


def test_hostile_names_are_text_everywhere(hostile_site: Any, browse: Browse):
    watched = browse()
    bad = "main img, main script:not([type='application/json']), main a[href^='javascript']"
    for path in sorted(hostile_site.folder.glob("*.html")):
        page = watched.open(path.as_uri())
        assert page.evaluate("window.pwned") is None, path.name
        assert page.locator(bad).count() == 0, path.name
        assert fits(page, 1200) and fits(page, 390), path.name
    page.set_viewport_size({"width": 1200, "height": 900})
    page.locator("#search").fill("s")
    page.locator("#found a").first.wait_for()
    assert page.locator("#found img, #found script").count() == 0
    assert page.evaluate("window.pwned") is None


def test_hostile_names_can_be_read_in_legends_and_tables(hostile_site: Any, browse: Browse):
    page = browse().open(hostile_site.page("experiment-"), draw="#regret-overall")
    legend = page.locator("#regret-overall .legendtext").all_text_contents()
    assert "<b>bold</b> & <a" in " ".join(legend)
    assert "@3" in legend
    assert page.locator("h1").inner_text() == "</script><script>window.pwned=1</script>"
    cells = page.locator("#final-ranks tbody td:first-child").all_inner_texts()
    assert any("<a href='javascript:alert(1)'>go</a>" in cell for cell in cells)
    assert any("evil\ufffdgnp.exe" in cell for cell in cells)


def test_single_file_page_works_alone(plain_site: Any, browse: Browse, tmp_path: Path):
    from hpowh.reports.build import build_site
    from hpowh.warehouse import Warehouse

    with Warehouse(plain_site.warehouse) as opened:
        build_site(opened, tmp_path / "alone", only=("experiment",), is_single_file=True)
    (page_file,) = (tmp_path / "alone").glob("experiment-*.html")
    page_file.rename(tmp_path / "sent.html")
    page = browse().open((tmp_path / "sent.html").as_uri())
    assert page.locator(".chart[data-drawn=yes]").count() == 3
    assert page_file.parent.joinpath("assets").exists() is False
    assert (tmp_path / "sent.html").stat().st_size < 8_000_000


def test_every_figure_has_its_numbers_as_a_table(plain_site: Any, browse: Browse):
    """For whoever cannot see the chart; the rows are those of the CSV."""
    page = browse().open(plain_site.page("experiment-"), draw=False)
    assert page.locator("figure[data-explorer] table[data-summary]").count() == 1  # what is chosen, always as a table
    figures = page.locator("figure.block:not([data-explorer])")
    assert figures.count() == page.locator("figure details[data-numbers]").count() == 3
    page.locator("#regret-overall details[data-numbers] > summary").click()
    shown = page.locator("#regret-overall details[data-numbers] table")
    shown.wait_for()
    href = page.locator("#regret-overall .tools > a").get_attribute("href")
    lines = (plain_site.folder / href).read_text().splitlines()
    assert shown.locator("th").all_inner_texts() == lines[0].split(",")
    assert shown.locator("tbody tr").count() == min(100, len(lines) - 1)
    assert f"The first 100 of {len(lines) - 1} rows" in shown.locator("caption").inner_text() or len(lines) <= 101
    first = dict(zip(lines[0].split(","), lines[1].split(","), strict=True))
    cells = shown.locator("tbody tr").first.locator("td").all_inner_texts()
    assert cells[lines[0].split(",").index("algorithm")] == first["algorithm"]


def test_hostile_names_are_text_in_the_numbers_of_a_figure(hostile_site: Any, browse: Browse):
    page = browse().open(hostile_site.page("experiment-"), draw=False)
    page.evaluate("document.querySelectorAll('details[data-numbers]').forEach(one => one.open = true)")
    page.locator("#regret-overall details[data-numbers] td").first.wait_for()
    assert page.locator("details[data-numbers] :is(img, b, a)").count() == 0
    assert "</script><script>window.pwned=1</script>" in page.locator("#regret-overall table").inner_text()
    assert page.evaluate("window.pwned") is None
    assert fits(page, 1200) and fits(page, 390)
