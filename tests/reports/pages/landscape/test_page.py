"""Pages of landscapes and search spaces: numbers worked out again from the grid, and the pages in a real Chromium.

Complete, incomplete, constant and one-configuration landscapes, with runs on one of them, an embedding, and names that
try to be something else.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from hpowh.analyses.embeddings import layout
from hpowh.analyses.embeddings.job import Settings as EmbedSettings
from hpowh.analyses.embeddings.job import embed
from hpowh.analyses.landscapes.job import analyse
from hpowh.analyses.landscapes.reading.keys import Selection
from hpowh.analyses.landscapes.reading.planes import stale_planes
from hpowh.reports.build import build_site
from hpowh.reports.charts import landscape as charts
from hpowh.reports.context import SiteContext
from hpowh.warehouse import Warehouse, queries

from ....analyses.landscapes.conftest import fill  # noqa: TID252 - tests of another folder

SCRIPT = "</script><script>window.pwned=1</script>"
IMAGE = '"><img src=x onerror="window.pwned=1">'
SHAPE, ORDINAL = (6, 5, 4, 3), (True, True, False, True)
ALGORITHMS = (SCRIPT, "tpe <b>", "@3")
RUNS, TRIALS = 3, 12

Browse = Callable[..., Any]


def rugged(seed: int) -> np.ndarray:
    """A slope with noise, so that there are several optima; a last axis for three seeds."""
    rng = np.random.default_rng(seed)
    slope = np.add.reduce(np.meshgrid(*(np.arange(size, dtype=float) / size for size in SHAPE), indexing="ij"))
    return (slope + 0.8 * rng.random(SHAPE))[..., None] + 0.05 * rng.random((*SHAPE, 3))


COMPLETE = rugged(1)
ACCURACY = 1 / (1 + COMPLETE.mean(axis=-1))


@dataclass(frozen=True)
class Made:
    """A warehouse, its site, and the evaluations of the runs: algorithm -> one list of configurations a run."""

    warehouse: Path
    folder: Path
    trials: dict[str, list[list[int]]]

    def page(self, *parts: str) -> Path:
        (found,) = (path for path in self.folder.glob(f"{parts[0]}-*.html") if all(p in path.name for p in parts[1:]))
        return found


def fill_runs(warehouse: Warehouse) -> dict[str, list[list[int]]]:
    """Write optimiser runs on the complete landscape; the tuner saw a single seed's accuracy."""
    rng, made = np.random.default_rng(4), {}
    with warehouse.writing() as con:
        one = "(select {0}_id from core.{0} where name = ?)"
        con.execute("insert into core.experiment values (1, 'e')")
        sweep = 0
        for a, algorithm in enumerate(ALGORITHMS):
            con.execute("insert into core.algorithm values (?, ?)", [a + 1, algorithm])
            made[algorithm] = [rng.integers(0, COMPLETE[..., 0].size, TRIALS).tolist() for _ in range(RUNS)]
            for seed, configurations in enumerate(made[algorithm]):
                sweep += 1
                con.execute(f"insert into core.sweep values (?, 's', 'optuna', {one.format('benchmark')}, 1, null, 1)",
                            [sweep, IMAGE])  # fmt: skip
                con.execute(f"insert into core.sweep_metric values (?, 0, {one.format('metric')})", [sweep, "acc"])
                con.execute(f"insert into core.run values (?, 1, ?, {one.format('benchmark')}, ?, ?, 1)",
                            [sweep, a + 1, IMAGE, seed, sweep])  # fmt: skip
                for number, configuration in enumerate(configurations):
                    trial = sweep * 100 + number
                    con.execute("insert into core.trial values (?, ?, '', ?, 'finished', null, null, null, ?, 1)",
                                [trial, sweep, number, configuration])  # fmt: skip
                    con.execute(f"insert into core.trial_metric values (?, {one.format('metric')}, null, ?, 'ok')",
                                [trial, "acc", float(ACCURACY.ravel()[configuration])])  # fmt: skip
    return made


