"""What the pictures of a landscape's page ask: distribution, slices, pairs, networks, optimiser runs, embedding."""

HISTOGRAM = """
with node as (
  select $sign * loss as value from result.landscape_node where analysis_run_id = $run
),
span as (
  select min(value) as low, max(value) as high, min(value) > 0 and max(value) > 100 * min(value) as is_log from node
),
binned as (
  select low, high, is_log,
    case
      when high = low then 0
      when is_log then least(59, floor(60 * ln(value / low) / ln(high / low)))
      else least(59, floor(60 * (value - low) / (high - low)))
    end as bin
  from node cross join span
)
select is_log,
  case when is_log then low * power(high / low, bin / 60) else low + (high - low) * bin / 60 end as lower_edge,
  case when is_log then low * power(high / low, (bin + 1) / 60) else low + (high - low) * (bin + 1) / 60 end
    as upper_edge,
  count(*) as configurations
from binned group by low, high, is_log, bin order by bin
"""

RARE = """
with node as (
  select loss - min(loss) over () as gap from result.landscape_node where analysis_run_id = $run
),
placed as (
  select gap, row_number() over (order by gap) as place, count(*) over () as configurations from node
)
select gap, max(place) / max(configurations) as share, max(place) as configurations
from placed
where place in (select distinct round(power(configurations, step / 120)) from range(121) as s(step)) or gap = 0
group by gap order by gap
"""
"""Which share of the configurations is within a gap of the best, at places that are evenly spread on a log scale."""

SLICES = """
with axis as (
  select position, name, cardinality, stride, greatest(1, ceil(cardinality / 40))::integer as width
  from core.hyperparameter where search_space_id = $space and cardinality > 1
),
node as (
  select configuration_id as id, $sign * loss as value, loss from result.landscape_node where analysis_run_id = $run
),
best as (
  select best_configuration_id as id from result.landscape_subject where analysis_run_id = $run
),
placed as (
  select a.position, a.name, a.stride, n.id, n.value, n.loss, b.id as best_id, hash(n.id) % $every = 0 as is_sampled,
    (n.id // a.stride) % a.cardinality as level, (b.id // a.stride) % a.cardinality as best_level, a.width
  from node as n cross join axis as a cross join best as b
)
select p.position, p.name as hyperparameter, p.level // p.width as part, first(l.label) as label,
  count(*) as configurations, quantile_cont(p.value, 0.1) filter (where p.is_sampled) as low,
  median(p.value) filter (where p.is_sampled) as middle,
  quantile_cont(p.value, 0.9) filter (where p.is_sampled) as high, arg_min(p.value, p.loss) as best,
  arg_min(p.value, p.loss) filter (where p.id - p.best_id = (p.level - p.best_level) * p.stride) as through_best,
  bool_or(p.level = p.best_level) as is_level_of_best
from placed as p
left join core.hyperparameter_level as l
  on l.search_space_id = $space and l.position = p.position and l.level = p.level // p.width * p.width
group by p.position, p.name, p.level // p.width
order by p.position, part
"""

PAIR_MAPS = """
with chosen as (
  select position_a, position_b,
    row_number() over (order by pair_share desc nulls last, position_a, position_b) as place
  from result.landscape_interaction where analysis_run_id = $run and scope = 'ranks'
  qualify place <= 15
),
pair as (
  select c.place, a.position as position_a, a.name as name_a, a.cardinality as size_a, a.stride as stride_a,
    greatest(1, ceil(a.cardinality / 16))::integer as width_a, b.position as position_b, b.name as name_b,
    b.cardinality as size_b, b.stride as stride_b, greatest(1, ceil(b.cardinality / 16))::integer as width_b
  from chosen as c
  join core.hyperparameter as a on a.search_space_id = $space and a.position = c.position_a
  join core.hyperparameter as b on b.search_space_id = $space and b.position = c.position_b
),
node as (
  select configuration_id as id, $sign * loss as value, loss, percent_rank() over (order by loss) as place
  from result.landscape_node where analysis_run_id = $run
),
best as (
  select best_configuration_id as id from result.landscape_subject where analysis_run_id = $run
),
cell as (
  select p.*, n.id, n.value, n.loss, n.place as node_place, b.id as best_id,
    (n.id // p.stride_a) % p.size_a as level_a, (n.id // p.stride_b) % p.size_b as level_b,
    (b.id // p.stride_a) % p.size_a as best_a, (b.id // p.stride_b) % p.size_b as best_b
  from node as n cross join pair as p cross join best as b
),
grouped as (
  select place, position_a, position_b, name_a, name_b, level_a // width_a as part_a, level_b // width_b as part_b,
    min(level_a // width_a * width_a) as first_a, min(level_b // width_b * width_b) as first_b,
    count(*) as configurations, avg(node_place) as mean_place,
    median(value) filter (where hash(id) % $every = 0) as median_value,
    arg_min(value, loss) as best_value, min(node_place) as best_place,
    arg_min(value, loss) filter (
      where id - best_id = (level_a - best_a) * stride_a + (level_b - best_b) * stride_b
    ) as through_value,
    min(node_place) filter (
      where id - best_id = (level_a - best_a) * stride_a + (level_b - best_b) * stride_b
    ) as through_place
  from cell
  group by place, position_a, position_b, name_a, name_b, level_a // width_a, level_b // width_b
)
select g.* exclude (first_a, first_b), la.label as label_a, lb.label as label_b
from grouped as g
left join core.hyperparameter_level as la
  on la.search_space_id = $space and la.position = g.position_a and la.level = g.first_a
left join core.hyperparameter_level as lb
  on lb.search_space_id = $space and lb.position = g.position_b and lb.level = g.first_b
order by g.place, g.part_a, g.part_b
"""

