"""The answer on top of a model's page: its order, who may be first, and the three panels of its figure."""

from __future__ import annotations

import pytest

from hpowh.analyses.mixed_models.studies.verdicts import Evidence, Pair, tiers
from hpowh.reports.charts.standing import standing
from hpowh.reports.pages.model.answer import groups_of, order


def level(name: str, estimate: float, ranks: tuple[int | None, int | None], **more: object) -> dict[str, object]:
    return {
        "model": "model", "setting": "", "level": name, "estimate": estimate, "lower": estimate - 1.0,
        "upper": estimate + 1.0, "letters": "", "rank_lower": ranks[0], "rank_upper": ranks[1], "best": "A",
        "direction": "min", "response": "log_regret", "difference": None, "difference_lower": None,
        "difference_upper": None, "method": "tukey", **more,
    }  # fmt: skip


def test_the_order_says_who_may_be_first():
    rows = [level("A", -2.0, (1, 2)), level("B", -1.9, (1, 2)), level("C", 0.0, (3, 3))]
    said = order(rows)
    assert said == (
        "By mean log10 regret, the best first: A (\u22122.00), B (\u22121.90), C (0); "
        "first may be A, B (ranks at 95 %, all together)."
    )


@pytest.mark.parametrize(
    ("ranks", "end"),
    [
        ([(1, 1), (2, 3), (2, 3)], "only A may be first (ranks at 95 %, all together)."),
        ([(1, 3), (1, 3), (1, 3)], "first may be any of them (ranks at 95 %, all together)."),
        ([(None, None)] * 3, "C (0)."),
    ],
)
def test_the_order_claims_no_more_than_its_ranks(ranks, end):
    rows = [level(name, 0.0, one) for name, one in zip("ABC", ranks, strict=True)]
    assert order(rows).endswith(end)


def test_the_order_says_of_which_means_it_is():
    rows = [level("A", -2.0, (1, 1)), level("B", 0.0, (2, 2))]
    assert order(rows, (), " (at budget 10)").startswith("By mean log10 regret (at budget 10), the best first: A (")


def test_without_a_direction_or_a_second_level_there_is_no_order():
    assert order([level("A", 0.0, (1, 1))]) is None
    assert order([level("A", 0.0, (1, 2), direction=None), level("B", 1.0, (1, 2), direction=None)]) is None


def test_many_levels_are_counted_and_not_all_named():
    rows = [level(f"L{i:02d}", float(i), (1, 30)) for i in range(30)]
    assert "L07 (7.00) and 22 more;" in order(rows)


def test_the_panels_share_their_rows_and_the_best_is_on_top():
    far = {"difference": 2.0, "difference_lower": 0.5, "difference_upper": 3.0}
    drawn = standing([level("A", 1.0, (1, 1)), level("<B>", 3.0, (2, 2), **far)], lambda _: "@0", "log10 regret")
    means, first, second, differences, _ = drawn["data"]
    names = ["A", "&lt;B&gt;"]
    assert means["y"] == differences["y"] == names
    assert (first["x"], second["x"], second["y"]) == ([1, 1], [2, 2], ["&lt;B&gt;"] * 2)
    assert differences["x"] == [0.0, 2.0]
    assert (differences["error_x"]["arrayminus"], differences["error_x"]["array"]) == ([0.0, 1.5], [0.0, 1.0])
    high, low = drawn["layout"]["yaxis"]["range"]
    assert high > 1 and low < 0  # reversed: the first row is on top
    assert "lower is better" in drawn["layout"]["xaxis"]["title"]["text"]


def test_groups_keep_the_order_of_models():
    rows = [level("A", 1.0, (1, 1), model="b"), level("A", 1.0, (1, 1), model="a"), level("B", 2.0, (2, 2), model="b")]
    assert list(groups_of(rows)) == [("b", ""), ("a", "")]


def test_a_tier_is_one_below_the_lowest_that_is_better():
    pairs = [
        Pair(first="A", second="B", p=0.5, estimate=-0.1),
        Pair(first="A", second="C", p=0.01, estimate=-1.0),
        Pair(first="B", second="C", p=0.2, estimate=-0.9),
        Pair(first="A", second="D", p=0.01, estimate=-2.0),
        Pair(first="B", second="D", p=0.01, estimate=-1.9),
        Pair(first="D", second="C", p=0.02, estimate=1.0),
    ]
    found = Evidence(experiment="x", scope="", response="r", method="m", order=["A", "B", "C", "D"], pairs=pairs)
    assert tiers(found) == [["A", "B"], ["C"], ["D"]]
    rows = [level(name, float(i), (1, 4)) for i, name in enumerate("ABCD")]
    assert ". Tiers, each worse at 5 % than somebody in the one before: 1: A, B; 2: C; 3: D; " in order(
        rows, tiers(found)
    )
    alone = Evidence(experiment="x", scope="", response="r", method="m", order=["A", "B"], pairs=pairs[:1])
    assert tiers(alone) == [["A", "B"]] and "Tiers" not in order(rows[:2], tiers(alone))
