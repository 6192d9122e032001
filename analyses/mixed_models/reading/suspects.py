"""Values that look like codes: one number far from all others, or the same in all runs of an algorithm on a benchmark.

A failed run that was recorded as 1e9 (or as 0) is a number to every mean and rank. Nothing in the table says that it is
a code, so nothing is left out; but no conclusion may stand without a word on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hpowh.analyses.mixed_models.reading.catalogue import Selection
from hpowh.analyses.mixed_models.reading.observations import observations

CODE, SAME = "if this stands for failed runs", "one and the same value in all of its runs"
TWINS = "under two names?"
AVERAGED = "its levels are averaged"
"""In the sentences, which verdicts carry on."""
FEWEST_RUNS = 3
"""So many runs before their being equal tells."""
MOST_NAMED = 3
MANY_ZEROS = 0.2
"""From this share of rows without regret on, or with one run each, it is said what a logarithm does to them."""


def lonely_query(overview: str) -> str:
    """Return how many benchmarks may have a value of `codes_query`, which looks at every row.

    The least value is none where another one is as near to it as to the greatest, and so for the greatest. The bounds
    of runs, which are in the table of `overview_query`, settle that nearly always.
    """
    return f"""with one as (
  select benchmark_id, low as v from {overview} where finite > 0
  union all select benchmark_id, high from {overview} where finite > 0
),
ends as (select benchmark_id, min(v) as low, max(v) as high from one group by benchmark_id),
told as (
  select benchmark_id, bool_or(v > low and v - low <= high - v) and bool_or(v < high and high - v <= v - low) as is_not
  from one join ends using (benchmark_id) where low < high group by benchmark_id
)
select count(*) from told where not is_not"""


def codes_query(selection: Selection, metric: str) -> str:
    """Return value, rows, benchmarks and algorithms of the values far beyond all others on a benchmark.

    Such a value is the least or the greatest of its benchmark, in no more than half of its rows, and farther from the
    next one than all others are from one another. It counts where it is repeated and that is no coincidence, as of
    rounded shares it is where one algorithm is behind on all benchmarks, unless the rows that have it are all the runs
    of one algorithm on one benchmark (`same_query` tells of these).
    """
    rows = _rows(selection, metric)
    return f"""with row as materialized ({rows}),
ends as (select benchmark_id, min(v) as low, max(v) as high from row group by benchmark_id),
found as (
  select benchmark_id, any_value(low) as low, any_value(high) as high, count(*) as n,
    count(*) filter (where v = low) as lows, count(*) filter (where v = high) as highs,
    min(v) filter (where v > low) as above, max(v) filter (where v < high) as below
  from row join ends using (benchmark_id) group by benchmark_id
),
far as (
  select benchmark_id, low as v, lows as tied, above as next from found
  where mart.is_code(n, lows, low, above, high)
  union all
  select benchmark_id, high, highs, below from found
  where mart.is_code(n, highs, high, below, low)
),
code as (
  select v from far group by v having mart.is_told_code(
    max(tied), count(*), (select count(*) from far), mart.digit_count(v), median(mart.digit_count(next)))
),
held as (
  select v, benchmark_id, algorithm_id, count(*) as n from row semi join code on code.v = row.v group by all
),
whole as (
  select benchmark_id, algorithm_id, count(*) as n from row semi join (from held) as h
    on h.benchmark_id = row.benchmark_id and h.algorithm_id = row.algorithm_id group by all
)
select held.v, sum(held.n)::bigint as rows, count(distinct held.benchmark_id) as benchmarks,
  list(distinct held.algorithm_id order by held.algorithm_id) as algorithms
from held join whole using (benchmark_id, algorithm_id)
group by held.v having sum(held.n) > 1 and not (count(*) = 1 and any_value(held.n) = any_value(whole.n))
order by rows desc, held.v"""


def same_query(selection: Selection, metric: str, overview: str) -> str:
    """Return algorithm, benchmark and runs where all runs of an algorithm have one value, others' not, nor is it best.

    That every run reaches the best value known is what a solved benchmark looks like, and says nothing.

    Args:
        overview: the table of `overview_query`.
    """
    direction = selection.catalogue.metrics[metric][1]
    best = "max" if direction == "max" else "min"
    return f"""with cell as (
  select benchmark_id, algorithm_id, count(*) as runs, min(o.low) as low, max(o.high) as high
  from {overview} as o where finite > 0 group by all
),
benchmark as (
  select benchmark_id, {best}({"high" if best == "max" else "low"}) as best, bool_or(low < high) as differs
  from cell group by benchmark_id
)
select algorithm_id, benchmark_id, runs from cell join benchmark using (benchmark_id)
where low = high and runs >= {FEWEST_RUNS} and differs and low <> best order by all"""


FEWEST_TOLD = 3
"""So many values that are not the best of their benchmark are needed before their being equal tells of twins."""


def alike_query(overview: str) -> str:
    """Return how many groups of algorithms or benchmarks may be twins by `twins_query`, which looks at every row.

    Twins have equally many rows, the same least and the same greatest value in each cell: the table of `overview_query`
    has these.
    """
    parts = [
        f"""select 1 from (
  select list({{'at': {other}_id, 'rows': n, 'low': low, 'high': high}} order by {other}_id) as cells
  from cell group by {what}_id
) group by cells having count(*) > 1"""
        for what, other in (("algorithm", "benchmark"), ("benchmark", "algorithm"))
    ]
    return f"""with cell as (
  select benchmark_id, algorithm_id, sum(finite) as n, min(o.low) as low, max(o.high) as high
  from {overview} as o where finite > 0 group by all
)
select count(*) from ({" union all ".join(parts)})"""


def twins_query(selection: Selection, metric: str) -> str:
    """Return what (`algorithm`, `benchmark`), ids and runs of those that have equal values in all of their runs.

    Values count whatever the runs' order is. What is solved by all has equal values for a reason.
    """
    best = "max" if selection.catalogue.metrics[metric][1] == "max" else "min"
    parts = [
        f"""select '{what}' as what, list(id order by id) as ids, any_value(runs) as runs from (
  select {what}_id as id, sum(told) as told, sum(runs) as runs,
    list({{'at': {other}_id, 'runs': runs, 'print': print}} order by {other}_id) as cells
  from cell group by all
) where told >= {FEWEST_TOLD} group by cells having count(*) > 1"""
        for what, other in (("algorithm", "benchmark"), ("benchmark", "algorithm"))
    ]
    return f"""with row as materialized ({_rows(selection, metric)}),
