"""What the pages of landscapes and search spaces ask the result tables."""

ANALYSED = """
with newest as (
  select max(analysis_run_id) as analysis_run_id from result.landscape_subject
  where seed is null
  group by search_space_id, benchmark_id, metric_id, split, fidelity
)
select
  s.analysis_run_id, sp.name as search_space, b.name as benchmark, m.name as metric, s.split, s.fidelity, s.direction
from newest
join result.landscape_subject as s using (analysis_run_id)
join core.search_space as sp on sp.search_space_id = s.search_space_id
join core.benchmark as b on b.benchmark_id = s.benchmark_id
join core.metric as m on m.metric_id = s.metric_id
order by sp.name, b.name, m.metric_id, s.split, s.fidelity nulls first
"""

METRICS = """
select name, value, lower, upper, pair_count, reason from result.landscape_metric
where analysis_run_id = $run order by name
"""

BY_DISTANCE = """
select
  optimum_distance as distance, count(*) as configurations,
  quantile_cont(loss, 0.1) as low, median(loss) as middle, quantile_cont(loss, 0.9) as high, min(loss) as lowest
from result.landscape_node where analysis_run_id = $run
group by optimum_distance order by optimum_distance
"""

QUANTILES = """
select probability, loss from result.landscape_quantile where analysis_run_id = $run order by probability
"""

OPTIMA = """
select
  configuration_id, loss, member_count, basin_size, optimum_distance, is_global, page_rank, funnel_id,
  row_number() over (order by basin_size desc, configuration_id) as place
from result.landscape_optimum where analysis_run_id = $run
order by basin_size desc, configuration_id
limit 400
"""

FUNNEL_EDGES = """
select e.from_id, e.to_id, e.probability
from result.landscape_lon_edge as e
join result.landscape_optimum as a on a.analysis_run_id = e.analysis_run_id and a.configuration_id = e.from_id
join result.landscape_optimum as b on b.analysis_run_id = e.analysis_run_id and b.configuration_id = e.to_id
where e.analysis_run_id = $run and e.perturbation = 2 and b.loss < a.loss
qualify row_number() over (partition by e.from_id order by e.probability desc, b.loss, e.to_id) = 1
order by e.from_id
limit 400
"""

IMPORTANCE = """
select scope, position, hyperparameter, main_share, total_share, tunability_alone, tunability_shapley, ablation_shapley,
  method, reason
from result.landscape_importance where analysis_run_id = $run order by scope, position
"""

PAIRS = """
select
  scope, hyperparameter_a, hyperparameter_b, pair_share, sign_share, reciprocal_share, tunability_interaction
from result.landscape_interaction where analysis_run_id = $run order by scope, position_a, position_b
"""

NEUTRALITY = """
select epsilon, relative_epsilon, neutrality, pair_count from result.landscape_neutrality
where analysis_run_id = $run order by epsilon
"""

NEUTRALITY_BY_RANK = """
with part as (
  select neutral_count, degree, ntile(40) over (order by loss, configuration_id) as part
  from result.landscape_node where analysis_run_id = $run and degree > 0
)
select (part - 0.5) / 40 as place, sum(neutral_count) / sum(degree) as neutrality, count(*) as configurations
from part group by part order by part
"""

AUTOCORRELATION = """
select lag, loss_exact, rank_exact, rank_sampled, rank_sampled_error, reason
from result.landscape_autocorrelation where analysis_run_id = $run order by lag
"""

RUNS = """
select
  a.name as algorithm, count(*) as runs, avg(r.global_basin_share) as global_basin_share,
  avg(r.is_final_global_basin::int) as ended_in_global_basin, avg(r.is_final_optimum::int) as ended_in_optimum,
  median(r.final_regret) as median_regret, avg(r.basin_count) as mean_basin_count
from result.landscape_run as r
join core.algorithm as a on a.algorithm_id = r.algorithm_id
where r.analysis_run_id = $run
group by a.name order by median_regret nulls last, a.name
"""

SIMILARITY = """
with newest as (
  select max(analysis_run_id) as analysis_run_id from result.landscape_similarity
  group by search_space_id, aspect, context
)
select s.aspect, s.context, s.landscape_a, s.landscape_b, s.measure, s.value, s.reason
from newest
join result.landscape_similarity as s using (analysis_run_id)
join core.search_space as sp on sp.search_space_id = s.search_space_id
where sp.name = $space and s.aspect = $aspect and s.context = $context
  and s.measure in ('spearman', 'kendall', 'shake_up', 'best_overlap_10', 'regret_relative', 'importance_agreement')
order by s.measure, s.landscape_a, s.landscape_b
"""

