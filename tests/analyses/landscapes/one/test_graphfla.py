"""graphfla 0.4.0 on small landscapes that the project draws; its answers are kept in `tests/reference`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Characterisation, Options, characterise

REFERENCE = Path(__file__).resolve().parents[3] / "reference"
ANSWERS = json.loads((REFERENCE / "graphfla_answers.json").read_text(encoding="utf-8"))["landscapes"]
WITHOUT_TIES = ("rugged", "binary", "smooth")


def drawn(name: str) -> Surface:
    sys.path.insert(0, str(REFERENCE))
    try:
        from make_landscapes import landscapes
    finally:
        sys.path.remove(str(REFERENCE))
    shape, ordinal, loss = landscapes()[name]
    return Surface.from_grid(np.array(loss).reshape(shape), list(ordinal))


@pytest.fixture(scope="module", params=ANSWERS)
def found(request: pytest.FixtureRequest) -> tuple[Characterisation, dict[str, float], str]:
    surface = drawn(request.param)
    answer = ANSWERS[request.param]
    assert surface.loss.mean() == pytest.approx(answer["mean_loss"], rel=1e-12)
    return characterise(surface, Options(epsilon="0.001", has_importance=False)), answer, request.param


def test_counts_are_graphflas(found) -> None:
    result, answer, _ = found
    assert result.value("n_configurations") == answer["n_configs"]
    assert result.value("n_edges") - result.value("n_ties") == answer["n_edges"]  # the peer keeps ties out of its graph
    for name in ("n_lo", "n_lo_members", "n_plateau", "n_plateau_lo"):
        assert result.value(name) == answer[name], name
    assert result.value("loss_best") == pytest.approx(answer["best"], abs=1e-12)


def test_neutrality_is_graphflas(found) -> None:
    result, answer, _ = found
    assert result.value("neutrality") == pytest.approx(answer["neutrality"], abs=1e-12)


@pytest.mark.parametrize("name", ANSWERS)
def test_neutrality_within_a_tenth_is_graphflas(name: str) -> None:
    result = characterise(drawn(name), Options(epsilon="0.1", has_importance=False, has_network=False))
    assert result.value("neutrality") == pytest.approx(ANSWERS[name]["neutrality_0.1"], abs=1e-12)


def test_fitness_distance_correlation_is_graphflas(found) -> None:
    result, answer, _ = found
    for method in ("spearman", "pearson"):
        assert result.value(f"fdc_{method}") == pytest.approx(answer[f"fdc_{method}"], abs=1e-9)


def test_basins_are_graphflas_where_nothing_is_tied(found) -> None:
    """With ties the peer leaves a plateau by its first exit, here by the best."""
    result, answer, name = found
    if name not in WITHOUT_TIES:
        assert result.value("n_ties") > 0
        return
    assert result.value("n_ties") == 0
    assert result.value("basin_mean") == pytest.approx(answer["basin_mean"])
    assert result.value("basin_largest") == answer["basin_largest"]
    assert result.value("basin_median") == answer["basin_median"]