best as (select benchmark_id, {best}(v) as best from row group by benchmark_id),
cell as materialized (
  select benchmark_id, algorithm_id, count(*) as runs, count(distinct v) filter (where v <> best) as told,
    sum(hash(v)::hugeint) as print
  from row join best using (benchmark_id) group by all
)
{" union all ".join(parts)} order by what, ids"""


def twin_sentences(
    found: Sequence[tuple[str, Sequence[int], int]], names: Mapping[str, Mapping[int, str]]
) -> list[str]:
    """Say which algorithms or benchmarks are one that was loaded twice, by their values."""
    costs = {
        "algorithm": "pairs with it are tested twice",
        "benchmark": "it counts as often, so that intervals are too narrow",
    }
    return [
        f"{_listed([names[what][one] for one in ids])} have the same values in all {int(runs):,} runs each: one {what} "
        f"{TWINS} Then {costs[what]}."
        for what, ids, runs in found[:MOST_NAMED]
    ]


def averaged_sentence(levels: Mapping[str, int], known: Sequence[str]) -> str | None:
    """Say which run factors a model does not know, so that an algorithm's mean is one over their levels.

    Args:
        levels: of every factor of the runs, how many a selection has; `known`: the names in the model.
    """
    left = [name for name, count in levels.items() if count > 1 and name not in known]
    if not left:
        return None
    many = ", ".join(f"{name} ({levels[name]} levels)" for name in left)
    return (
        f"The runs differ in {many}, which the model does not know, so that {AVERAGED}: who is better may be another "
        f"at each (--by {left[0]})."
    )


def zeros_query(selection: Selection, metric: str) -> str:
    """Return how many rows have no regret (the best value that is known), how many rows and pairs there are."""
    base = observations(selection, metric, {"algorithm", "benchmark"}, "regret")
    return (
        "select count(*) filter (where regret = 0), count(regret), count(distinct (algorithm_id, benchmark_id)) "
        f"from ({base}) where isfinite(value)"
    )


def zeros_sentence(zeros: int, rows: int, pairs: int) -> str | None:
    """Say that the logarithm puts the best where the second best is, where it does so often.

    Args:
        pairs: of algorithm and benchmark.
    """
    if not rows or (zeros < MANY_ZEROS * rows and rows > pairs):
        return None
    tie = ", so the best ties with the second best on each benchmark" if rows == pairs else ""
    return (
        f"In {zeros:,} of {rows:,} rows the regret is zero, and log_regret gives them their benchmark's least positive "
        f"one{tie}: how far the best are ahead is understated. The metric itself and rank do not do that."
    )


def _rows(selection: Selection, metric: str) -> str:
    base = observations(selection, metric, {"algorithm", "benchmark"})
    return f"select run, algorithm_id, benchmark_id, value as v from ({base}) where isfinite(value)"


def suspect_sentences(
    metric: str,
    codes: Sequence[tuple[float, int, int, Sequence[int]]],
    same: Sequence[tuple[int, int, int]],
    names: Mapping[str, Mapping[int, str]],
) -> list[str]:
    """Say which values look like codes, and whose runs are all alike; nothing where none are.

    Args:
        codes, same: the answers of `codes_query` and `same_query`; `names`: of algorithms and benchmarks by id.
    """
    said = []
    for value, rows, benchmarks, algorithms in codes[:MOST_NAMED]:
        whose = _listed([names["algorithm"][one] for one in algorithms])
        said.append(
            f"{metric} is {value:.10g} in {rows:,} rows ({whose}; {_counted(benchmarks, 'benchmark')}), farther from "
            f"all others than these are from one another: {CODE}, means, intervals and ranks are of the code, and who "
            f"is better hangs on it; load them as failed (--option failed-value={value:.10g}) or leave them out "
            f'(--where "value <> {value:.10g}").'
        )
    if same:
        cells = [f"{names['algorithm'][a]} on {names['benchmark'][b]} ({runs} runs)" for a, b, runs in same]
        said.append(
            f"An algorithm has {SAME} where others' differ: {_listed(cells)}. Is it without chance, one run recorded "
            "several times, or a number for a failure? Its seeds are then no repetitions: they count as one."
        )
    return said


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
