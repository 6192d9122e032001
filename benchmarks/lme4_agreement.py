"""Random experiments fitted by hpowh and by lme4 with lmerTest: how far apart the two are. Needs R with lmerTest.

    python -m benchmarks lme4_agreement
    HPOWH_SEED=2 HPOWH_CASES=300 python -m benchmarks lme4_agreement

Experiments differ in their size, in how many of their rows are missing, in the scale of a covariate and in which
variances there are, none included, so that singular fits are among them. Nothing here is about time.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hpowh.analyses.mixed_models.model.fit import Fit

FORMULAS = (
    "y ~ a + (1|b)",
    "y ~ a*x + (1|b)",
    "y ~ a*x + (1+x|b)",
    "y ~ a + p + (1|b) + (1|b:a)",
    "y ~ a*p + (1|b) + (1|s)",
    "y ~ a + x + (1+x|b) + (1|s)",
    "y ~ x + (x||b)",
    "y ~ a + (0+a|b)",
    "y ~ 0 + a + (1|b:a) + (1|s)",
    "y ~ a*p*x + (1|b)",
    "y ~ a + (1+a|b) + (1|s)",
    "y ~ p + x + (1|b:s)",
    "y ~ a:x + (1|b)",
)
SAME = 1e-5
"""Log-likelihoods that differ by less are the same."""
LMER = """
suppressMessages(library(lmerTest))
input <- file("stdin"); open(input)
while (length(line <- readLines(input, n = 1)) > 0) {
  part <- strsplit(line, "\\t")[[1]]
  data <- read.csv(part[2], stringsAsFactors = TRUE)
  control <- lmerControl(optimizer = "bobyqa", optCtrl = list(maxfun = 1e5, rhoend = 1e-9))
  quiet <- function(it) suppressWarnings(suppressMessages(it))
  fit <- quiet(lmer(as.formula(part[1]), data, REML = part[3] == "reml", control = control))
  table <- quiet(tryCatch(coef(summary(fit)), error = function(e) NULL))
  said <- c(sprintf("%.17g", as.numeric(logLik(fit))), isSingular(fit))
  if (!is.null(table) && ncol(table) == 5) for (i in seq_len(nrow(table)))
    said <- c(said, rownames(table)[i], sprintf("%.17g", table[i, 1:3]))
  cat(paste(said, collapse = "\\t"), "\\n"); flush(stdout())
}
"""


def main() -> None:
    """Fit every case by REML and by ML on both sides and print where they differ."""
    r = shutil.which("Rscript")
    if not r or subprocess.run([r, "-e", "library(lmerTest)"], capture_output=True, check=False).returncode:
        print("  R with lmerTest is not installed: skipped")
        return
    rng = np.random.default_rng(int(os.environ.get("HPOWH_SEED", "1")))
    peer = subprocess.Popen([r, "-e", LMER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    gains: list[float] = []
    apart: dict[str, list[float]] = {"fixed effects / SE": [], "standard errors": [], "Satterthwaite df": []}
    with tempfile.TemporaryDirectory() as folder:
        for case in range(int(os.environ.get("HPOWH_CASES", "150"))):
            formula, rows = FORMULAS[case % len(FORMULAS)], draw(rng)
            path = Path(folder) / f"{case}.csv"
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(rows)
                writer.writerows(zip(*(values.tolist() for values in rows.values()), strict=True))
            for kind in ("reml", "ml"):
                compare(peer, formula, kind, rows, path, gains, apart)
    assert peer.stdin
    peer.stdin.close()
    peer.wait()
    higher, lower = sum(gain > SAME for gain in gains), sum(gain < -SAME for gain in gains)
    print(f"  {len(gains)} fits: log-likelihood lower than lme4's in {lower}, higher in {higher} (all listed above)")
    for name, values in apart.items():
        print(
            f"  {name:<20} median {np.median(values):.1e}, 99 % {np.quantile(values, 0.99):.1e}, max {max(values):.1e}"
        )


def draw(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return an experiment: response y, factors a (algorithm), b (benchmark), s (seed), p (prior), covariate x."""
    shape = [int(rng.integers(*span)) for span in ((4, 25), (2, 5), (3, 12), (2, 4))]
    b, a, s, p = (index.ravel() for index in np.indices(shape))
    kept = rng.random(b.size) < rng.choice([1.0, 0.8, 0.4])
    b, a, s, p = b[kept], a[kept], s[kept], p[kept]
    normal = rng.standard_normal
    x = normal(len(b))
    deviations = rng.choice([0.0, 0.1, 1.0, 5.0], size=4)
    y = rng.choice([0.0, 10.0, -1000.0]) + 0.3 * a + normal(len(b)) * rng.choice([0.1, 1.0, 3.0])
    y = y + deviations[0] * normal(shape[0])[b] + deviations[1] * normal((shape[0], shape[1]))[b, a]
    y = y + deviations[2] * normal(shape[2])[s] + deviations[3] * normal(shape[0])[b] * x
    factors = {
        name: np.array([f"{name}{i:02d}" for i in values]) for name, values in zip("absp", (a, b, s, p), strict=True)
    }
    return {"y": y, **factors, "x": x * rng.choice([0.1, 1.0, 50.0])}