ASPECTS = """
select distinct s.aspect
from result.landscape_similarity as s join core.search_space as sp on sp.search_space_id = s.search_space_id
where sp.name = $space
"""

SIMILARITY_OF_ASPECT = """
with newest as (
  select max(s.analysis_run_id) as analysis_run_id
  from result.landscape_similarity as s
  join core.search_space as sp on sp.search_space_id = s.search_space_id
  where sp.name = $space and s.aspect = $aspect
  group by s.context
)
select s.context, s.landscape_a, s.landscape_b, s.measure, s.value, s.reason
from newest
join result.landscape_similarity as s using (analysis_run_id)
where s.measure in (
  'spearman', 'kendall', 'shake_up', 'best_overlap_10', 'regret_relative', 'importance_agreement'
)
order by s.context, s.measure, s.landscape_a, s.landscape_b
"""

CHANGES = """
with newest as (
  select max(s.analysis_run_id) as analysis_run_id
  from result.landscape_similarity as s
  join core.search_space as sp on sp.search_space_id = s.search_space_id
  where sp.name = $space
  group by s.aspect, s.context
)
select s.aspect, s.context, s.landscape_a, s.landscape_b, s.value
from newest
join result.landscape_similarity as s using (analysis_run_id)
where s.measure = 'spearman' and s.value is not null and s.landscape_a < s.landscape_b
order by s.aspect, s.context, s.landscape_a, s.landscape_b
"""

SPACES = """
select search_space_id, name, cardinality from core.search_space order by name
"""

HYPERPARAMETERS = """
select
  h.position, h.name, h.kind, h.value_type, h.scale, h.cardinality,
  string_agg(l.label, ', ' order by l.level) as levels
from core.hyperparameter as h
left join core.hyperparameter_level as l on l.search_space_id = h.search_space_id and l.position = h.position
  and l.level < 24
where h.search_space_id = $space
group by all order by h.position
"""

MEASURES_WIDE = """
pivot (
  select benchmark, metric, split, fidelity, measure, value from mart.landscape_measure
  where search_space = $space and seed is null
) on measure in (
  'n_lo', 'assortativity_rank', 'neutrality', 'fdc_spearman', 'basin_global_share', 'monotone_share',
  'variance_ranks_main', 'interaction_reciprocal'
) using first(value) group by benchmark, metric, split, fidelity order by benchmark, metric, split, fidelity
"""

TUNABILITY = """
select b.name as benchmark, i.hyperparameter, i.position, i.main_share, i.tunability_shapley
from result.landscape_importance as i
join result.landscape_subject as s on s.analysis_run_id = i.analysis_run_id
join core.benchmark as b on b.benchmark_id = s.benchmark_id
join core.search_space as sp on sp.search_space_id = s.search_space_id
where sp.name = $space and i.scope = 'ranks' and s.seed is null
qualify row_number() over (partition by s.benchmark_id, i.position order by i.analysis_run_id desc) = 1
order by b.name, i.position
"""

SUBJECT = """
select
  s.search_space_id, b.name as benchmark, s.split, s.fidelity, s.configuration_count,
  count(*) as evaluations, count(*) filter (where e.status = 'ok') as usable,
  count(distinct e.seed) as seed_count, count(distinct e.fold) as fold_count
from result.landscape_subject as s
join core.benchmark as b on b.benchmark_id = s.benchmark_id
join core.evaluation as e
  on e.search_space_id = s.search_space_id and e.benchmark_id = s.benchmark_id and e.metric_id = s.metric_id
  and e.split = s.split and e.fidelity is not distinct from s.fidelity
where s.analysis_run_id = $run
group by all
"""
"""What a landscape's values are means of."""

BEST = """
select
  arg_min(configuration_id, (loss, configuration_id)) as configuration_id, $sign * min(loss) as value,
  (select count(*) from result.landscape_node as n
   where n.analysis_run_id = $run and n.loss = (select min(loss) from result.landscape_node
                                                where analysis_run_id = $run)) as tied,
  $sign * median(loss) as median, $sign * max(loss) as worst
from result.landscape_node where analysis_run_id = $run
"""

SETTING = """
select h.name, l.label, i.total_share
from core.hyperparameter as h
join core.hyperparameter_level as l
  on l.search_space_id = h.search_space_id and l.position = h.position
  and l.level = ($configuration // h.stride) % h.cardinality
left join result.landscape_importance as i
  on i.analysis_run_id = $run and i.scope = 'ranks' and i.position = h.position
where h.search_space_id = $space
order by h.position
"""
"""One configuration's hyperparameters, their levels, and their shares of the variance of ranks."""