NETWORK = """
with node as (
  select configuration_id, loss, percent_rank() over (order by loss) as place
  from result.landscape_node where analysis_run_id = $run
)
select
  o.configuration_id, o.loss, n.place as loss_place, o.member_count, o.basin_size, o.optimum_distance, o.is_global,
  o.page_rank, o.funnel_id,
  row_number() over (order by o.is_global desc, o.basin_size desc, o.configuration_id) as place
from result.landscape_optimum as o
join node as n on n.configuration_id = o.configuration_id
where o.analysis_run_id = $run
order by place
limit 150
"""

NETWORK_EDGES = """
with kept as (
  select configuration_id, loss from result.landscape_optimum
  where analysis_run_id = $run
  order by is_global desc, basin_size desc, configuration_id limit 150
)
select e.from_id, e.to_id, e.probability, b.loss < a.loss as is_improving
from result.landscape_lon_edge as e
join kept as a on a.configuration_id = e.from_id
join kept as b on b.configuration_id = e.to_id
where e.analysis_run_id = $run and e.perturbation = 2
qualify row_number() over (partition by e.from_id order by e.probability desc, b.loss, e.to_id) <= 3
order by e.from_id, e.to_id
"""

TRANSFER = """
with newest as (
  select max(analysis_run_id) as analysis_run_id from result.landscape_similarity
  where aspect = 'benchmark' and context = $context
    and search_space_id = (select search_space_id from core.search_space where name = $space)
)
select s.landscape_a as from_benchmark,
  max(s.value) filter (where s.measure = 'regret_relative') as regret_relative,
  max(s.value) filter (where s.measure = 'regret_share_better') as share_better,
  max(s.value) filter (where s.measure = 'regret') as regret,
  max(s.value) filter (where s.measure = 'optimum_distance') as optimum_distance
from newest
join result.landscape_similarity as s using (analysis_run_id)
where s.landscape_b = $benchmark and s.landscape_a <> $benchmark
group by s.landscape_a
order by regret_relative nulls last, s.landscape_a
"""

RUN_POINTS = """
select a.name as algorithm, r.run_id, r.seed, r.trial_count, r.distinct_count, r.basin_count, r.global_basin_share,
  r.final_regret, r.is_final_global_basin, r.is_final_optimum, r.reason
from result.landscape_run as r
join core.algorithm as a on a.algorithm_id = r.algorithm_id
where r.analysis_run_id = $run
order by a.algorithm_id, r.seed nulls last, r.run_id
"""

TRIAL_PLACES = """
with node as (
  select configuration_id, basin_id, rank() over (order by loss) / count(*) over () as place,
    loss = min(loss) over () as is_best
  from result.landscape_node where analysis_run_id = $run
),
global_basin as (
  select distinct basin_id from node where is_best
),
trial as (
  select a.algorithm_id, a.name as algorithm, t.number, n.place, n.basin_id in (from global_basin) as is_inside
  from result.landscape_run as r
  join core.run as w on w.run_id = r.run_id
  join core.algorithm as a on a.algorithm_id = r.algorithm_id
  join core.trial as t on t.sweep_id = w.sweep_id and t.status = 'finished'
  join node as n on n.configuration_id = t.configuration_id
  where r.analysis_run_id = $run
)
"""

