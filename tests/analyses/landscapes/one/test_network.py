"""Local optima networks: by hand, by plain loops, and against graphfla."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpowh.analyses.landscapes.errors import TooLargeError
from hpowh.analyses.landscapes.grid.engines import graph_of
from hpowh.analyses.landscapes.grid.surface import Surface
from hpowh.analyses.landscapes.one import perturbation
from hpowh.analyses.landscapes.one.basins import find_basins
from hpowh.analyses.landscapes.one.lon import Network, build_network, describe_roles, network_metrics


def network_of(surface: Surface, step: int) -> tuple[Network, np.ndarray, np.ndarray]:
    """Return the network, the ranks of its optima and their losses."""
    graph = graph_of(surface, engine="numpy")
    basins = find_basins(surface, graph, graph.scan(surface, 0.0))
    return build_network(surface, basins, step), surface.ranks[basins.optima], surface.loss[basins.optima]


def edges(network: Network, ranks: np.ndarray) -> dict[tuple[int, int], int]:
    return {
        (int(ranks[a]), int(ranks[b])): int(n)
        for a, b, n in zip(network.source, network.target, network.count, strict=True)
    }


class TestChain:
    """Optima at ranks 0 (loss 2), 2 (loss 1) and 5 (loss 0) of 2 3 1 4 2.5 0."""

    surface = Surface.from_grid(np.array([2, 3, 1, 4, 2.5, 0]))

    def test_one_step(self) -> None:
        network, ranks, depth = network_of(self.surface, 1)
        assert ranks.tolist() == [0, 2, 5]
        # 0 -> 1, whose best neighbour is 2; from 2 -> 1 and 3 (best neighbour 2) fall back; 5 -> 4 falls back.
        assert edges(network, ranks) == {(0, 2): 1}
        assert network.probability.tolist() == [1.0]
        assert network.stay.tolist() == [0.0, 1.0, 1.0]
        roles = describe_roles(network, depth)
        assert ranks[roles.funnel].tolist() == [2, 2, 5]
        assert np.isnan(roles.path_length[:2]).all()
        assert roles.path_length[2] == 0
        found = {one.name: one for one in network_metrics(network, roles, depth)}
        assert found["lon_1_density"].value == pytest.approx(1 / 6)
        assert found["lon_1_n_funnels"].value == 2
        assert found["lon_1_funnel_global"].value == pytest.approx(1 / 3)
        assert found["lon_1_reach_global"].value == 0
        assert found["lon_1_path_length"].value is None
        assert found["lon_1_path_length"].reason

    def test_two_steps_need_two_hyperparameters(self) -> None:
        network, ranks, _ = network_of(self.surface, 2)
        assert edges(network, ranks) == {}
        assert network.stay.tolist() == [1.0, 1.0, 1.0]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), step=st.sampled_from([1, 2]), ties=st.sampled_from([6, 1000]))
def test_escapes_equal_plain_loops(brute: Any, seed: int, step: int, ties: int) -> None:
    rng = np.random.default_rng(seed)
    grid = rng.integers(0, ties, (3, 4, 3)).astype(float)
    grid[rng.random(grid.shape) < 0.1] = np.nan
    surface = Surface.from_grid(grid, [True, False, True])
    network, ranks, _ = network_of(surface, step)
    plain = brute(surface)
    expected: dict[tuple[int, int], int] = {}
    tries: dict[int, int] = {}
    for member in plain.loss:
        home, moves = plain.descend(member)
        if moves or member not in plain.plateau(home):
            continue
        for other in plain.loss:
            changes = [
                (x, y, o)
                for x, y, o in zip(plain.level[member], plain.level[other], plain.ordinal, strict=True)
                if x != y
            ]
            if len(changes) != step or any(o and abs(x - y) != 1 for x, y, o in changes):
                continue
            if other in plain.plateau(home):
                continue
            tries[home] = tries.get(home, 0) + 1
            end = plain.descend(other)[0]
            if end != home:
                expected[home, end] = expected.get((home, end), 0) + 1
    assert edges(network, ranks) == expected
    for source, count, probability in zip(network.source, network.count, network.probability, strict=True):
        assert probability == pytest.approx(count / tries[int(ranks[source])])
    leaving = np.bincount(network.source, weights=network.probability, minlength=ranks.size)
    np.testing.assert_allclose(network.stay, 1 - leaving, atol=1e-12)


def test_roles_by_hand() -> None:
    """Three optima in a line of escapes 0 -> 1 -> 2 (the best): path lengths 1/p add up."""
    network = Network(
        perturbation=1,
        size=3,
        source=np.array([0, 0, 1, 2]),
        target=np.array([1, 2, 2, 0]),
        count=np.array([3, 1, 2, 2]),
        probability=np.array([0.5, 0.1, 0.25, 0.2]),
        stay=np.array([0.4, 0.75, 0.8]),
    )
    roles = describe_roles(network, np.array([3.0, 2.0, 1.0]))
    assert roles.path_length.tolist() == [6.0, 4.0, 0.0]  # 1/0.5 + 1/0.25 is shorter than 1/0.1
    assert roles.strength_out == pytest.approx([0.6, 0.25, 0.2])
    assert roles.strength_in == pytest.approx([0.2, 0.5, 0.35])
    assert roles.funnel.tolist() == [2, 2, 2]
    assert roles.page_rank.sum() == pytest.approx(1)


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "hpolib/parkinsons_telemonitoring",
        "hpolib/protein_structure",
        "hpolib/slice_localization",
        "nasbench201/cifar10",
    ],
)
def test_improving_edges_agree_with_graphfla(
    name: str, real_table: Callable[[str], Surface], graphfla: dict[str, Any]
) -> None:
    """The peer's monotonic network by two edits keeps improving edges of more than three escapes."""
    network, _, depth = network_of(real_table(name), 2)
    kept = (depth[network.target] < depth[network.source]) & (network.count > 3)
    assert np.count_nonzero(kept) == graphfla[name]["lon_edges"]


def test_too_many_escapes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perturbation, "MAX_ESCAPES", 10)
    with pytest.raises(TooLargeError, match="escapes"):
        network_of(Surface.from_grid(np.random.default_rng(0).random((4, 4, 4))), 2)
