"""What the landscape analyses ask the warehouse, as SQL."""

KEYS = """
with landscape as (
  select
    search_space_id, benchmark_id, metric_id, split, fidelity,
    min(seed) < max(seed) as has_seeds,
    count(*)::varchar || ' ' || bit_xor(hash(configuration_id, seed, fold, value, status))::varchar as content
  from core.evaluation
  group by search_space_id, benchmark_id, metric_id, split, fidelity
)
select
  l.search_space_id, l.benchmark_id, l.metric_id, l.split, l.fidelity, s.name as search_space, b.name as benchmark,
  m.name as metric, m.direction, m.lower_bound, m.upper_bound, m.unit, s.fingerprint as space_fingerprint,
  s.cardinality, coalesce(l.has_seeds, false) as has_seeds, l.content
from landscape as l
join core.metric as m on m.metric_id = l.metric_id
join core.benchmark as b on b.benchmark_id = l.benchmark_id
join core.search_space as s on s.search_space_id = l.search_space_id
order by search_space, benchmark, l.metric_id, l.split, l.fidelity nulls first
"""
"""Every landscape (means over seeds) with a digest of its evaluations, whatever their order."""

AXES = """
select name, cardinality, kind, position, stride from core.hyperparameter where search_space_id = ? order by position
"""

LOSSES = """
select configuration_id, favg(value) as value
from core.evaluation
where search_space_id = ? and benchmark_id = ? and metric_id = ? and split = ? and fidelity is not distinct from ?
group by configuration_id
"""
"""The same means as in `mart.landscape_node`, whose names and directions are joined to every row there."""

LOSSES_TOGETHER = """
select benchmark_id, configuration_id, favg(value) as value
from core.evaluation
where search_space_id = ? and benchmark_id in (select unnest(?)) and metric_id = ? and split = ?
  and fidelity is not distinct from ?
group by benchmark_id, configuration_id
order by benchmark_id, configuration_id
"""

SEED_LOSSES = """
select e.seed, e.configuration_id, favg(case when m.direction = 'max' then -e.value else e.value end) as loss
from core.evaluation as e
join core.metric as m on m.metric_id = e.metric_id
where e.search_space_id = ? and e.benchmark_id = ? and e.metric_id = ? and e.split = ?
  and e.fidelity is not distinct from ? and e.value is not null and e.seed is not null
group by e.seed, e.configuration_id
order by e.seed, e.configuration_id
"""

DEFAULT = """
with node as (
  select e.configuration_id, e.benchmark_id, favg(case when m.direction = 'max' then -e.value else e.value end) as loss
  from core.evaluation as e
  join core.metric as m on m.metric_id = e.metric_id
  where e.search_space_id = ? and e.metric_id = ? and e.split = ? and e.fidelity is not distinct from ?
    and e.value is not null
  group by e.configuration_id, e.benchmark_id
),
ranked as (
  select configuration_id, benchmark_id, rank() over (partition by benchmark_id order by loss) as place from node
),
benchmark_count as (
  select count(distinct benchmark_id) as n from ranked
)
select configuration_id
from ranked
group by configuration_id
having count(*) = (select n from benchmark_count) and count(*) > 1
order by avg(place), configuration_id
limit 1
"""
"""The configuration with the best mean rank over the benchmarks of a space; none where there is one benchmark only."""

TRIALS = """
with final as (
  select trial_id, metric_id, value from core.trial_metric where step is null
)
select
  r.run_id, r.algorithm_id, r.seed::double as seed, t.number, t.configuration_id,
  case when m.direction = 'max' then -f.value else f.value end as seen
from core.run as r
join core.sweep as w on w.sweep_id = r.sweep_id
join core.sweep_metric as sm on sm.sweep_id = w.sweep_id and sm.position = 0
join core.metric as m on m.metric_id = sm.metric_id
join core.trial as t on t.sweep_id = w.sweep_id
left join final as f on f.trial_id = t.trial_id and f.metric_id = sm.metric_id
where w.search_space_id = ? and r.benchmark_id = ? and sm.metric_id = ?
  and t.configuration_id is not null and t.status = 'finished'
order by r.run_id, t.number
"""
"""The finished trials of all optimiser runs on a landscape, with the value that the optimiser saw, minimised."""