PLACES = (
    TRIAL_PLACES
    + """
select algorithm, count(*) as evaluations,
  unnest(range(0, 101)) / 100 as share,
  unnest(quantile_disc(place, list_transform(range(0, 101), lambda q: q / 100))) as place
from trial group by algorithm_id, algorithm order by algorithm_id, share
"""
)

PROGRESS = (
    TRIAL_PLACES
    + """
, part as (
  select *, least(9, floor(10 * number / (1 + max(number) over ())))::integer as part from trial
)
select algorithm, part, min(number) + 1 as first_trial, max(number) + 1 as last_trial, count(*) as evaluations,
  median(place) as median_place, avg(is_inside::integer) as share_inside
from part group by algorithm_id, algorithm, part order by algorithm_id, part
"""
)

ENDS = """
with ended as (
  select a.algorithm_id, a.name as algorithm, r.final_basin_id, count(*) as runs
  from result.landscape_run as r
  join core.algorithm as a on a.algorithm_id = r.algorithm_id
  where r.analysis_run_id = $run and r.final_basin_id is not null
  group by a.algorithm_id, a.name, r.final_basin_id
),
placed as (
  select configuration_id, $sign * loss as value, basin_size, is_global,
    basin_size / sum(basin_size) over () as basin_share, rank() over (order by loss) as optimum_place
  from result.landscape_optimum where analysis_run_id = $run
)
select e.algorithm, e.final_basin_id as optimum, e.runs, p.optimum_place, p.value, p.basin_size, p.basin_share,
  p.is_global, (sum(e.runs) over (partition by e.final_basin_id))::integer as all_runs
from ended as e
left join placed as p on p.configuration_id = e.final_basin_id
order by p.optimum_place nulls last, e.final_basin_id, e.algorithm_id
"""

EMBEDDING = """
select e.analysis_run_id, e.configuration_count, e.dimension, e.neighbours_kept, e.neighbours_kept_by_chance,
  e.share_explained,
  e.configuration_count <> s.configuration_count or exists (
    select 1 from core.evaluation as v join core.source as c on c.source_id = v.source_id
    where v.search_space_id = s.search_space_id and v.benchmark_id = s.benchmark_id and v.metric_id = s.metric_id
      and v.split = s.split and v.fidelity is not distinct from s.fidelity and c.ingested_at > a.ended_at
  ) as is_older
from result.landscape_subject as s
join result.embedding_subject as e
  on e.search_space_id = s.search_space_id and e.benchmark_id = s.benchmark_id and e.metric_id = s.metric_id
  and e.split = s.split and e.fidelity is not distinct from s.fidelity and e.seed is not distinct from s.seed
join ops.analysis_run as a on a.analysis_run_id = e.analysis_run_id
where s.analysis_run_id = $run
order by e.analysis_run_id desc limit 1
"""

EMBEDDING_CELLS = """
select column_number, row_number, x, y, place from result.embedding_cell
where analysis_run_id = $embedding order by row_number, column_number
"""

EMBEDDING_OPTIMA = """
select o.configuration_id, o.is_global, o.basin_size, $sign * o.loss as value, p.x, p.y
from result.landscape_optimum as o
join result.embedding_point as p on p.analysis_run_id = $embedding and p.configuration_id = o.configuration_id
where o.analysis_run_id = $run
order by o.is_global desc, o.loss, o.configuration_id limit 60
"""

EMBEDDING_PATHS = """
with placed as (
  select r.run_id, a.algorithm_id, a.name as algorithm, r.seed,
    row_number() over (partition by a.algorithm_id order by r.final_regret nulls last, r.run_id) as place,
    count(*) over (partition by a.algorithm_id) as run_count
  from result.landscape_run as r
  join core.algorithm as a on a.algorithm_id = r.algorithm_id
  where r.analysis_run_id = $run
)
select w.algorithm, w.seed, s.trial_number, p.x, p.y
from placed as w
join result.landscape_run_step as s on s.run_id = w.run_id and s.analysis_run_id = $run
join result.embedding_point as p on p.analysis_run_id = $embedding and p.configuration_id = s.configuration_id
where w.place = (w.run_count + 1) // 2
order by w.algorithm_id, s.trial_number
"""
