"""The views of neighbours beside plain loops over configurations with absent values, which know no ranks."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpowh.analyses.landscapes.errors import LandscapeError
from hpowh.analyses.landscapes.grid.graph import EdgeGraph
from hpowh.analyses.landscapes.grid.own import own_levels
from hpowh.analyses.landscapes.reading.keys import read_keys
from hpowh.analyses.landscapes.reading.rows import read_surface, rows_of
from hpowh.warehouse import Warehouse
from hpowh.warehouse.ingest.dimensions import Hyperparameter, Requirement, search_space_id

Setting = tuple[int | None, ...]
"""The level of each hyperparameter, None where it is inactive."""


def random_space(rng: np.random.Generator) -> list[Hyperparameter]:
    """Two to four hyperparameters, some of them conditional on one or two before, also on conditional ones."""
    space: list[Hyperparameter] = []
    for at in range(int(rng.integers(2, 5))):
        size = int(rng.integers(1, 5))
        wanted: dict[str, set[int]] = {}
        for other in rng.permutation(at)[: int(rng.integers(0, 3))]:
            parent = space[other]
            levels = set(rng.permutation(len(parent.levels))[: int(rng.integers(1, 3))].tolist())
            for one in (Requirement(parent.name, tuple(levels)), *parent.requires):  # what it requires itself, too
                wanted[one.name] = wanted.get(one.name, set(one.levels)) & set(one.levels)
        requires = [Requirement(name, tuple(sorted(levels))) for name, levels in wanted.items()]
        if not all(wanted.values()):  # never active
            requires = []
        default = int(rng.integers(size)) if requires and rng.random() < 0.5 else None
        kind = "ordinal" if rng.random() < 0.6 else "categorical"
        space.append(
            Hyperparameter(
                name=f"h{at}",
                kind=kind,
                value_type="int",
                levels=tuple(range(size)),
                requires=tuple(requires),
                default=default,
            )
        )
    return space


def settled(space: list[Hyperparameter], levels: list[int | None]) -> Setting:
    """What is inactive has no level; what has none and is active starts at its default."""
    found: dict[str, int | None] = {}
    for h, level in zip(space, levels, strict=True):
        is_active = all(found[one.name] in one.levels for one in h.requires)
        found[h.name] = (h.default_level if level is None else level) if is_active else None
    return tuple(found.values())


def configurations(space: list[Hyperparameter]) -> list[Setting]:
    return sorted({settled(space, list(cell)) for cell in itertools.product(*(h.levels for h in space))}, key=repr)


def neighbours(space: list[Hyperparameter], one: Setting, own: list[list[int]]) -> Iterator[Setting]:
    """Yield where a step leads; what a step switches off must stand where switching it on arrives.

    Args:
        own: of each hyperparameter the levels that take part.
    """
    for at, h in enumerate(space):
        if one[at] is None:
            continue
        here = own[at].index(one[at])
        for there, level in enumerate(own[at]):
            if there == here or (h.kind == "ordinal" and abs(there - here) > 1):
                continue
            other = settled(space, [level if j == at else value for j, value in enumerate(one)])
            gone = [j for j in range(len(space)) if one[j] is not None and other[j] is None]
            if all(one[j] == space[j].default_level for j in gone):
                yield other


def rank(space: list[Hyperparameter], one: Setting) -> int:
    found = 0
    for h, level in zip(space, one, strict=True):
        found = found * len(h.levels) + (h.default_level if level is None else level)
    return found


def taking_part(space: list[Hyperparameter], losses: dict[Setting, float | None]) -> list[list[int]]:
    """Return the levels that take part, as docs/landscapes.md has it; a loss of None is a failure."""
    whole = [list(range(len(h.levels))) for h in space]
    if any(h.requires for h in space):
        return whole
    good = [one for one, loss in losses.items() if loss is not None]
    used = [sorted({one[at] for one in good}) for at in range(len(space))]
    if len(good) >= 0.5 * np.prod([len(levels) for levels in used]):
        return used
    tried = [{one[at] for one in losses} for at in range(len(space))]
    return [[x for x in whole[at] if x in used[at] or x not in tried[at]] for at in range(len(space))]


@pytest.fixture(scope="module")
def filled(empty_warehouse: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, list[Any]]:
    """Forty-five random spaces, each with a landscape that lacks nothing, some, or most; some configurations failed."""
    path = tmp_path_factory.mktemp("neighbours") / "hpowh.duckdb"
    shutil.copy(empty_warehouse, path)
    warehouse, rng, made = Warehouse(path), np.random.default_rng(5), []
    with warehouse.writing() as connection:
        connection.execute("insert into core.benchmark values (1, 'b')")
        connection.execute("insert into core.metric values (1, 'loss', 'min', null, null, null)")
        for number in range(45):
            space = random_space(rng)
            found = search_space_id(connection, f"s{number}", space, 1)
            all_of_them = configurations(space)
            share = float(rng.choice([1.0, 0.7, 0.3]))
            losses: dict[Setting, float | None] = {
                one: None if rng.random() < 0.15 and share < 1 else float(rng.integers(0, 9))
                for one in all_of_them
                if rng.random() < share
            }
            rows = [
                (found, rank(space, one), loss, "ok" if loss is not None else "failed") for one, loss in losses.items()
            ]
            if rows:
                connection.executemany(
                    "insert into core.evaluation values (?, ?, 1, null, null, null, 1, 'valid', ?, null, ?, 1)", rows
                )
            made.append((f"s{number}", space, losses))
    return warehouse, made


def by_space(rows: list[tuple[Any, ...]]) -> dict[str, set[tuple[Any, ...]]]:
    found: dict[str, set[tuple[Any, ...]]] = {}
    for name, *row in rows:
        assert tuple(row) not in found.setdefault(name, set())
        found[name].add(tuple(row))
    return found


def test_neighbours_of_a_space_are_the_steps_between_its_configurations(filled):
    warehouse, made = filled
    rows = warehouse.sql(
        "select search_space, configuration_id, neighbour_id, hyperparameter from mart.neighbour"
    ).rows()
    found = by_space(rows)
    for name, space, _ in made:
        whole = [list(range(len(h.levels))) for h in space]
        wanted = {
            (
                rank(space, one),
                rank(space, other),
                next(h.name for h, a, b in zip(space, one, other, strict=True) if a != b),
            )
            for one in configurations(space)
            for other in neighbours(space, one, whole)
        }
        assert found.get(name, set()) == wanted, name
    assert sum(any(h.requires for h in space) for _, space, _ in made) > 10


def test_edges_of_a_landscape_are_the_steps_between_what_has_a_loss_over_its_own_levels(filled):
    warehouse, made = filled
    found = by_space(
        warehouse.sql("select search_space, configuration_id, neighbour_id, difference from mart.landscape_edge").rows()
    )
    skipped = 0
    for name, space, losses in made:
        own = taking_part(space, losses)
        skipped += any(len(levels) < len(h.levels) for levels, h in zip(own, space, strict=True))
        wanted = {
            (rank(space, one), rank(space, other), losses[other] - loss)
            for one, loss in losses.items()
            if loss is not None
            for other in neighbours(space, one, own)
            if losses.get(other) is not None
        }
        assert found.get(name, set()) == wanted, name
    assert skipped > 0


def test_the_edges_of_the_engine_are_those_of_the_view(filled):
    warehouse, _ = filled
    listed = by_space(
        warehouse.sql("select search_space, configuration_id, neighbour_id from mart.landscape_edge").rows()
    )
    seen = 0
    for key in read_keys(rows_of(warehouse)):
        try:
            surface = read_surface(warehouse, key)
        except LandscapeError:  # nothing succeeded
            assert key.search_space not in listed
            continue
        own = own_levels(surface)
        inner = surface if own is None else own.surface
        ranks = inner.ranks if own is None else own.whole(inner.ranks)
        graph = EdgeGraph(inner.space, inner.ranks)
        edges = set(zip(ranks[graph.source].tolist(), ranks[graph.target].tolist(), strict=True))
        assert edges == listed.get(key.search_space, set()), key.search_space
        seen += bool(edges)
    assert seen > 10
