"""Where runs end, and the budget at which they can be set beside each other.

A run that ended early is never compared with one that went on: `mart.common_budget` has the rule, which the traces and
the views share. Here it is asked for the runs of a selection, and what it does to them is put into sentences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hpowh.analyses.mixed_models.reading.catalogue import DERIVED, RANK, Selection, literal, mentioned

MOST_NAMED = 4
"""So many algorithms or benchmarks are named in a sentence."""


@dataclass(frozen=True, kw_only=True)
class End:
    """The runs of one algorithm on one benchmark: where they end, and the budgets at which the benchmark is compared.

    `reached`: the last budget that four fifths of the runs reach (None: no run has a usable value). `lower`, `budget`:
    of the whole benchmark, see `mart.common_budget`; None where no run of it has a usable value.
    """

    benchmark_id: int
    benchmark: str
    algorithm: str
    run_count: int
    lasts: Sequence[float]
    reached: float | None
    lower: float | None
    budget: float | None


def whole_runs(selection: Selection) -> Selection:
    """Return the selection of all points of the runs: what says where they end.

    Of a condition only what concerns runs counts; one on points (`budget < 5`) says nothing about where runs end.
    """
    catalogue, where = selection.catalogue, selection.where or ""
    if mentioned(where, ("value", "budget", *catalogue.metrics, *DERIVED, RANK)):
        where = ""
    return replace(selection, budget=None, at=None, failures="exclude", where=where or None)


def ends_query(overview: str) -> str:
    """Return one row an algorithm and benchmark with the fields of `End`, in their order.

    Args:
        overview: the table of `overview_query` of `whole_runs`.
    """
    return f"""with ends as (
  select run as run_id, 0 as experiment_id, 0 as metric_id, benchmark_id, algorithm_id, first_budget, last_budget
  from {overview}
)
select e.benchmark_id, b.name, a.name, count(*), list(e.last_budget) filter (where e.first_budget is not null),
  list(e.last_budget order by e.last_budget desc) filter (where e.first_budget is not null)
    [cast(ceil(0.8 * count(e.first_budget) - 1e-9) as bigint)],
  any_value(c.lower_budget), any_value(c.budget)
