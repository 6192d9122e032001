"""Folders as COCO's logger writes them: an `.info` file a function, a `.dat` and a `.tdat` file a dimension."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

Course = Sequence[tuple[int, float]]
HEADING = (
    "% f evaluations | g evaluations | best noise-free fitness - Fopt (7.9e+01) + sum g_i+ | measured fitness | "
    "best measured fitness or single-digit g-values | x1 | x2...\n"
)


def lines(course: Course, constraints: int) -> str:
    best = float("inf")
    text = HEADING
    for at, value in course:
        best = min(best, value)
        text += f"{at} {constraints} {best:+.9e} {value + 79.48:+.9e} {best + 79.48:+.9e} +1.0e+00 -2.0e+00\n"
    return text


def write(
    folder: Path,
    algorithm: str,
    scenarios: dict[int, list[tuple[int, Course]]],
    *,
    function: int = 1,
    constraints: int = 0,
    with_tdat: bool = True,
) -> Path:
    """Write one function: dimension -> runs as (instance, course). The `.dat` has improvements and the end only."""
    info = ""
    for dimension, runs in scenarios.items():
        place = folder / f"data_f{function}" / f"bbobexp_f{function}_DIM{dimension}"
        place.parent.mkdir(parents=True, exist_ok=True)
        few = []
        for _, course in runs:
            best = [
                point for i, point in enumerate(course) if point[1] < min([v for _, v in course[:i]] + [float("inf")])
            ]
            few.append([*best, *([course[-1]] if course[-1] not in best else [])])
        place.with_suffix(".dat").write_text("".join(lines(course, constraints) for course in few))
        if with_tdat:
            place.with_suffix(".tdat").write_text("".join(lines(course, constraints) for _, course in runs))
        info += (
            f"suite = 'bbob', funcId = {function}, DIM = {dimension}, Precision = 1.000e-08, algId = '{algorithm}', "
            "coco_version = '2.8.2', logger = 'bbob', data_format = 'bbob-new2', settings = ''\n% \n"
            f"data_f{function}/{place.name}.dat"
        )
        for instance, course in runs:
            info += f", {instance}:{course[-1][0]}|{min(value for _, value in course):.1e}"
        info += "\n"
    (folder / f"bbobexp_f{function}.info").write_text(info.removesuffix("\n"))
    return folder
