"""The command `hpowh paper`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from hpowh.warehouse.console import JsonOption, WaitOption, WarehouseOption, note, open_warehouse
from hpowh.warehouse.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: hpowh paper --experiment demo --budgets 10,25,50 --out paper")(paper)


def paper(
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")] = Path("paper"),
    experiment: Annotated[
        str | None, typer.Option("--experiment", "-e", metavar="NAME", help="Which one, where there are several.")
    ] = None,
    run: Annotated[
        int | None,
        typer.Option("--run", metavar="ID", help="A mixed model by its analysis run."),
    ] = None,
    setting: Annotated[
        str,
        typer.Option("--setting", metavar="TEXT", help="Which setting of several (prior = good)."),
    ] = "",
    budgets: Annotated[
        str | None,
        typer.Option("--budgets", metavar="B,B,…", help="Compare at each of these too, corrected over all together."),
    ] = None,
    width: Annotated[
        str, typer.Option("--width", help="Width of the figures, such as 84mm, 3.3in or 240pt: a column's.")
    ] = "84mm",
    font_size: Annotated[float, typer.Option("--font-size", min=4, max=20, help="Of the figures, in points.")] = 8,
    font: Annotated[str, typer.Option("--font", help="Of SVG and PDF: serif or sans; in PGF it is the document's.")] = (
        "serif"
    ),
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files of these names, also those that you made or changed.")
    ] = False,
    warehouse: WarehouseOption = None,
    wait: WaitOption = 0.0,
    as_json: JsonOption = False,
) -> None:
    """Write what a paper needs of a comparison: LaTeX table, figures (PDF, PGF, SVG), sentences, methods, references.

    It rests on the newest mixed model of the experiment (hpowh analyse lmem), and stores nothing.
    """
    from hpowh.reports.paper.budgets import compare_budgets
    from hpowh.reports.paper.drawing import has_pdf
    from hpowh.reports.paper.figures import Look
    from hpowh.reports.paper.study import read_study
    from hpowh.reports.paper.writing import write_paper

    if font not in ("serif", "sans"):
        raise UsageError(f"--font takes serif or sans, not {font!r}.")
    look = Look(points(width), font_size, font)
    asked = _budgets(budgets)
    with open_warehouse(warehouse, wait) as opened:
        study = read_study(opened, experiment, run, setting)
        best = str(study.levels[0]["level"])
        compared = compare_budgets(opened, study.experiment, study.parameters, asked, best) if asked else None
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file.", "Name a folder.")
    out.mkdir(parents=True, exist_ok=True)
    boxes: list[Path] = []
    written = write_paper(study, out, look, compared, incomplete=boxes, force=force)
    if as_json:
        import json

        said = {"experiment": study.experiment, "analysis_run_id": study.run, "sentences": list(study.sentences)}
        print(json.dumps(said | {"warnings": list(study.warnings), "files": [str(one) for one in written]}))
        return
    for one in study.sentences:
        print(one)
    note(f"Wrote {len(written)} files to {out}: begin with {out / 'sentence.md'} and {out / 'main.tex'}.")
    if boxes:
        note(f"The font of {boxes[0].name} lacks letters of a name: take the SVG or the PGF.")
    if not has_pdf():
        note("No PDF figures: they need matplotlib, pip install 'hpowh[paper]'. The PGF ones need LaTeX only.")


UNITS = {"pt": 1.0, "mm": 72 / 25.4, "cm": 72 / 2.54, "in": 72.0}
NARROWEST = 120.0


def points(text: str) -> float:
    """Return a length such as `84mm` in points (72 to the inch). Raises UsageError: it is none, or no figure fits."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(pt|mm|cm|in)\s*", text)
    if found is None:
        raise UsageError(f"{text!r} is no width.", "Give a number with its unit: 84mm, 3.3in, 240pt.")
    value = float(found[1]) * UNITS[found[2]]
    if not NARROWEST <= value <= 2000:
        raise UsageError(f"A figure of {text} cannot be drawn.", "Between 43mm and 700mm: a column is about 84mm.")
    return value


def _budgets(text: str | None) -> list[float]:
    try:
        return sorted({float(one) for one in text.split(",")}) if text else []
    except ValueError:
        raise UsageError(f"--budgets takes numbers with commas between, not {text!r}.") from None