from ends as e
join core.benchmark as b on b.benchmark_id = e.benchmark_id
join core.algorithm as a on a.algorithm_id = e.algorithm_id
left join mart.common_budget(ends) as c on c.benchmark_id = e.benchmark_id
group by e.benchmark_id, b.name, a.name order by b.name, a.name"""


def settle(selection: Selection, ends: Sequence[End]) -> tuple[Selection, list[str]]:
    """Return the selection with the budget at which its runs are compared, and sentences where that is not plain."""
    budget = selection.budget
    asked = float(budget) if isinstance(budget, int | float) else float("inf")
    upper = {end.benchmark_id: end.budget for end in ends if end.budget is not None}
    if not upper:
        return replace(selection, at=0.0 if asked == float("inf") else asked), []
    known = {end.benchmark_id: min(value, asked) for end in ends if (value := end.budget) is not None}
    most_begun = max(end.lower for end in ends if end.lower is not None)
    common = min(known.values())
    is_split = budget == "benchmark" or (asked >= most_begun > common)
    if not is_split or len(set(known.values())) == 1:
        return replace(selection, at=common), [*_ends(ends, common, asked), *_early(ends, common)]
    said = _by_benchmark(ends, known, is_asked=budget == "benchmark")
    at = {end.benchmark_id: known.get(end.benchmark_id, 0.0) for end in ends}
    return replace(selection, at=at), [*said, *_early(ends, at)]


def settle_points(selection: Selection, ends: Sequence[End], metric: str) -> tuple[Selection, list[str]]:
    """Return the selection of all points without those that only some algorithms have, and sentences about it.

    A mean over points of algorithms that went on for longer is a mean over other budgets: on every benchmark points
    count up to the budget that all runs have (`mart.common_budget`), and the few runs that ended before it do not.
    A condition on budgets says itself which points are meant and is left alone, as is what is read as published.
    """
    known = {end.benchmark_id: end.budget for end in ends if end.budget is not None}
    alike: dict[int, set[tuple[float | None, frozenset[float]]]] = {}
    for end in ends:
        alike.setdefault(end.benchmark_id, set()).add((end.reached, frozenset(end.lasts)))
    # Where every algorithm's runs end where those of the others do, no algorithm has points that others lack.
    unlike = {one for one in known if len(alike[one]) > 1}
    beyond = any(last > known[end.benchmark_id] for end in ends if end.benchmark_id in unlike for last in end.lasts)
    before = any(last < known[end.benchmark_id] for end in ends if end.benchmark_id in known for last in end.lasts)
    if not (beyond or before):
        return selection, []
    names = {end.benchmark_id: end.benchmark for end in ends}
    common: float | Mapping[int, float] = known
    if len(set(known.values())) == 1:
        common = next(iter(known.values()))
        limit = f"budget <= {common!r}"
    else:
        limit = " or ".join(f"benchmark = {literal(names[one])} and budget <= {at!r}" for one, at in known.items())
        # A benchmark without a usable value has no such budget; its rows are counted where others without one are.
        limit += "".join(f" or benchmark = {literal(names[one])}" for one in names.keys() - known.keys())
    conditions = [f"({selection.where})"] if selection.where else []
    if beyond:
        conditions.append(f"({limit})")
    if before:
        at = replace(selection, at=common)
        measured = selection.catalogue.of_metric("s", metric)
        short = f"select s.run_id from mart.run_span as s where {measured} and {_at_sql(at)}"
        conditions.append(f"run not in ({short})")
    said = _points_of(ends, known) if beyond else []
    return replace(selection, where=" and ".join(conditions)), [*said, *_early(ends, common, are_points=True)]


POINTS = "so points count up to"
"""In the sentence that points beyond those that all runs have are left out."""


def over(said: Sequence[str]) -> str:
    """Return over which points a mean of several points a run is taken, in words; `said`: the analysis's sentences."""
    is_cut = any(POINTS in sentence for sentence in said)
    return "over all points up to the budget that all runs have" if is_cut else "over all points"


def _points_of(ends: Sequence[End], known: Mapping[int, float]) -> list[str]:
    """Say whose points are left out, and from which budget on."""
    counts: dict[str, int] = {}
    for end in ends:
        if end.benchmark_id in known and any(last > known[end.benchmark_id] for last in end.lasts):
            counts[end.algorithm] = counts.get(end.algorithm, 0) + 1
    low, high = min(known.values()), max(known.values())
    up_to = f"budget {low:g}" if low == high else f"a budget of each benchmark's own ({low:g} to {high:g})"
    named = ", ".join(f"{name} on {_many(count, 'benchmark')}" for name, count in sorted(counts.items())[:MOST_NAMED])
    more = f" and {len(counts) - MOST_NAMED} more" if len(counts) > MOST_NAMED else ""
    return [
        f"Runs end at different budgets, {POINTS} {up_to}, the largest that all runs have; left out are "
        f"later ones of {named}{more}. A condition on budget in --where says otherwise."
    ]


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


GRID = "lie at different budgets"
"""In the warning that a mean over all points is not over the same budgets for all algorithms."""
UNLIKE = 0.05
"""Mean budgets that differ by more than this share are not the same."""


def grid_query(overview: str) -> str:
    """Return benchmark, then algorithm and mean budget of the least and of the largest, where they differ most.

    Args:
        overview: the table of `overview_query`.
    """
    return f"""with cell as (
  select b.name as benchmark, a.name as algorithm, sum(o.budgets) / sum(o.usable) as mean
  from {overview} as o
  join core.benchmark as b on b.benchmark_id = o.benchmark_id
  join core.algorithm as a on a.algorithm_id = o.algorithm_id
  group by all having sum(o.usable) > 0
)
select benchmark, first(algorithm order by mean, algorithm), min(mean),
  first(algorithm order by mean desc, algorithm), max(mean)
from cell group by benchmark having max(mean) - min(mean) > {UNLIKE} * greatest(abs(max(mean)), abs(min(mean)))
order by max(mean) - min(mean) desc, benchmark limit 1"""


