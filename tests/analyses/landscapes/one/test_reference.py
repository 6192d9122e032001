"""The 15 real tables against graphfla 0.4.0 (../shared/reference, its conventions stand there)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one.characterise import Characterisation, Options, characterise

pytestmark = pytest.mark.shared

HPOBENCH = ("car", "phoneme", "vehicle", "australian", "kc1", "segment", "blood_transfusion", "credit_g")
FCNET = ("naval_propulsion", "parkinsons_telemonitoring", "protein_structure", "slice_localization")
NAS = ("cifar10", "cifar100", "imagenet")
TABLES = (
    *(f"hpobench/{name}" for name in HPOBENCH),
    *(f"hpolib/{name}" for name in FCNET),
    *(f"nasbench201/{name}" for name in NAS),
)
BASINS_AGREE = ("hpolib/parkinsons_telemonitoring", "hpolib/protein_structure", "hpolib/slice_localization")
"""Tables with next to no ties; elsewhere the peer leaves a plateau through its first exit, here through the best."""


@pytest.fixture(scope="module", params=TABLES)
def found(
    request: pytest.FixtureRequest, real_table: Callable[[str], Surface]
) -> tuple[str, Surface, Characterisation]:
    surface = real_table(request.param)
    options = Options(is_bounded=True, epsilon="0.001", has_importance=False, has_network=False)
    return request.param, surface, characterise(surface, options)


def test_agrees_with_graphfla(found: tuple[str, Surface, Characterisation], graphfla: dict[str, Any]) -> None:
    name, _, result = found
    reference = graphfla[name]
    assert result.value("n_configurations") == reference["n_configs"]
    # The peer keeps ties out of its graph; here they are edges.
    assert result.value("n_edges") - result.value("n_ties") == reference["n_edges"]
    for ours, theirs in (
        ("n_lo", "n_lo"),
        ("n_lo_members", "n_lo_members"),
        ("n_plateau", "n_plateau"),
        ("n_plateau_lo", "n_plateau_lo"),
    ):
        assert result.value(ours) == reference[theirs], ours
    assert result.value("loss_best") == pytest.approx(-reference["go_fitness"], abs=1e-12)
    assert result.value("neutrality") == pytest.approx(reference["neutrality_abs_0p001"], abs=1e-12)
    assert result.value("fdc_spearman") == pytest.approx(-reference["fdc_spearman"], abs=1e-9)
    assert result.value("fdc_pearson") == pytest.approx(-reference["fdc_pearson"], abs=1e-9)
    assert result.value("basin_mean") == pytest.approx(reference["mean_basin_size"])


def test_neutrality_at_the_peers_threshold(
    found: tuple[str, Surface, Characterisation], graphfla: dict[str, Any]
) -> None:
    name, _, result = found
    curve = result.tables["landscape_neutrality"]
    at = int(np.flatnonzero(np.isclose(curve["epsilon"], 0.01, rtol=1e-12))[0])
    assert curve["neutrality"][at] == pytest.approx(graphfla[name]["neutrality_default_0p01"], abs=1e-12)


@pytest.mark.parametrize("name", BASINS_AGREE)
def test_basins_agree_where_there_are_no_ties(
    name: str, real_table: Callable[[str], Surface], graphfla: dict[str, Any]
) -> None:
    result = characterise(real_table(name), Options(has_importance=False, has_network=False))
    assert result.value("basin_largest") == graphfla[name]["max_basin_size"]
    assert result.value("basin_median") == graphfla[name]["median_basin_size"]


def test_the_three_readings_of_a_local_optimum_on_car(real_table: Callable[[str], Surface]) -> None:
    """A plateau once, every configuration without an improving neighbour, and strict optima only."""
    result = characterise(real_table("hpobench/car"), Options(has_importance=False, has_network=False))
    assert [result.value(name) for name in ("n_lo", "n_lo_weak", "n_lo_strict")] == [529, 1495, 496]


def test_diverged_runs_ruin_the_raw_assortativity_only(real_table: Callable[[str], Surface]) -> None:
    result = characterise(real_table("hpolib/protein_structure"), Options(has_importance=False, has_network=False))
    assert result.value("assortativity_loss") == pytest.approx(0.150, abs=5e-4)
    assert result.value("assortativity_rank") == pytest.approx(0.907, abs=5e-4)


def test_fcnet_has_the_pairs_of_its_conventions(real_table: Callable[[str], Surface]) -> None:
    assert real_table("hpolib/protein_structure").space.pair_count == 378_432
