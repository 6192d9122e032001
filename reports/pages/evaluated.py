"""One page a search space of which whole grids were evaluated: fidelities, train against test, noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from hpowh.reports.blocks import Block, Column, Table
from hpowh.reports.context import SiteContext
from hpowh.reports.page import Page

SPACES = """
select search_space from mart.landscape
group by search_space
having count(distinct fidelity) > 1 or (bool_or(split = 'train') and bool_or(split = 'test'))
order by search_space
"""
FIDELITIES = """
with top as (
  select benchmark_id, metric_id, split, max(fidelity) as fidelity
  from mart.landscape where search_space = $space group by benchmark_id, metric_id, split
),
ranked as (
  select p.benchmark, p.metric, p.split, p.lower_fidelity as fidelity, p.higher_loss,
    rank() over low as first_rank,
    rank() over low + (count(*) over low_tie - 1) / 2 as low_rank,
    rank() over high + (count(*) over high_tie - 1) / 2 as high_rank,
    count(*) over one as n, min(p.lower_loss) over one as low_best, p.lower_loss,
    min(p.higher_loss) over one as high_best
  from mart.fidelity_pair as p
  join top as t on t.benchmark_id = p.benchmark_id and t.metric_id = p.metric_id and t.split = p.split
    and t.fidelity = p.higher_fidelity
  where p.search_space = $space and p.lower_loss is not null and p.higher_loss is not null
  window one as (partition by p.benchmark, p.metric, p.split, p.lower_fidelity),
    low as (partition by p.benchmark, p.metric, p.split, p.lower_fidelity order by p.lower_loss),
    high as (partition by p.benchmark, p.metric, p.split, p.lower_fidelity order by p.higher_loss),
    low_tie as (partition by p.benchmark, p.metric, p.split, p.lower_fidelity, p.lower_loss),
    high_tie as (partition by p.benchmark, p.metric, p.split, p.lower_fidelity, p.higher_loss)
),
cost as (
  select b.name as benchmark, m.name as metric, e.split, e.fidelity, sum(e.cost) as seconds
  from core.evaluation as e
  join core.search_space as s using (search_space_id)
  join core.benchmark as b using (benchmark_id)
  join core.metric as m using (metric_id)
  where s.name = $space
  group by b.name, m.name, e.split, e.fidelity
)
select r.benchmark, r.metric, r.split, r.fidelity,
  case when min(r.low_rank) < max(r.low_rank) and min(r.high_rank) < max(r.high_rank)
    then corr(r.low_rank, r.high_rank) end as spearman,
  avg(r.higher_loss) filter (where r.lower_loss = r.low_best) - any_value(r.high_best) as regret,
  min(r.first_rank) filter (where r.higher_loss = r.high_best) <= greatest(1, round(any_value(r.n) / 10))
    as has_optimum,
  100 * any_value(c.seconds) / max(c.seconds_at_top) as cost_percent,
  any_value(r.n) as configuration_count
from ranked as r
left join (
  select *, max_by(seconds, fidelity) over (partition by benchmark, metric, split) as seconds_at_top from cost
) as c on c.benchmark = r.benchmark and c.metric = r.metric and c.split = r.split and c.fidelity = r.fidelity
group by r.benchmark, r.metric, r.split, r.fidelity
order by r.metric, r.split, r.benchmark, r.fidelity
"""
SPLITS = """
with top as (
  select benchmark_id, metric_id, max(fidelity) as fidelity
  from mart.landscape where search_space = $space group by benchmark_id, metric_id
),
ranked as (
  select p.benchmark, p.metric, p.first_loss, p.second_loss, count(*) over one as n,
    rank() over train + (count(*) over train_tie - 1) / 2 as train_rank,
    rank() over test + (count(*) over test_tie - 1) / 2 as test_rank,
    min(p.first_loss) over one as train_best, min(p.second_loss) over one as test_best
  from mart.split_pair as p
  join top as t on t.benchmark_id = p.benchmark_id and t.metric_id = p.metric_id
    and t.fidelity is not distinct from p.fidelity
  where p.search_space = $space and p.first_split = 'train' and p.second_split = 'test'
    and p.first_loss is not null and p.second_loss is not null
  window one as (partition by p.benchmark, p.metric),
    train as (partition by p.benchmark, p.metric order by p.first_loss),
    test as (partition by p.benchmark, p.metric order by p.second_loss),
    train_tie as (partition by p.benchmark, p.metric, p.first_loss),
    test_tie as (partition by p.benchmark, p.metric, p.second_loss)
)
select benchmark, metric,
  case when min(train_rank) < max(train_rank) and min(test_rank) < max(test_rank)
    then corr(train_rank, test_rank) end as spearman,
  median(second_loss - first_loss) as gap,
  avg(second_loss) filter (where first_loss = train_best) - any_value(test_best) as regret,
  any_value(n) as configuration_count