def grid_sentence(rows: Sequence[tuple[str, str, float, str, float]]) -> str | None:
    """Return that algorithms were recorded at unlike budgets, None where they were not."""
    if not rows:
        return None
    benchmark, low, least, high, most = rows[0]
    return (
        f"The points of the algorithms {GRID} (on {benchmark} their mean is {least:.3g} for {low}, {most:.3g} for "
        f"{high}): a mean over all points compares budgets as well as algorithms; --budget final compares at one."
    )


def failures_query(selection: Selection, overview: str, whole: str) -> str:
    """Return algorithm, reason, number of failed rows and of all rows, for every algorithm and reason of failing.

    Args:
        overview: the table of `overview_query`; `whole`: that of `whole_runs`, which tells where runs end.
    """
    return f"""with total as (select algorithm_id, sum(rows)::bigint as n from {overview} group by algorithm_id)
select a.name as algorithm, case when s.first_budget is null then 'without a usable value'
    when {_at_sql(selection)} then 'ended before' else 'no usable value by then' end as reason,
  sum(o.rows - o.usable)::bigint, any_value(t.n)
from {overview} as o
join total as t on t.algorithm_id = o.algorithm_id
join core.algorithm as a on a.algorithm_id = o.algorithm_id
join {whole} as s on s.run = o.run
where o.rows > o.usable group by all order by all"""


def _at_sql(selection: Selection) -> str:
    """Return the condition that a run ended before the budget at which it is compared."""
    if isinstance(selection.at, Mapping):
        cases = " ".join(f"when {benchmark} then {budget!r}" for benchmark, budget in selection.at.items())
        return f"s.last_budget < case s.benchmark_id {cases} end"
    return "false" if selection.at is None else f"s.last_budget < {float(selection.at)!r}"


def failure_sentence(rows: Sequence[tuple[str, str, int, int]], selection: Selection) -> str | None:
    """Return who failed how often and what that counts; None where nobody did."""
    if not rows:
        return None
    by_algorithm: dict[str, tuple[int, int]] = {}
    for algorithm, _, count, total in rows:
        by_algorithm[algorithm] = (by_algorithm.get(algorithm, (0, 0))[0] + count, total)
    worst = sorted(by_algorithm.items(), key=lambda item: (-item[1][0] / item[1][1], item[0]))
    named = ", ".join(f"{name} {count} of {total}" for name, (count, total) in worst[:MOST_NAMED])
    more = f" and {len(worst) - MOST_NAMED} more algorithms" if len(worst) > MOST_NAMED else ""
    reasons = {reason: sum(row[2] for row in rows if row[1] == reason) for reason in sorted({row[1] for row in rows})}
    why = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
    what = "runs" if selection.budget is not None else "points"
    counts = {
        "exclude": "are left out of every response alike",
        "last": "count as the worst of their block, and rank after all that did not fail",
        "impute": f"get the mean of {selection.baseline} on their benchmark"
        if selection.baseline
        else "get the worst value recorded on their benchmark",
    }[selection.policy]
    return f"Failed {what} {counts} ({why}): {named}{more}."


ABSENT = "nothing is said of"
"""In the sentence on algorithms that the comparison has no value of, which verdicts carry on."""


def absent_sentence(rows: Sequence[tuple[str, str, int, int]], selection: Selection) -> str | None:
    """Return which algorithms have no usable value in any of their rows, so that no comparison holds them.

    Args:
        rows: algorithm, reason, number of failed rows and of all its rows.
    """
    lost: dict[str, int] = {}
    total = {algorithm: whole for algorithm, _, _, whole in rows}
    for algorithm, _, count, _ in rows:
        lost[algorithm] = lost.get(algorithm, 0) + count
    names = sorted(name for name, count in lost.items() if count == total[name])
    if not names or selection.policy != "exclude":
        return None
    what = "runs" if selection.budget is not None else "points"
    by = f" by budget {selection.at:g}" if isinstance(selection.at, float) and selection.at != 1 else ""
    named = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
    have, them = ("has", "it") if len(names) == 1 else ("have", "them")
    return (
        f"{named} {have} no usable value{by} in any of {'its' if len(names) == 1 else 'their'} {what}: {ABSENT} {them}."
    )


