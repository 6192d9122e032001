"""One line on whether a model's answer can be trusted, from what was checked of it."""

from __future__ import annotations

from collections.abc import Sequence

from hpowh.reports.context import SiteContext
from hpowh.warehouse import queries
from hpowh.warehouse.wording import percent, plural


def verdict_line(site: SiteContext, name: str, run: int, warnings: Sequence[str]) -> str:
    """Return in a line what speaks for and against the model: fit, level, other methods, and what to keep in mind."""
    model = site.query(queries.text("mixed_models/models"), run=run).rows()[0]
    sentences = ["the fit converged" if model["is_converged"] else "THE FIT DID NOT CONVERGE"]
    if model["is_singular"]:
        sentences.append("a variance is estimated as zero")
    calibrated = site.newest_run("mixed_models.calibrate", name)
    rates = [] if calibrated is None else site.query(queries.text("mixed_models/calibration"), run=calibrated).rows()
    if rates and rates[0]["rate"] is not None:
        sentences.append(
            f"{percent(rates[0]['rate'], 1)} of shuffled experiments gave a difference ({percent(rates[0]['level'])} "
            "is right)"
        )
    else:
        sentences.append("its level was not checked here")
    ranked = site.newest_run("rankings", name)
    pairs = [] if ranked is None else site.query(queries.text("rankings/agreement"), run=ranked).rows()
    if pairs:
        agreed = sum(bool(row["is_agreed"]) for row in pairs)
        sentences.append(f"mixed model and rank tests agree on {agreed} of {plural(len(pairs), 'pair')}")
    if warnings:
        sentences.append(f"{plural(len(warnings), 'thing')} to keep in mind")
    line = "; ".join(sentences)
    return line[0].upper() + line[1:] + "."