TRIALS_FINGERPRINTS = """
with final as (
  select trial_id, metric_id, value from core.trial_metric where step is null
)
select
  w.search_space_id, r.benchmark_id, sm.metric_id,
  count(*)::varchar || ' ' || bit_xor(hash(r.run_id, t.number, t.configuration_id, f.value))::varchar
from core.run as r
join core.sweep as w on w.sweep_id = r.sweep_id
join core.sweep_metric as sm on sm.sweep_id = w.sweep_id and sm.position = 0
join core.trial as t on t.sweep_id = w.sweep_id
left join final as f on f.trial_id = t.trial_id and f.metric_id = sm.metric_id
where t.configuration_id is not null and t.status = 'finished'
group by w.search_space_id, r.benchmark_id, sm.metric_id
"""
"""A digest of the trials on each landscape that has some."""

STORED_OPTIMA = """
select o.configuration_id
from result.landscape_optimum as o
join result.landscape_metric as m
  on m.analysis_run_id = o.analysis_run_id and m.name = 'n_lo' and m.value is not null
where o.analysis_run_id = ? order by o.loss, o.configuration_id
"""
"""The local optima, the best first; none where too little was evaluated to speak of any."""

STORED_IMPORTANCE = """
select position, total_share from result.landscape_importance
where analysis_run_id = ? and scope = 'ranks' and total_share is not null
"""

STORED_NODES = """
select configuration_id, loss, basin_id from result.landscape_node where analysis_run_id = ? order by configuration_id
"""

STORED_LABELS = """
select position, label from core.hyperparameter_level where search_space_id = ? and level < 1000
order by position, level
"""

STORED_PATHS = """
with placed as (
  select
    r.run_id, a.algorithm_id, a.name as algorithm, r.seed,
    row_number() over (partition by a.algorithm_id order by r.final_regret nulls last, r.run_id) as place,
    count(*) over (partition by a.algorithm_id) as run_count
  from result.landscape_run as r
  join core.algorithm as a on a.algorithm_id = r.algorithm_id
  where r.analysis_run_id = $1
)
select p.algorithm, p.seed, s.configuration_id
from placed as p
join result.landscape_run_step as s on s.run_id = p.run_id and s.analysis_run_id = $1
where p.place = (p.run_count + 1) // 2
order by p.algorithm_id, s.trial_number
"""
"""The incumbent's path of each algorithm's run with the median final regret."""

STORED_TRIALS = """
select a.name as algorithm, t.configuration_id, count(*) as evaluations
from result.landscape_run as r
join core.run as n on n.run_id = r.run_id
join core.algorithm as a on a.algorithm_id = r.algorithm_id
join core.trial as t on t.sweep_id = n.sweep_id
join result.landscape_node as o on o.analysis_run_id = r.analysis_run_id and o.configuration_id = t.configuration_id
where r.analysis_run_id = ? and t.status = 'finished'
group by a.algorithm_id, a.name, t.configuration_id
order by a.algorithm_id, t.configuration_id
"""
"""How often each algorithm evaluated each configuration of a landscape."""

NEWEST = "select max(analysis_run_id) as id from ops.analysis_run where job = ? and subject = ? having id is not null"

STALE_PLANES = """
with newest as (
  select search_space_id, benchmark_id, metric_id, split, fidelity, max(analysis_run_id) as analysis_run_id
  from result.embedding_subject where seed is null
  group by all
)
select sp.name, b.name, m.name, n.split
from newest as n
join ops.analysis_run as a on a.analysis_run_id = n.analysis_run_id
join core.search_space as sp on sp.search_space_id = n.search_space_id
join core.benchmark as b on b.benchmark_id = n.benchmark_id
join core.metric as m on m.metric_id = n.metric_id
where exists (
  select 1 from core.evaluation as v join core.source as c on c.source_id = v.source_id
  where v.search_space_id = n.search_space_id and v.benchmark_id = n.benchmark_id and v.metric_id = n.metric_id
    and v.split = n.split and v.fidelity is not distinct from n.fidelity and c.ingested_at > a.ended_at
)
order by all
"""
"""Landscapes whose embedding was made before some of their evaluations were loaded."""
