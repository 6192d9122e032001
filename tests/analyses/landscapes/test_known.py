"""Made landscapes have what is said of them."""

from __future__ import annotations

import numpy as np
import pytest

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.known import gallery, nk, planted
from hpowh.analyses.landscapes.one.characterise import Options, characterise


@pytest.mark.parametrize("one", gallery(), ids=lambda one: one.name)
def test_the_truth_is_found(one) -> None:
    found = characterise(Surface.from_grid(one.loss), Options(has_network=False))
    for name, value in one.truth.items():
        tolerance = 0.12 if one.name.startswith("nk") else 1e-9
        assert found.value(name) == pytest.approx(value, abs=tolerance), name


def test_neighbours_of_nk_landscapes_correlate_as_is_said() -> None:
    """The mean over 12 instances."""
    for others in (0, 3, 7):
        measured = []
        for seed in range(12):
            one = nk(8, others, seed=seed)
            options = Options(has_network=False, has_importance=False)
            measured.append(characterise(Surface.from_grid(one.loss), options).value("assortativity_loss"))
        assert np.mean(measured) == pytest.approx(one.truth["assortativity_loss"], abs=0.06)


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(LandscapeError, match="0 to 4 others"):
        nk(5, 5)
    with pytest.raises(LandscapeError, match="no room for 50"):
        planted((4, 4), 50)