def _ends(ends: Sequence[End], common: float, asked: float) -> list[str]:
    """Say who ends where, when not all runs reach the budget that was asked for or the end of the longest."""
    reached_ends = [end for end in ends if end.reached is not None]
    wanted = min(asked, max(end.reached or common for end in reached_ends))
    if common >= wanted:
        return []
    benchmarks = len({end.benchmark_id for end in reached_ends})
    if all(
        len({end.reached for end in reached_ends if end.benchmark_id == one}) == 1
        for one in {e.benchmark_id for e in reached_ends}
    ):
        first = min(reached_ends, key=lambda end: end.reached or 0.0)
        last = max(reached_ends, key=lambda end: end.reached or 0.0)
        return [
            f"The benchmarks' runs end between budget {first.reached:g} ({first.benchmark}) and {last.reached:g} "
            f"({last.benchmark}): compared at budget {common:g}, the largest that all have; --budget benchmark "
            "compares each benchmark at its own."
        ]
    early: dict[str, list[End]] = {}
    for end in reached_ends:
        if end.reached is not None and end.reached < wanted:
            early.setdefault(end.algorithm, []).append(end)
    algorithms = {end.algorithm for end in reached_ends}
    parts = []
    for name, mine in sorted(early.items(), key=lambda item: (min(e.reached or 0.0 for e in item[1]), item[0])):
        low, high = min(e.reached or 0.0 for e in mine), max(e.reached or 0.0 for e in mine)
        where = f"on {len(mine)} of {benchmarks} benchmarks" if len(mine) > 1 else f"on {mine[0].benchmark}"
        parts.append(f"{name} ends at {low:g}{f' to {high:g}' if high > low else ''} {where}")
    more = f" and {len(parts) - MOST_NAMED} more" if len(parts) > MOST_NAMED else ""
    on = sorted(algorithms - set(early))
    others = f"; {', '.join(on[:MOST_NAMED])} {'go' if len(on) > 1 else 'goes'} on to {wanted:g}" if on else ""
    return [
        f"Not all runs reach budget {wanted:g}: {', '.join(parts[:MOST_NAMED])}{more}{others}. Compared at budget "
        f"{common:g}, the largest that all have."
    ]


def _by_benchmark(ends: Sequence[End], known: Mapping[int, float], *, is_asked: bool) -> list[str]:
    """Say that every benchmark is compared at a budget of its own."""
    names = {end.benchmark_id: end.benchmark for end in ends}
    low, high = min(known, key=lambda one: known[one]), max(known, key=lambda one: known[one])
    why = "" if is_asked else "There is no budget at which the runs of all benchmarks have a value. "
    return [
        f"{why}Each benchmark is compared at the largest budget that all its runs have, from {known[low]:g} "
        f"({names[low]}) to {known[high]:g} ({names[high]})."
    ]


def _early(ends: Sequence[End], at: float | Mapping[int, float], *, are_points: bool = False) -> list[str]:
    """Count the few runs that ended before the budget at which the others are compared."""
    counts: dict[str, int] = {}
    for end in ends:
        budget = at.get(end.benchmark_id, 0.0) if isinstance(at, Mapping) else at
        early = sum(last < budget for last in end.lasts)
        if early:
            counts[end.algorithm] = counts.get(end.algorithm, 0) + early
    if not counts:
        return []
    total = sum(counts.values())
    named = ", ".join(f"{name} {count}" for name, count in sorted(counts.items())[:MOST_NAMED])
    if are_points:
        return [f"Left out as not comparable: {_many(total, 'run')} that ended before that budget ({named})."]
    return [
        f"{total} {'run' if total == 1 else 'runs'} ended before the budget of the comparison, which most of every "
        f"algorithm's runs reach, and {'counts' if total == 1 else 'count'} as failed there ({named})."
    ]
