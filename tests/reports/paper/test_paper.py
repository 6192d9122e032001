"""`hpowh paper`: its table, texts and figures say what the warehouse holds; LaTeX compiles them."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.mixed_models.job import analyse_lmem
from hpowh.reports.paper import tables
from hpowh.reports.paper.budgets import compare_budgets
from hpowh.reports.paper.cli import points
from hpowh.reports.paper.drawing import Dot, Line, Sheet, line, pgf, svg, text, write_pdf
from hpowh.reports.paper.figures import Look, cliques, ranking_sheet, round_ticks
from hpowh.reports.paper.references import ENTRIES
from hpowh.reports.paper.study import Study, read_study
from hpowh.reports.paper.words import methods, questions
from hpowh.reports.paper.writing import write_paper
from hpowh.warehouse import Warehouse
from hpowh.warehouse.errors import UsageError
from hpowh.warehouse.ingest import Request, find_source, ingest

NASTY = r"T_P&E 100% \{x}"
FORMULA = "loss ~ algorithm + (1|benchmark) + (1|benchmark:algorithm)"


@pytest.fixture(scope="module")
def compared(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with three algorithms: A and the nasty one alike at both budgets, C worse at the second only."""
    folder = tmp_path_factory.mktemp("paper")
    rng = np.random.default_rng(1)
    lines = ["algorithm\tbenchmark\tseed\tbudget\tloss"]
    for algorithm, late in (("A", 1.0), (NASTY, 1.0), ("C", 3.0)):
        for b in range(6):
            for seed in range(5):
                for budget, mean in ((10, 4.0), (20, late)):
                    lines.append(f"{algorithm}\tb{b}\t{seed}\t{budget}\t{mean + 0.1 * b + 0.2 * rng.random():.5f}")
    (folder / "runs.csv").write_text("\n".join(lines), encoding="utf-8")
    path = folder / "w.duckdb"
    shutil.copy(empty_warehouse, path)
    with Warehouse(path) as opened:
        request = Request(str(folder / "runs.csv"), "study", {"loss": "metric"}, {"direction": "min"}, None)
        ingest(opened, find_source("runs"), request)
        analyse_lmem(opened, FORMULA, budget=20, with_residuals=False)
    return path


@pytest.fixture(scope="module")
def study(compared: Path) -> Study:
    with Warehouse(compared) as opened:
        return read_study(opened, None)


def test_the_table_is_the_models(compared: Path, study: Study):
    heads, rows = tables.cells(study)
    assert heads[:2] == ["Algorithm", "Mean loss"]
    with Warehouse(compared) as opened:
        known = dict(opened.sql("select level, estimate from result.lmem_marginal_mean where model = 'model'").rows())
    assert {row[0]: row[1] for row in rows} == {name: f"{mean:.2f}" for name, mean in known.items()}
    assert rows[-1][0] == "C" and rows[-1][4] == "3" and {row[4] for row in rows[:2]} == {"1-2"}
    (c,) = [row for row in study.pairs if "C" in row["contrast"].split(" - ") and rows[0][0] in row["contrast"]]
    assert float(rows[-1][5]) == pytest.approx(abs(c["estimate"]), abs=0.01)
    assert rows[0][5:] == ["--"] * 3  # the best has no difference from itself


def test_latex_has_one_bold_row_and_every_name_as_text(study: Study):
    text = tables.latex(study, "tab:x")
    assert text.count(r"\textbf{") == 2
    assert r"T\_P\&E 100\% \textbackslash{}\{x\}" in text
    body = text[text.index(r"\midrule") : text.index(r"\bottomrule")]
    assert {line.count(" & ") for line in body.splitlines()[1:]} == {
        text.count("r", text.index("{l"), text.index("}\n\\toprule"))
    }


def test_markdown_cannot_leave_its_cell(study: Study):
    lines = tables.markdown(study).splitlines()
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines[:5]} == {9}


