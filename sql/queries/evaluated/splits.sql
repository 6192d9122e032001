-- One row per benchmark and metric: training losses against test losses at the highest fidelity.
with top as (
  select benchmark_id, metric_id, max(fidelity) as fidelity
  from mart.landscape where search_space_id = $space group by benchmark_id, metric_id
),
ranked as (
  select p.benchmark, p.metric, p.benchmark_id, p.metric_id, p.first_loss, p.second_loss, count(*) over one as n,
    rank() over train + (count(*) over train_tie - 1) / 2 as train_rank,
    rank() over test + (count(*) over test_tie - 1) / 2 as test_rank,
    min(p.first_loss) over one as train_best, min(p.second_loss) over one as test_best
  from mart.split_pair as p
  join top as t on t.benchmark_id = p.benchmark_id and t.metric_id = p.metric_id
    and t.fidelity is not distinct from p.fidelity
  where p.search_space_id = $space and p.first_split = 'train' and p.second_split = 'test'
    and p.first_loss is not null and p.second_loss is not null
  window one as (partition by p.benchmark, p.metric),
    train as (partition by p.benchmark, p.metric order by p.first_loss),
    test as (partition by p.benchmark, p.metric order by p.second_loss),
    train_tie as (partition by p.benchmark, p.metric, p.first_loss),
    test_tie as (partition by p.benchmark, p.metric, p.second_loss)
),
noise as (
  select benchmark_id, metric_id, noise_floor from result.landscape_noise
  where analysis_run_id = $run and split = 'test'
)
select r.benchmark, r.metric,
  case when min(r.train_rank) < max(r.train_rank) and min(r.test_rank) < max(r.test_rank)
    then corr(r.train_rank, r.test_rank) end as spearman,
  avg(abs(r.train_rank - r.test_rank)) / any_value(r.n) as shake_up,
  avg((r.train_rank <= r.n / 10 and r.test_rank <= r.n / 10)::integer) * 10 as shared_top,
  median(r.second_loss - r.first_loss) as gap,
  avg(r.second_loss) filter (where r.first_loss = r.train_best) - any_value(r.test_best) as regret,
  any_value(n.noise_floor) as noise_floor,
  avg(r.second_loss) filter (where r.first_loss = r.train_best) - any_value(r.test_best) <= any_value(n.noise_floor)
    as is_noise,
  any_value(r.n) as configuration_count
from ranked as r
left join noise as n on n.benchmark_id = r.benchmark_id and n.metric_id = r.metric_id
group by r.benchmark, r.metric
order by r.metric, r.benchmark