from ranked
group by benchmark, metric
order by metric, benchmark
"""
NOISE = """
with top as (
  select benchmark_id, metric_id, split, max(fidelity) as fidelity
  from mart.landscape where search_space = $space and split in ('test', 'valid')
  group by benchmark_id, metric_id, split
),
node as (
  select n.benchmark, n.metric, n.split, n.loss, n.value_sd / sqrt(n.ok_count) as error, n.ok_count,
    min(n.loss) over (partition by n.benchmark, n.metric, n.split) as best
  from mart.landscape_node as n
  join top as t on t.benchmark_id = n.benchmark_id and t.metric_id = n.metric_id and t.split = n.split
    and t.fidelity is not distinct from n.fidelity
  where n.search_space = $space and n.ok_count > 1
),
floor as (
  select *, 2 * median(error) over (partition by benchmark, metric, split) * sqrt(2) as difference from node
)
select benchmark, metric, split, any_value(difference) as noise_floor,
  100 * avg((loss - best <= difference)::integer) as within_percent,
  min(ok_count) as least_measurement_count, count(*) as configuration_count
from floor
group by benchmark, metric, split
order by metric, split, benchmark
"""


def pages(site: SiteContext) -> Iterator[Page]:
    """Yield a page a search space that was evaluated at several fidelities, or on train and test data."""
    for (space,) in site.rows(SPACES):
        yield Page(
            key=("evaluated", space),
            title=f"Evaluated: {space}",
            section="Landscapes",
            build=partial(_build, site, space),
            lead="What whole grids show: what a cheaper fidelity tells, where train and test loss part, what is noise.",
            order=50,
        )


def _build(site: SiteContext, space: str) -> Sequence[Block]:
    benchmark = Column("benchmark", "Benchmark", link=lambda row: site.href(("benchmark", row["benchmark"])))
    blocks: list[Block] = []
    fidelities = site.query(FIDELITIES, space=space)
    if fidelities.frame.height:
        how = (
            "Each row compares a fidelity with the highest one of its benchmark: the rank correlation (higher is "
            "better), the loss given away by picking the best configuration there (lower is better), whether a best "
            "configuration of the highest fidelity is among its best 10 %, and its training time. Ties share the mean "
            "of their ranks; several best ones count with their mean. An empty correlation: all values are equal."
        )
        columns = [
            benchmark,
            Column("metric", "Metric"),
            Column("split", "Split"),
            Column("fidelity", "Fidelity"),
            Column("spearman", "Spearman", 3),
            Column("regret", "Regret", 3),
            Column("has_optimum", "Optimum in best 10 %"),
            Column("cost_percent", "% of the training time", 3),
            Column("configuration_count", "Configurations"),
        ]
        blocks.append(Table("evaluated-fidelity", "Fidelity against full fidelity", how, fidelities, columns))
    splits = site.query(SPLITS, space=space)
    if splits.frame.height:
        how = (
            "At the highest fidelity: how well the ranking by train loss agrees with that by test loss, the median of "
            "test minus train loss (positive: worse on test data), and the test loss given away by trusting the train "
            "loss (lower is better). Losses are minimised: a metric that is better when higher counts negated."
        )
        columns = [
            benchmark,
            Column("metric", "Metric"),
            Column("spearman", "Spearman", 3),
            Column("gap", "Median gap", 3),
            Column("regret", "Regret", 3),
            Column("configuration_count", "Configurations"),
        ]
        blocks.append(Table("evaluated-split", "Train against test", how, splits, columns))
    noise = site.query(NOISE, space=space)
    if noise.frame.height:
        how = (
            "Two configurations that differ by less than the floor (twice the standard error of a difference of two "
            "means over seeds and folds, at the median configuration) cannot be told apart; the next column says how "
            "many are that near to the best. Folds share training data and configurations share folds, so this is a "
            "rule of thumb, not a test."
        )
        columns = [
            benchmark,
            Column("metric", "Metric"),
            Column("split", "Split"),
            Column("noise_floor", "Noise floor", 3),
            Column("within_percent", "% within it of the best", 3),
            Column("least_measurement_count", "Fewest measurements"),
            Column("configuration_count", "Configurations"),
        ]
        blocks.append(Table("evaluated-noise", "Noise floor", how, noise, columns))
    return blocks