@pytest.fixture(scope="module")
def made(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("landscapes")
    shutil.copy(empty_warehouse, folder / "w.duckdb")
    thin = np.where(np.random.default_rng(0).random(SHAPE) < 0.4, COMPLETE.mean(axis=-1), -np.inf)
    accuracy = {"metric": "acc", "direction": "max", "bounds": (0.0, 1.0)}
    tables = [
        {"benchmark": IMAGE, "value": ACCURACY[..., None] + 1e-3 * COMPLETE, **accuracy},
        {"benchmark": "other", "value": 1 / (1 + rugged(2)), **accuracy},
        {"benchmark": "thin", "value": thin},
        {"benchmark": "flat", "value": np.full(SHAPE, 0.5)},
    ]
    with Warehouse(folder / "w.duckdb") as warehouse, pytest.MonkeyPatch.context() as patch:
        fill(warehouse, SCRIPT, SHAPE, ORDINAL, tables)
        fill(warehouse, "single", (1,), (True,), [{"benchmark": "one", "value": np.array([0.3])}])
        fill(warehouse, "line", (60,), (True,), [{"benchmark": "chain", "value": np.cos(np.arange(60.0))}])
        trials = fill_runs(warehouse)
        with warehouse.writing() as con:
            con.execute("update core.hyperparameter set name = name || ? where search_space_id = 1", [IMAGE])
            con.execute("update core.hyperparameter_level set label = label || ? where search_space_id = 1", [SCRIPT])
        analyse(warehouse)
        # The page only needs points: the real layout has tests of its own.
        patch.setattr(layout, "require_umap", lambda: None)
        patch.setattr(layout, "lay_out", lambda vectors, **_: np.ascontiguousarray(vectors[:, :2]))
        embed(warehouse, Selection(benchmark=IMAGE), EmbedSettings(dimension=4))
        build_site(warehouse, folder / "site")
    yield Made(folder / "w.duckdb", folder / "site", trials)


@pytest.fixture(scope="module")
def asked(made: Made) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """Ask one of the page's queries about the complete landscape."""
    with Warehouse(made.warehouse) as warehouse:
        site = SiteContext(opened=warehouse)
        run = warehouse.sql(
            "select max(analysis_run_id) from result.landscape_subject join core.benchmark using (benchmark_id) "
            "where name = ?", [IMAGE],
        ).one()  # fmt: skip

        def ask(sql: str, every: int = 1) -> list[dict[str, Any]]:
            given = {"run": run, "sign": -1.0, "space": 1, "every": every}
            return site.query(sql, **{name: value for name, value in given.items() if f"${name}" in sql}).rows()

        yield ask


VALUES = (ACCURACY[..., None] + 1e-3 * COMPLETE).mean(axis=-1)
BEST = np.unravel_index(VALUES.argmax(), SHAPE)


def place_of(values: np.ndarray) -> np.ndarray:
    """Each value's place: the share of the others that are better."""
    flat = values.ravel()
    return np.array([(flat > one).sum() / (flat.size - 1) for one in flat]).reshape(values.shape)


def test_slices_are_those_of_the_grid(asked: Callable[..., list[dict[str, Any]]]):
    rows = asked(queries.text("landscape/slices"))
    assert len(rows) == sum(SHAPE)
    for row in rows:
        axis, level = row["position"], row["part"]
        mine = np.take(VALUES, level, axis=axis)
        through = VALUES[tuple(level if i == axis else one for i, one in enumerate(BEST))]
        assert row["middle"] == pytest.approx(np.median(mine))
        assert (row["low"], row["high"]) == pytest.approx(tuple(np.quantile(mine, [0.1, 0.9])))
        assert (row["best"], row["through_best"]) == pytest.approx((mine.max(), through))
        assert row["is_level_of_best"] == (level == BEST[axis])
        assert row["configurations"] == mine.size


def test_pair_maps_are_those_of_the_grid(asked: Callable[..., list[dict[str, Any]]]):
    rows, place = asked(queries.text("landscape/pair_maps")), place_of(VALUES)
    assert len(rows) == sum(SHAPE[a] * SHAPE[b] for a in range(4) for b in range(a + 1, 4))
    for row in rows:
        where: list[Any] = [slice(None)] * 4
        where[row["position_a"]], where[row["position_b"]] = row["part_a"], row["part_b"]
        through = list(BEST)
        through[row["position_a"]], through[row["position_b"]] = row["part_a"], row["part_b"]
        assert row["mean_place"] == pytest.approx(place[tuple(where)].mean())
        assert row["median_value"] == pytest.approx(np.median(VALUES[tuple(where)]))
        assert row["best_value"] == pytest.approx(VALUES[tuple(where)].max())
        assert row["through_value"] == pytest.approx(VALUES[tuple(through)])
        assert row["through_place"] == pytest.approx(place[tuple(through)])


@pytest.mark.parametrize(("sql", "sampled"), [(queries.text("landscape/slices"), ("low", "middle", "high")),
                                              (queries.text("landscape/pair_maps"), ("median_value",))])  # fmt: skip
def test_a_sample_changes_medians_and_nothing_else(asked: Callable[..., Any], sql: str, sampled: tuple[str, ...]):
    whole, part = asked(sql), asked(sql, every=3)
    for name in whole[0]:
        same = [a[name] for a in whole] == [b[name] for b in part]
        assert same == (name not in sampled), name


def test_levels_of_fine_hyperparameters_are_joined(made: Made):
    with Warehouse(made.warehouse) as warehouse:
        site = SiteContext(opened=warehouse)
        run, space = warehouse.sql(
            "select analysis_run_id, search_space_id from result.landscape_subject "
            "join core.benchmark using (benchmark_id) where name = 'chain'"
        ).rows()[0]
        rows = site.query(queries.text("landscape/slices"), run=run, space=space, sign=1.0, every=1).rows()
    assert [row["configurations"] for row in rows] == [2] * 30
    assert [row["label"] for row in rows[:3]] == ["0", "2", "4"]
    assert rows[1]["best"] == pytest.approx(min(np.cos(2.0), np.cos(3.0)))


def test_the_distribution_counts_every_configuration(asked: Callable[..., list[dict[str, Any]]]):
    rows = asked(queries.text("landscape/histogram"))
    edges = np.array([row["lower_edge"] for row in rows] + [rows[-1]["upper_edge"]])
    assert sum(row["configurations"] for row in rows) == VALUES.size
    assert (edges[0], edges[-1]) == pytest.approx((VALUES.min(), VALUES.max()))
    gap = VALUES.max() - VALUES.ravel()
    for row in asked(queries.text("landscape/rare")):
        assert row["configurations"] == (gap <= row["gap"] + 1e-12).sum()
        assert row["share"] == pytest.approx(row["configurations"] / VALUES.size)


def test_where_the_trials_fell(made: Made, asked: Callable[..., list[dict[str, Any]]]):
    flat = VALUES.ravel()
    rank = np.array([1 + (flat > one).sum() for one in flat]) / flat.size
    by_algorithm: dict[str, list[dict[str, Any]]] = {}
    for row in asked(queries.text("landscape/places")):
        by_algorithm.setdefault(row["algorithm"], []).append(row)
    assert list(by_algorithm) == list(ALGORITHMS)
    for algorithm, rows in by_algorithm.items():
        places = np.sort([rank[one] for run in made.trials[algorithm] for one in run])
        assert len(rows) == 101 and rows[0]["evaluations"] == RUNS * TRIALS
        assert (rows[0]["place"], rows[-1]["place"]) == pytest.approx((places[0], places[-1]))
        assert rows[50]["place"] == pytest.approx(places[RUNS * TRIALS // 2 - 1])
    progress = [row for row in asked(queries.text("landscape/progress")) if row["algorithm"] == ALGORITHMS[0]]
    assert sum(row["evaluations"] for row in progress) == RUNS * TRIALS
    first = [rank[run[n]] for run in made.trials[ALGORITHMS[0]] for n in range(progress[0]["last_trial"])]
    assert progress[0]["median_place"] == pytest.approx(np.median(first))


def test_where_the_runs_ended(made: Made, asked: Callable[..., list[dict[str, Any]]]):
    """By descending from each run's best configuration on the grid, without the engine."""
    flat = VALUES.ravel()

    def descend(rank: int) -> int:
        at = list(np.unravel_index(rank, SHAPE))
        near = []
        for axis, size in enumerate(SHAPE):
            levels = [at[axis] - 1, at[axis] + 1] if ORDINAL[axis] else [x for x in range(size) if x != at[axis]]
            near += [[*at[:axis], x, *at[axis + 1 :]] for x in levels if 0 <= x < size]
        ranks = [int(np.ravel_multi_index(one, SHAPE)) for one in near]
        best = max(ranks, key=lambda one: (flat[one], -one))
        return descend(best) if flat[best] > flat[rank] else rank

    expected: dict[tuple[str, int], int] = {}
    for algorithm, runs in made.trials.items():
        for run in runs:
            end = descend(max(run, key=lambda one: ACCURACY.ravel()[one]))
            expected[algorithm, end] = expected.get((algorithm, end), 0) + 1
    rows = asked(queries.text("landscape/ends"))
    assert {(row["algorithm"], row["optimum"]): row["runs"] for row in rows} == expected
    for row in rows:
        assert row["value"] == pytest.approx(flat[row["optimum"]])
        assert row["is_global"] == (flat[row["optimum"]] == flat.max())


def test_an_embedding_is_out_of_date_by_its_evaluations_and_not_by_the_clock(made: Made, tmp_path: Path):
    assert "It is out of date" not in text_of(made.page("landscape", "img"))
    shutil.copy(made.warehouse, tmp_path / "w.duckdb")
    with Warehouse(tmp_path / "w.duckdb") as warehouse:
        ran = "select max(analysis_run_id) from result.landscape_subject join core.benchmark using (benchmark_id) "
        run = warehouse.sql(ran + "where name = ?", [IMAGE]).one()
        with warehouse.writing() as con:
            con.execute("update ops.analysis_run set ended_at = ended_at + interval 1 hour where analysis_run_id = ?",
                        [run])  # fmt: skip
        assert stale_planes(warehouse) == []
        assert (
            not SiteContext(opened=warehouse).query(queries.text("landscape/embedding"), run=run).rows()[0]["is_older"]
        )
        with warehouse.writing() as con:
            con.execute(
                "insert into core.source values (1, 'grid', 's', 's', 'x', 1, 0, '{}', now() + interval 1 day, '0')"
            )
        assert SiteContext(opened=warehouse).query(queries.text("landscape/embedding"), run=run).rows()[0]["is_older"]
        (sentence,) = stale_planes(warehouse)
        assert "its embedding shows earlier evaluations" in sentence and f"--benchmark {IMAGE}" in sentence


def test_a_change_of_a_landscape_links_to_its_page(made: Made, tmp_path: Path):
    shutil.copy(made.warehouse, tmp_path / "w.duckdb")
    with Warehouse(tmp_path / "w.duckdb") as warehouse:
        subject = warehouse.sql("select subject from ops.analysis_run where subject like 'single: one %'").one()
        with warehouse.writing() as con:
            for night, base in ((1, None), (2, 1)):
                row = {"nightly_id": night, "base_nightly_id": base, "site": "s", "status": "ok"}
                insert_row(con, "ops.nightly", row)
            insert_row(con, "ops.conclusion", {"nightly_id": 2, "kind": "landscape", "subject": subject})
            insert_row(con, "ops.change", {"nightly_id": 2, "kind": "landscape", "subject": subject})
        build_site(warehouse, tmp_path / "site")
    page = made.page("landscape", "single-one").name
    table = (tmp_path / "site" / "index.html").read_text().split('id="changes"')[1].split("</table>")[0]
    assert re.search(rf'<a href="{page}"[^>]*>(<bdi>)?{re.escape(subject)}', table)


def insert_row(con: Any, table: str, given: dict[str, Any]) -> None:
    """Insert a row; what is not given is filled by its type, as no test looks at it."""
    values = []
    for name, kind in con.execute(f"select column_name, column_type from (describe {table})").fetchall():
        blank = "{}" if name in ("context", "options") else "" if kind == "VARCHAR" else 0
        values.append(given.get(name, "2026-01-01 00:00:00+00" if "TIMESTAMP" in kind else blank))
    con.execute(f"insert into {table} values ({', '.join('?' * len(values))})", values)


def text_of(path: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", path.read_text()))


def test_an_incomplete_landscape_says_so_first_and_shows_intervals(made: Made):
    page = made.page("landscape", "thin")
    text = text_of(page)
    assert re.search(r"In short Only \d\d\.\d\d % of the grid were evaluated \(\d+ configurations\)", text)
    assert re.search(r"correlate at [\d.]+ \(95 % interval [\d.]+ to [\d.]+, from [\d,]+ pairs\)", text)
    assert "optima, basins and paths, which need half of it, are left out" in text
    assert "optima, basins and paths need at least 50 %" in text
    assert "Local optima network" not in text
    assert "Optima, their network and basins Nothing is said of them" in text
    metrics = page.read_text().split('id="metrics"')[1]
    assert "<th" in metrics and "pair count" in metrics


def test_a_page_says_what_it_is_of_and_which_configuration_is_best(made: Made):
    text = text_of(made.page("landscape", "img"))
    levels = ", ".join(f"= {level}" for level in BEST)
    assert levels == ", ".join(re.findall(r"= \d+", text.split("The best configuration has acc ")[1])[:4])
    assert f"The best configuration has acc {VALUES.max():.4f}: " in text
    assert f"The median configuration has {np.median(VALUES):.4f}, the worst {VALUES.min():.4f}." in text
    assert "value is its acc (higher is better) on the valid split of" in text
    assert "the mean over 3 seeds: 1,080 evaluations of 360 configurations." in text
    assert "What is called the loss is minus acc: less is better." in text
    assert "fdc_spearman, fdc_pearson: fitness-distance correlation" in text.split("What the metrics are")[1]
    assert "All 360 configurations have one loss" in text_of(made.page("landscape", "flat"))


def test_a_thin_sample_speaks_of_no_optimum_and_of_no_longer_walk(made: Made):
    text = text_of(made.page("landscape", "thin"))
    assert "The best configuration that was evaluated has" in text
    assert "global optimum" not in text.split("Map of the landscape")[1].split("All metrics")[0]
    assert "Of more steps nothing is said: " in text
    assert "nothing is said about optima, basins and paths." in text


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("flat", "All 360 configurations have one loss"), ("single-one", "Its single configuration is all there is")],
)
def test_a_landscape_without_differences_says_that_there_is_nothing(made: Made, name: str, sentence: str):
    text = text_of(made.page("landscape", name))
    assert sentence in text
    assert "It is smooth" not in text and "nan" not in text.lower().split("findings")[1][:400]


def test_nearly_equal_likenesses_have_nearly_one_colour():
    rows = [{"a": 0, "b": 1, "value": 0.989}, {"a": 1, "b": 0, "value": 0.991}]
    (trace,) = charts.matrix(rows, "a", "b", "value", is_likeness=True)
    assert (trace["zmin"], trace["zmax"]) == (0, 1)
    (trace,) = charts.matrix([{**rows[0], "value": -0.4}, rows[1]], "a", "b", "value", is_likeness=True)
    assert (trace["zmin"], trace["zmax"]) == (-0.4, 1)


def test_pages_stay_small(made: Made):
    sizes = {path.name: path.stat().st_size for path in made.folder.glob("*.html")}
    assert {name: size for name, size in sizes.items() if size > 1_000_000} == {}


MARKS = ".main-svg :is(path, circle, rect.bg ~ *), canvas, image"


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
def test_pages_draw_every_figure_on_any_screen(made: Made, browse: Browse, dark: bool):
    watched = browse(dark=dark)
    pages = [*made.folder.glob("landscape-*.html"), *made.folder.glob("search-space-*.html")]
    assert len(pages) == 9
    if dark:
        pages = [made.page("landscape", "img"), made.page("search-space", "script")]
    drawn = 0
    for path in pages:
        page = watched.open(path.as_uri())
        empty = page.evaluate(
            "marks => [...document.querySelectorAll('.chart[data-chart]')].filter(one => !one.querySelector(marks))"
            ".map(one => one.dataset.chart)", MARKS,
        )  # fmt: skip
        assert empty == [], path.name
        drawn += page.locator(".chart[data-drawn=yes]").count()
        for width in (1200, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(60)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path.name, width)
        assert page.evaluate("window.pwned") is None
        missing = page.evaluate(
            "[...document.querySelectorAll('.findings a[href*=\"#\"]')].map(a => a.hash.slice(1))"
            ".filter(id => !document.getElementById(id))"
        )
        assert missing == [], path.name
    assert drawn > (20 if dark else 60)


@pytest.mark.browser
def test_the_map_can_be_read_in_every_theme_and_saved(made: Made, browse: Browse, tmp_path: Path):
    light = browse()
    page = light.open(made.page("landscape", "img").as_uri(), draw=False)
    chart = page.locator("#map svg").first
    assert chart.bounding_box()["width"] > 600
    label = chart.locator("text", has_text="How it is stacked")
    assert label.is_visible()
    ink = "document.querySelector('#map svg text').computedStyleMap().get('fill').toString()"
    before = page.evaluate(ink)
    dark = browse(dark=True).open(made.page("landscape", "img").as_uri(), draw=False)
    assert dark.evaluate(ink) != before
    with page.expect_download() as download:
        page.locator("#map [data-save=svg]").click()
    saved = tmp_path / "map.svg"
    download.value.save_as(saved)
    root = ElementTree.fromstring(saved.read_text())
    assert any(node.tag.endswith("}image") for node in root.iter())
    assert "How it is stacked" in "".join(root.itertext())
    page.set_viewport_size({"width": 390, "height": 900})
    assert chart.bounding_box()["width"] >= 600  # it scrolls in its frame, so that labels stay legible
    page.emulate_media(media="print")
    assert page.locator("#trials svg").first.is_visible()


@pytest.mark.browser
def test_choosing_a_pair_and_a_view_of_the_network_changes_the_picture(made: Made, browse: Browse):
    drawn = "#slices, #pair-maps, #network, #embedding, #runs-places"
    page = browse().open(made.page("landscape", "img").as_uri(), draw=drawn)
    for figure, options in (("slices", 4), ("pair-maps", 6), ("network", 3)):
        data = f"JSON.stringify(document.querySelector('#{figure} .plot').data.map(one => [one.x, one.y, one.z]))"
        before = page.evaluate(data)
        select = page.locator(f"#{figure} select").first
        assert select.locator("option").count() == options
        select.select_option(index=1)
        page.wait_for_function(f"{data} !== {before!r}")
    stars = page.evaluate(
        "document.querySelector('#embedding .plot').data.filter(one => one.name === 'global optimum')[0].x.length"
    )
    assert stars == 1
    names = page.locator("#runs-places .legendtext").all_text_contents()
    assert names[-1] == "any configuration" and len(names) == len(ALGORITHMS) + 1
