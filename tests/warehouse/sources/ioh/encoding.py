"""Folders as IOHexperimenter's analyzer writes them: a JSON file a function, a `.dat` file a dimension."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

Course = Sequence[tuple[int, float]]


def best_of(course: Course, maximise: bool) -> tuple[int, float]:
    return (max if maximise else min)(course, key=lambda point: point[1])


def write(
    folder: Path,
    algorithm: str,
    scenarios: dict[int, list[tuple[int, Course]]],
    *,
    function: tuple[int, str] = (1, "Sphere"),
    maximise: bool = False,
    suite: str = "unknown_suite",
    extra: str = "",
) -> Path:
    """Write one function: dimension -> runs as (instance, course). `extra` is a further attribute, always 0."""
    number, title = function
    told = []
    for dimension, runs in scenarios.items():
        place = f"data_f{number}_{title}/IOHprofiler_f{number}_DIM{dimension}.dat"
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        heading = f"evaluations {extra + ' ' if extra else ''}raw_y\n"
        zero = "0.0000000000 " if extra else ""
        blocks = ["".join([heading, *(f"{at} {zero}{value:.10f}\n" for at, value in course)]) for _, course in runs]
        (folder / place).write_text("".join(blocks))
        listed = []
        for instance, course in runs:
            at, value = best_of(course, maximise)
            listed.append({"instance": instance, "evals": course[-1][0], "best": {"evals": at, "y": value, "x": [0.5]}})
        told.append({"dimension": dimension, "path": place, "runs": listed})
    head = {
        "version": "0.4.2", "suite": suite, "function_id": number, "function_name": title, "maximization": maximise,
        "algorithm": {"name": algorithm, "info": ""}, "attributes": ["evaluations", "raw_y"], "scenarios": told,
    }  # fmt: skip
    (folder / f"IOHprofiler_f{number}_{title}.json").write_text(json.dumps(head))
    return folder