def test_budgets_are_corrected_together(compared: Path, study: Study):
    with Warehouse(compared) as opened:
        before = opened.sql("select count(*) from ops.analysis_run").rows()
        found = compare_budgets(opened, "study", study.parameters, [10.0, 20.0], "A")
        assert opened.sql("select count(*) from ops.analysis_run").rows() == before  # the pages' answer stays
        with pytest.raises(UsageError, match="At budget 5"):
            compare_budgets(opened, "study", study.parameters, [5.0], "A")
    apart = {(row["budget"], frozenset((row["first"], row["second"]))) for row in found.rows if row["p"] < 0.05}
    assert apart == {(20.0, frozenset(("A", "C"))), (20.0, frozenset((NASTY, "C")))}
    assert {row["better"] for row in found.rows if row["p"] < 0.05} == {"A", NASTY}
    raw = sorted(row["p_value"] for row in found.rows)
    assert min(row["p"] for row in found.rows) == pytest.approx(6 * raw[0])  # Holm over three pairs at two budgets
    said = questions(study, found)
    assert "A against C: better at 20" in said and "not told apart at 1 budget" in said
    assert "all pairs and budgets together" in said


def test_the_questions_say_what_was_not_asked(study: Study):
    said = questions(study, None)
    assert "Of 3 pairs 2 differ at 5 % after correction" in said
    assert "Not asked: hpowh paper --budgets" in said and "hpowh analyse calibrate" in said
    assert "Tukey's studentised range over 3 comparisons" in said


def test_the_folder_cites_what_it_holds_and_holds_what_it_includes(study: Study, tmp_path: Path):
    written = {path.name for path in write_paper(study, tmp_path, Look())}
    methods, bib = (tmp_path / "methods.tex").read_text(), (tmp_path / "methods.bib").read_text()
    keys = {key for group in re.findall(r"\\cite[pt]\{([^}]*)\}", methods) for key in group.split(",")}
    assert keys <= set(re.findall(r"^@\w+\{(\w+),", bib, re.MULTILINE)) and "hpowh" in keys
    assert set(re.findall(r"\\input\{([^}]*)\}", (tmp_path / "main.tex").read_text())) <= written
    for name in ("ranking.svg", "critical-difference.svg"):
        root = ET.fromstring((tmp_path / name).read_text())  # noqa: S314 - our own file
        assert root[1].get("fill") == "#ffffff"  # on white, whatever the screen
        assert NASTY in {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}


@pytest.mark.parametrize("key", sorted(ENTRIES))
def test_an_entry_is_whole(key: str):
    entry = ENTRIES[key]
    assert entry.count("{") == entry.count("}")
    assert re.search(r"^  year = \{\d{4}\}", entry, re.MULTILINE) and "author = {" in entry and "title = {" in entry


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (-2.32, -0.943, [-2.0, -1.5, -1.0]),
        (0.0, 1.0, [0.0, 0.5, 1.0]),
        (0.0, 8.0, [0.0, 2.0, 4.0, 6.0, 8.0]),
        (1e-7, 4e-7, [1e-7, 2e-7, 3e-7, 4e-7]),
        (3.0, 3.0, [3.0]),
    ],
)
def test_ticks_are_round(low, high, ticks):
    assert round_ticks(low, high) == pytest.approx(ticks)


def test_bars_join_levels_that_share_a_letter():
    rows = [{"letters": letters} for letters in ("a", "ab", "b", "c", None)]
    assert cliques(rows) == [(0, 1), (1, 2)]


@pytest.mark.parametrize("width", [130.0, 238.0, 494.0])
def test_a_figure_stays_on_its_sheet(study: Study, width: float):
    sheet = ranking_sheet(study, Look(width=width))
    for part in sheet.parts:
        xs = [part.x1, part.x2] if isinstance(part, Line) else [part.x]
        assert all(-1 <= x <= width + 1 for x in xs), part


@pytest.mark.parametrize(
    ("text", "value"),
    [("84mm", 238.11), ("3.3in", 237.6), ("8.4 cm", 238.11), ("240pt", 240.0), ("x", None), ("1mm", None)],
)
def test_widths_have_units(text: str, value: float | None):
    if value is None:
        with pytest.raises(UsageError):
            points(text)
    else:
        assert points(text) == pytest.approx(value, abs=0.01)


