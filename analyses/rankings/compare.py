"""All rank-based comparisons of blocks as rows of the `ranking_*` tables, and agreement with the mixed model."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from hpowh.analyses.rankings.bayes import (
    Posterior,
    draws_for,
    sign_counts,
    sign_posterior,
    signed_rank_test,
    signed_rank_weights,
)
from hpowh.analyses.rankings.blocks import Blocks
from hpowh.analyses.rankings.frequentist import (
    LEVEL,
    Omnibus,
    Pair,
    critical_difference,
    friedman,
    iman_davenport,
    nemenyi,
    sign_flips,
    wilcoxon_holm,
)
from hpowh.analyses.rankings.groups import bars
from hpowh.analyses.statistics.multiplicity import holm

Row = dict[str, Any]
Rows = dict[str, list[Row]]

SILENT = "too few blocks to show any difference"
"""The verdict of a test that cannot come below 5 %, whatever the data: it agrees with nobody and contradicts nobody."""
SHOWN_EVERY = 50
"""So many pairs are compared between two reports of progress."""


def ranking_rows(
    blocks: Blocks,
    setting: str,
    rope: float,
    seed: int,
    sign: float = 1.0,
    progress: Callable[[int, int], None] | None = None,
) -> Rows:
    """Return the rows of every `ranking_*` table except the agreement.

    Args:
        sign: -1 where the response is maximised: blocks hold losses, tables the response as it was measured.
            Differences of pairs stay differences of losses.
        progress: called with how many pairs have been compared, and how many there are.
    """
    ranks, n = blocks.ranks, len(blocks.losses)
    mean = ranks.mean(axis=0)
    order = np.argsort(mean, kind="stable")
    position = {int(i): p + 1 for p, i in enumerate(order)}
    rows: Rows = {
        "ranking_block": [
            {
                "setting": setting,
                "block": name,
                "algorithm": algorithm,
                "value": sign * blocks.losses[b, a],
                "rank": ranks[b, a],
            }
            for b, name in enumerate(blocks.names)
            for a, algorithm in enumerate(blocks.algorithms)
        ],
        "ranking_algorithm": [
            {
                "setting": setting,
                "algorithm": algorithm,
                "block_count": n,
                "position": position[a],
                "mean_rank": mean[a],
                "mean_value": sign * blocks.losses[:, a].mean(),
                "median_value": sign * np.median(blocks.losses[:, a]),
            }
            for a, algorithm in sorted(enumerate(blocks.algorithms), key=lambda one: float(position[one[0]]))
        ],
        "ranking_test": _test_rows(blocks, setting),
    }
    nemenyi_pairs, wilcoxon_pairs = nemenyi(blocks), wilcoxon_holm(blocks)
    rows["ranking_pair"] = [
        *(_pair_row(pair, "nemenyi", setting) for pair in nemenyi_pairs),
        *(_pair_row(pair, "wilcoxon_holm", setting) for pair in wilcoxon_pairs),
        *_permutation_rows(blocks, setting, seed),
        *_bayes_rows(blocks, setting, rope, seed, progress),
    ]
    rows["ranking_group"] = [
        *_group_rows(blocks, nemenyi_pairs, "nemenyi", setting),
        *_group_rows(blocks, wilcoxon_pairs, "wilcoxon_holm", setting),
    ]
    return rows


def _test_rows(blocks: Blocks, setting: str) -> list[Row]:
    n, k = blocks.losses.shape
    found = [_omnibus_row(test, blocks, setting) for test in (friedman(blocks), iman_davenport(blocks))]
    found.append(
        _omnibus_row(Omnibus(name="nemenyi", statistic=np.nan, df1=np.nan, df2=np.nan, p_value=np.nan), blocks, setting)
        | {"critical_difference": critical_difference(n, k)}
    )
    return found


def _omnibus_row(test: Omnibus, blocks: Blocks, setting: str) -> Row:
    return {
        "setting": setting,
        "test": test.name,
        "statistic": test.statistic,
        "df1": test.df1,
        "df2": test.df2,
        "p_value": test.p_value,
        "critical_difference": None,
        "block_count": len(blocks.losses),
        "dropped_count": len(blocks.dropped),
        "reason": test.reason,
    }


def _pair_row(pair: Pair, test: str, setting: str) -> Row:
    return {
        "setting": setting,
        "test": test,
        "first": pair.first,
        "second": pair.second,
        "estimate": pair.estimate,
        "statistic": pair.statistic,
        "p_value": pair.p_value,
        "p_adjusted": pair.p_adjusted,
        **dict.fromkeys(("probability_first", "probability_rope", "probability_second")),
        "is_different": None if np.isnan(pair.p_adjusted) else bool(pair.p_adjusted < LEVEL),
        "reason": pair.reason,
    }


def _permutation_rows(blocks: Blocks, setting: str, seed: int) -> list[Row]:
    """The sign-flip test of the mean difference, by Holm: a check that needs no ranks and no normality."""
    names = blocks.algorithms
    pairs = list(itertools.combinations(range(len(names)), 2))
    differences = np.column_stack([blocks.losses[:, i] - blocks.losses[:, j] for i, j in pairs])
    p_values = np.asarray(sign_flips(differences, seed), dtype=float)
    return [
        _pair_row(
            Pair(
                first=names[i],
                second=names[j],
                estimate=float(mean),
                statistic=np.nan,
                p_value=float(p),
                p_adjusted=float(adjusted),
            ),
            "sign_flip",
            setting,
        )
        for (i, j), mean, p, adjusted in zip(pairs, differences.mean(axis=0), p_values, holm(p_values), strict=True)
    ]


def _bayes_rows(
    blocks: Blocks, setting: str, rope: float, seed: int, progress: Callable[[int, int], None] | None
) -> list[Row]:
    rng, rows = np.random.default_rng(seed), []
    signs: dict[tuple[int, int, int], Posterior] = {}
    pairs = list(itertools.combinations(blocks.algorithms, 2))
    draws = draws_for(len(pairs), len(blocks.losses))
    weights = signed_rank_weights(len(blocks.losses), rng, draws)
    for done, (first, second) in enumerate(pairs, start=1):
        counts = sign_counts(blocks, first, second, rope)
        if counts not in signs:  # pairs with the same counts have the same posterior
            signs[counts] = sign_posterior(counts, rng, draws)
        rows.append(_bayes_row(signs[counts], "bayes_sign", first, second, setting))
        found = signed_rank_test(blocks, first, second, rope, weights)
        rows.append(_bayes_row(found, "bayes_signed_rank", first, second, setting))
        if progress is not None and (done % SHOWN_EVERY == 0 or done == len(pairs)):
            progress(done, len(pairs))
    return rows


def _bayes_row(found: Posterior, name: str, first: str, second: str, setting: str) -> Row:
    empty = ("estimate", "statistic", "p_value", "p_adjusted", "reason")
    return {
        "setting": setting,
        "test": name,
        "first": first,
        "second": second,
        **dict.fromkeys(empty),
        "probability_first": found.first,
        "probability_rope": found.rope,
        "probability_second": found.second,
        "is_different": found.verdict in ("first", "second"),
    }


def _group_rows(blocks: Blocks, pairs: Sequence[Pair], method: str, setting: str) -> list[Row]:
    """Return every algorithm in its place (group 0) and the bars (groups 1, 2, …), from best mean rank to worst."""
    mean = blocks.ranks.mean(axis=0)
    order = [int(i) for i in np.argsort(mean, kind="stable")]
    different = {frozenset((p.first, p.second)) for p in pairs if p.p_adjusted < LEVEL}
    found = bars([blocks.algorithms[i] for i in order], different)
    place = {blocks.algorithms[i]: (rank + 1, mean[i]) for rank, i in enumerate(order)}
    rows = []
    for number, members in enumerate([tuple(place), *found]):
        rows += [
            {
                "setting": setting,
                "method": method,
                "direction": "min",
                "group_number": number,
                "algorithm": name,
                "position": place[name][0],
                "mean_rank": place[name][1],
            }
            for name in members
        ]
    return rows


def agreement_rows(
    rows: Mapping[str, Sequence[Row]], model_pairs: Sequence[Row], setting: str, response: str
) -> list[Row]:
    """Set the mixed model's verdict on every pair beside those of the rank tests, the Bayesian one's included.

    Args:
        model_pairs: `first`, `second`, `estimate` (first - second, losses), `p_adjusted` of the model's contrasts.
        response: what the model is of; sentences name it.
    """
    by_test = {(row["test"], frozenset((row["first"], row["second"]))): row for row in rows["ranking_pair"]}
    found = []
    for pair in model_pairs:
        key = frozenset((pair["first"], pair["second"]))
        tests = {name: by_test[name, key] for name in ("nemenyi", "wilcoxon_holm", "bayes_signed_rank")}
        verdicts = {"lmem": _verdict(pair, pair["estimate"])}
        for name in ("nemenyi", "wilcoxon_holm"):
            row = tests[name]
            sign = row["estimate"] if row["first"] == pair["first"] else -row["estimate"]
            verdicts[name] = _verdict(row | {"first": pair["first"], "second": pair["second"]}, sign)
        if str(tests["wilcoxon_holm"].get("reason") or "").startswith("cannot"):
            verdicts["wilcoxon_holm"] = SILENT
        verdicts["bayes"] = _bayes_verdict(tests["bayes_signed_rank"])
        asked = [name for name in verdicts if name != "bayes" or len(model_pairs) == 1]
        corrected = {_winner(verdicts[name]) for name in asked if verdicts[name] != SILENT}
        is_agreed = len(corrected) == 1 and _winner(verdicts["bayes"]) in (*corrected, "")
        is_looser = len(corrected) == 1 and not is_agreed and corrected == {""}
        found.append(
            {
                "setting": setting,
                "first": pair["first"],
                "second": pair["second"],
                "lmem_p_adjusted": pair["p_adjusted"],
                "nemenyi_p": tests["nemenyi"]["p_adjusted"],
                "wilcoxon_p_adjusted": tests["wilcoxon_holm"]["p_adjusted"],
                "lmem_verdict": verdicts["lmem"],
                "nemenyi_verdict": verdicts["nemenyi"],
                "wilcoxon_verdict": verdicts["wilcoxon_holm"],
                "bayes_verdict": verdicts["bayes"],
                "is_agreed": is_agreed,
                "sentence": _sentence(pair, verdicts, is_agreed, response, len(model_pairs) if is_looser else None),
            }
        )
    return found


def _verdict(row: Mapping[str, Any], sign: float) -> str:
    p = row["p_adjusted"]
    if p is None or np.isnan(p) or p >= LEVEL:
        return "no difference seen"
    return f"{row['first'] if sign < 0 else row['second']} better"


def _bayes_verdict(row: Mapping[str, Any]) -> str:
    found = Posterior(row["probability_first"], row["probability_rope"], row["probability_second"])
    names = {"first": f"{row['first']} better", "second": f"{row['second']} better", "equal": "practically equal"}
    return names.get(found.verdict, "undecided")


def _winner(verdict: str) -> str:
    """Return who is better by a verdict; nobody where none is seen, or the two are practically equal."""
    return verdict.removesuffix(" better") if verdict.endswith(" better") else ""


def _sentence(
    pair: Mapping[str, Any], verdicts: Mapping[str, str], is_agreed: bool, response: str, uncorrected: int | None
) -> str:
    """Say who agrees; `uncorrected`: only the Bayesian test sees a difference, which knows nothing of so many pairs."""
    names = f"{pair['first']} and {pair['second']}"
    is_silent = verdicts["wilcoxon_holm"] == SILENT
    also = f" Wilcoxon-Holm: {SILENT}." if is_silent else ""
    if uncorrected is not None:
        both = "Nemenyi" if is_silent else "Nemenyi and Wilcoxon-Holm"
        return (
            f"{names}: mixed model of {response}{' and' if is_silent else ','} {both} agree (no difference seen); the "
            f"Bayesian signed rank, which is of this pair alone and not corrected for {uncorrected} pairs: "
            f"{verdicts['bayes']}.{also}"
        )
    if is_agreed:
        others = "Nemenyi and Bayes" if is_silent else "Nemenyi, Wilcoxon and Bayes"
        return f"{names}: mixed model of {response}, {others} agree ({verdicts['lmem']}).{also}"
    return (
        f"{names}: the tests do not agree: mixed model of {response}: {verdicts['lmem']}; "
        f"Nemenyi: {verdicts['nemenyi']}; Wilcoxon-Holm: {verdicts['wilcoxon_holm']}; "
        f"Bayesian signed rank: {verdicts['bayes']}."
    )