def compare(
    peer: subprocess.Popen[str],
    formula: str,
    kind: str,
    rows: Mapping[str, np.ndarray],
    path: Path,
    gains: list[float],
    apart: dict[str, list[float]],
) -> None:
    """Fit one case on both sides, remember the differences, print a likelihood that differs. Raises RuntimeError."""
    from hpowh.analyses.mixed_models.inference.satterthwaite import satterthwaite

    assert peer.stdin and peer.stdout
    peer.stdin.write(f"{formula}\t{path}\t{kind}\n")
    peer.stdin.flush()
    found = ours(formula, rows, is_reml=kind == "reml")
    answer = peer.stdout.readline().split("\t")
    if len(answer) < 2:
        raise RuntimeError(f"lme4 gave up on {formula} ({path.name})")
    gain = found.log_likelihood - float(answer[0])
    gains.append(gain)
    if abs(gain) > SAME:
        print(f"  {path.stem:>4} {formula:<30} {kind:<4} log-likelihood {gain:+.6f}, singular for lme4: {answer[1]}")
        return
    df = satterthwaite(found).df(np.eye(found.problem.p))
    by_name = dict(zip(found.term_names, zip(found.beta, found.standard_errors, df, strict=True), strict=True))
    for at in range(2, len(answer) - 3, 4):
        estimate, error, degrees = by_name[answer[at]]
        theirs = [float(value) for value in answer[at + 1 : at + 4]]
        for name, value in zip(
            apart,
            (abs(estimate - theirs[0]) / error, abs(error / theirs[1] - 1), abs(degrees / theirs[2] - 1)),
            strict=True,
        ):
            apart[name].append(value)


def ours(formula: str, rows: Mapping[str, np.ndarray], *, is_reml: bool) -> Fit:
    """Return our fit of a formula on rows in memory."""
    from hpowh.analyses.mixed_models.model.cells import cells_from_rows
    from hpowh.analyses.mixed_models.model.columns import model_columns, monomials
    from hpowh.analyses.mixed_models.model.fit import fit
    from hpowh.analyses.mixed_models.model.formula import parse_formula

    parsed = parse_formula(formula)
    named = {*parsed.variables, *(name for group in parsed.grouping for name in group)}
    factors = {name: rows[name] for name in "absp" if name in named}
    levels = {name: sorted(set(values.tolist())) for name, values in factors.items()}
    terms = [model_columns(parsed.fixed, levels), *(model_columns(each.expression, levels) for each in parsed.random)]
    cells = cells_from_rows(rows["y"], factors, {"x": rows["x"]}, monomials(*terms))
    return fit(parsed, cells, is_reml=is_reml)


if __name__ == "__main__":
    main()