SHEET = Sheet(
    width=200,
    height=50,
    parts=[line(0, 0, 10, 10, is_dotted=True), Dot(5, 5, 2), text(100, 25, r"<$x_1$> & \100% 模型", 8, "middle")],
    title="A <title>",
)


def test_texts_are_texts_in_svg_and_pgf():
    root = ET.fromstring(svg(SHEET))  # noqa: S314 - our own text
    assert root.findtext("{http://www.w3.org/2000/svg}text") == r"<$x_1$> & \100% 模型"
    assert r"\textless{}\$x\_1\$\textgreater{} \& \textbackslash{}100\%" in pgf(SHEET)


def test_a_pdf_is_the_same_twice_and_embeds_its_font(tmp_path: Path):
    pytest.importorskip("matplotlib", reason="PDF figures are NOT tested: matplotlib is not installed")
    for name in ("one.pdf", "two.pdf"):
        assert not write_pdf(SHEET, tmp_path / name)  # its font lacks two of the letters
    made = (tmp_path / "one.pdf").read_bytes()
    assert made == (tmp_path / "two.pdf").read_bytes()
    assert made.startswith(b"%PDF") and b"/FontFile2" in made
    assert write_pdf(replace(SHEET, parts=SHEET.parts[:2]), tmp_path / "plain.pdf")


def test_without_a_model_the_command_says_which_to_fit(warehouse, hpowh, tmp_path):
    (tmp_path / "r.csv").write_text("algorithm,benchmark,seed,budget,loss\nA,b,0,1,0.5\nB,b,0,1,0.4\n")
    request = Request(str(tmp_path / "r.csv"), "study", {"loss": "metric"}, {"direction": "min"}, None)
    ingest(warehouse, find_source("runs"), request)
    with pytest.raises(UsageError) as raised:
        read_study(warehouse, "study")
    assert "no mixed model" in str(raised.value) and "hpowh analyse lmem" in (raised.value.hint or "")
    with pytest.raises(UsageError, match="no experiment 'other'"):
        read_study(warehouse, "other")
    warehouse.close()


def test_what_somebody_wrote_in_the_folder_is_not_overwritten(study: Study, tmp_path: Path):
    (tmp_path / "main.tex").write_text("my thesis")
    with pytest.raises(UsageError, match="main.tex would overwrite a file that hpowh did not make.*--force"):
        write_paper(study, tmp_path, Look())
    assert [path.name for path in tmp_path.iterdir()] == ["main.tex"]
    assert (tmp_path / "main.tex").read_text() == "my thesis"
    write_paper(study, tmp_path, Look(), force=True)
    write_paper(study, tmp_path, Look())  # now all are hpowh's own
    (tmp_path / "sentence.md").write_text("rewritten by hand")
    with pytest.raises(UsageError, match="sentence.md"):
        write_paper(study, tmp_path, Look())


@pytest.mark.parametrize(
    ("policy", "count", "said"),
    [
        ("exclude", 0, None),
        (None, 1, "1 row without a value is left out."),
        ("exclude", 1200, "1,200 rows without a value are left out."),
        ("last", 3, "Failed runs come last in their block."),
        ("impute", 0, "Failed runs were imputed."),
    ],
)
def test_methods_say_what_failed_runs_count_where_there_are_some(study: Study, policy, count, said):
    other = replace(study, parameters={"failures": policy}, model={**study.model, "excluded_count": count})
    text = methods(other, [])
    assert said in text if said else "Failed" not in text and "without a value" not in text


@pytest.mark.slow
def test_latex_compiles_the_folder(study: Study, tmp_path: Path):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed: the LaTeX of `hpowh paper` is NOT compiled")
    write_paper(study, tmp_path, Look())
    for command in ("pdflatex", "bibtex", "pdflatex", "pdflatex"):
        extra = [] if command == "bibtex" else ["-interaction=nonstopmode", "-halt-on-error"]
        done = subprocess.run(
            [command, *extra, "main"], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout[-2000:]
    log = (tmp_path / "main.log").read_text(errors="replace")
    assert not re.search(r"Citation .* undefined|Missing character|LaTeX Error", log)
    assert (tmp_path / "main.pdf").stat().st_size > 10_000
