"""Write the folder of a paper: tables, figures, sentences, answers to reviewers, methods and references."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hpowh.reports.names import file_stem
from hpowh.reports.paper import tables, words
from hpowh.reports.paper.budgets import Budgets
from hpowh.reports.paper.drawing import has_pdf, pgf, svg, write_pdf
from hpowh.reports.paper.figures import Look, cd_sheet, ranking_sheet
from hpowh.reports.paper.references import bibliography, cited
from hpowh.reports.paper.study import Study
from hpowh.warehouse.output.latex import escaped
from hpowh.warehouse.output.targets import refuse_precious, written_file

COLUMNS = ("budget", "contrast", "estimate", "standard_error", "df", "t_value", "p_value", "p", "better")


def write_paper(
    study: Study,
    folder: Path,
    look: Look,
    budgets: Budgets | None = None,
    *,
    incomplete: list[Path] | None = None,
    force: bool = False,
) -> list[Path]:
    """Write the files into an existing folder and return them; PDFs only where matplotlib is there.

    Args:
        incomplete: is given the PDFs whose font lacks a letter of a name.
        force: overwrite files of these names that hpowh did not make, or that somebody changed since.

    Raises:
        UsageError: there is such a file; nothing is written.
    """
    incomplete = [] if incomplete is None else incomplete
    keys = cited(study, has_budgets=budgets is not None)
    texts = {
        "results.tex": tables.latex(study, f"tab:{file_stem(study.experiment)}"),
        "results.md": tables.markdown(study),
        "sentence.md": words.sentence(study),
        "reviewer.md": words.questions(study, budgets),
        "methods.tex": words.methods(study, keys),
        "methods.bib": bibliography(keys),
        "main.tex": main(study),
    }
    if budgets is not None:
        texts["budgets.csv"] = _csv(budgets)
    sheets = {"ranking": ranking_sheet(study, look), "critical-difference": cd_sheet(study, look)}
    for name, sheet in sheets.items():
        texts |= {f"{name}.svg": svg(sheet), f"{name}.pgf": pgf(sheet)}
    pdfs = {f"{name}.pdf": sheet for name, sheet in sheets.items()} if has_pdf() else {}
    for name in (*texts, *pdfs):
        refuse_precious(folder / name, option="--out", force=force)
    for name, text in texts.items():
        with written_file(folder / name, option="--out", force=force) as place:
            place.write_text(text, encoding="utf-8")
    for name, sheet in pdfs.items():
        with written_file(folder / name, option="--out", force=force) as place:
            if not write_pdf(sheet, place):
                incomplete.append(folder / name)
    return [folder / name for name in (*texts, *pdfs)]


def _csv(budgets: Budgets) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([row[name] for name in COLUMNS] for row in budgets.rows)
    return out.getvalue()


def main(study: Study) -> str:
    """Return `main.tex`: a document that shows the table, both figures and the methods, to copy from."""

    def figure(name: str, what: str) -> str:
        return f"\\begin{{figure}}\n\\centering\n\\input{{{name}.pgf}}\n\\caption{{{escaped(what)}}}\n\\end{{figure}}\n"

    ranked = (
        "Algorithms from best to worst. Left: estimated marginal mean with its 95 % interval. Middle: ranks that the "
        "contrasts do not rule out, at 95 % for all together. Right: difference from the best."
    )
    cd = "Critical-difference diagram of the estimated means: a bar joins algorithms of which no pair differs at 5 %."
    return (
        "\\documentclass{article}\n"
        "\\usepackage[utf8]{inputenc}\n\\usepackage[T1]{fontenc}\n\\usepackage{lmodern}\n\\usepackage{textcomp}\n"
        "\\usepackage{booktabs}\n\\usepackage[round]{natbib}\n\\usepackage{xcolor}\n\\usepackage{pgf}\n"
        "\\usepackage[margin=1in]{geometry}\n"
        "\\begin{document}\n"
        f"\\input{{results.tex}}\n{figure('ranking', ranked)}{figure('critical-difference', cd)}"
        "\\input{methods.tex}\n"
        "\\bibliographystyle{plainnat}\n\\bibliography{methods}\n\\end{document}\n"
    )
