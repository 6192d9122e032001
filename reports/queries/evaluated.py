"""SQL of the pages on evaluated grids; the analyses that they read are `landscapes.grids` and `landscapes.across`."""

SPACES = """
select search_space from mart.landscape
group by search_space
having count(distinct fidelity) > 1 or (bool_or(split = 'train') and bool_or(split = 'test'))
order by search_space
"""
FACTS = """
select max(configuration_count) as configurations, count(distinct benchmark) as benchmarks,
  count(distinct metric) as metrics, count(distinct fidelity) as fidelities,
  max(seed_count) as seeds, max(fold_count) as folds, sum(evaluation_count) as evaluations
from mart.landscape where search_space = $space
"""
FIDELITIES = """
select b.name as benchmark, m.name as metric, f.split, f.fidelity, f.spearman, f.kendall, f.shake_up, f.best_overlap_1,
  f.best_overlap_5, f.best_overlap_10, f.best_overlap_25, f.worst_overlap_10, f.importance_agreement, f.regret,
  f.noise_floor, f.is_noise, f.top_share, f.has_optimum, f.is_cheapest, f.cost_share, f.saved_share, f.reliability,
  f.configuration_count, f.reason
from result.landscape_fidelity as f
join core.benchmark as b on b.benchmark_id = f.benchmark_id
join core.metric as m on m.metric_id = f.metric_id
where f.analysis_run_id = $run and f.fidelity is distinct from f.full_fidelity
order by list_position(['test', 'valid', 'train'], f.split), m.name, b.name, f.fidelity
"""
CHEAPEST = """
select b.name as benchmark, m.name as metric, f.split, f.fidelity, f.fidelity is not distinct from f.full_fidelity as
  is_full, f.cost_share, f.saved_share, f.top_share, f.regret, f.is_noise
from result.landscape_fidelity as f
join core.benchmark as b on b.benchmark_id = f.benchmark_id
join core.metric as m on m.metric_id = f.metric_id
where f.analysis_run_id = $run and f.is_cheapest
order by list_position(['test', 'valid', 'train'], f.split), m.name, b.name
"""
TOP = """
  select benchmark_id, metric_id, max(fidelity) as fidelity
  from mart.landscape where search_space = $space group by benchmark_id, metric_id
"""
SPLITS = f"""
with top as ({TOP}),
ranked as (
  select p.benchmark, p.metric, p.benchmark_id, p.metric_id, p.first_loss, p.second_loss, count(*) over one as n,
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
"""
SCATTER = f"""
with top as ({TOP}),
pair as (
  select p.benchmark, p.metric, p.configuration_id, p.first_value as train_value, p.second_value as test_value,
    row_number() over (partition by p.benchmark, p.metric order by hash(p.configuration_id)) as place
  from mart.split_pair as p
  join top as t on t.benchmark_id = p.benchmark_id and t.metric_id = p.metric_id
    and t.fidelity is not distinct from p.fidelity
  where p.search_space = $space and p.first_split = 'train' and p.second_split = 'test'
    and p.first_value is not null and p.second_value is not null and list_contains($benchmarks, p.benchmark)
)
select benchmark, metric, configuration_id, train_value, test_value
from pair where place <= $points
order by benchmark, metric, configuration_id
"""
HYPERPARAMETERS = """
select h.name, h.stride, h.cardinality, list(l.label order by l.level) as labels
from core.hyperparameter as h
join core.search_space as s on s.search_space_id = h.search_space_id
join core.hyperparameter_level as l on l.search_space_id = h.search_space_id and l.position = h.position
where s.name = $space
group by h.name, h.stride, h.cardinality, h.position
order by h.position
"""
GAPS = """
with newest as (
  select subject, max(analysis_run_id) as analysis_run_id
  from ops.analysis_run
  where job = 'landscapes.overfitting' and starts_with(subject, $space || ': ')
  group by subject
)
select replace(replace(substr(n.subject, length($space) + 3), $space || '/', ''), ' against train', '') as landscape,
  g.hyperparameter, g.main_share, g.total_share, g.tree_importance, g.reason
from newest as n
join result.landscape_gap as g on g.analysis_run_id = n.analysis_run_id
order by landscape, g.position
"""
REGIONS = """
with newest as (
  select subject, max_by(warnings, analysis_run_id) as warnings
  from ops.analysis_run
  where job = 'landscapes.overfitting' and starts_with(subject, $space || ': ')
  group by subject
)
select replace(replace(substr(subject, length($space) + 3), $space || '/', ''), ' against train', '') as landscape,
  json_extract_string(warnings, '$[0]') as sentence
from newest where json_array_length(warnings) > 0
order by landscape
"""
TRANSFER = """
with newest as (
  select max(s.analysis_run_id) as analysis_run_id
  from result.landscape_similarity as s
  join core.search_space as p on p.search_space_id = s.search_space_id
  where p.name = $space and s.aspect = 'benchmark'
  group by s.context
)
select s.context, replace(s.landscape_a, $space || '/', '') as from_data, replace(s.landscape_b, $space || '/', '') as
  to_data, s.measure, s.value
from newest
join result.landscape_similarity as s using (analysis_run_id)
where s.measure in ('regret_relative', 'regret', 'spearman', 'best_overlap_10', 'importance_agreement')
order by s.context, from_data, to_data
"""
DEFAULTS = """
select b.name as benchmark, m.name as metric, d.split, d.configuration_id, d.regret, d.regret_relative, d.better_share,
  d.is_noise, d.held_out_configuration_id, d.held_out_regret, d.held_out_better_share, d.is_held_out_noise,
  d.noise_floor, d.reason
from result.landscape_default as d
join core.benchmark as b on b.benchmark_id = d.benchmark_id
join core.metric as m on m.metric_id = d.metric_id
where d.analysis_run_id = $run
order by list_position(['test', 'valid', 'train'], d.split), m.name, b.name
"""
IMPORTANCES = """
with newest as (
  select max(j.analysis_run_id) as analysis_run_id
  from result.landscape_subject as j
  join core.search_space as p on p.search_space_id = j.search_space_id
  where p.name = $space and j.seed is null
  group by j.benchmark_id, j.metric_id, j.split, j.fidelity
)
select m.name || ', ' || j.split as measured, replace(b.name, $space || '/', '') as data, i.hyperparameter,
  i.main_share, i.total_share
from newest
join result.landscape_subject as j using (analysis_run_id)
join result.landscape_importance as i using (analysis_run_id)
join core.benchmark as b on b.benchmark_id = j.benchmark_id
join core.metric as m on m.metric_id = j.metric_id
where i.scope = 'ranks' and i.total_share is not null
order by list_position(['test', 'valid', 'train'], j.split), measured, data, i.position
"""
NOISE = """
select b.name as benchmark, m.name as metric, n.split, n.noise_floor, n.residual_sd, n.within_count,
  100 * n.within_count / n.configuration_count as within_percent, n.reliability, n.unit_count, n.fold_count,
  n.configuration_count, n.reason
from result.landscape_noise as n
join core.benchmark as b on b.benchmark_id = n.benchmark_id
join core.metric as m on m.metric_id = n.metric_id
where n.analysis_run_id = $run
order by list_position(['test', 'valid', 'train'], n.split), m.name, b.name
"""
MODELS = """
select x.data_set, m.name as metric, x.split, x.model, x.place,
  case when m.direction = 'max' then -x.best_loss else x.best_loss end as best,
  case when m.direction = 'max' then -x.median_loss else x.median_loss end as median,
  x.difference, x.noise_floor, x.is_noise, x.cost, x.configuration_count, s.name as search_space, b.name as benchmark
from result.landscape_model as x
join core.metric as m on m.metric_id = x.metric_id
join core.search_space as s on s.search_space_id = x.search_space_id
join core.benchmark as b on b.benchmark_id = x.benchmark_id
where x.analysis_run_id = $run
order by list_position(['test', 'valid', 'train'], x.split), m.name, x.data_set, x.place, x.model
"""
SHAPES = """
with newest as (
  select max(j.analysis_run_id) as analysis_run_id
  from result.landscape_subject as j
  where j.seed is null
  group by j.search_space_id, j.benchmark_id, j.metric_id, j.split, j.fidelity
),
number as (
  select p.name as search_space, j.split, m.name as metric, j.analysis_run_id
  from newest
  join result.landscape_subject as j using (analysis_run_id)
  join core.search_space as p on p.search_space_id = j.search_space_id
  join core.metric as m on m.metric_id = j.metric_id
)
select n.search_space, n.metric, n.split, count(distinct n.analysis_run_id) as landscapes,
  median(v.value) filter (where v.name = 'assortativity_rank') as smoothness,
  min(v.value) filter (where v.name = 'assortativity_rank') as smoothness_least,
  max(v.value) filter (where v.name = 'assortativity_rank') as smoothness_most,
  median(v.value) filter (where v.name = 'neutrality') as neutrality,
  median(v.value) filter (where v.name = 'n_lo') as optima,
  max(v.value) filter (where v.name = 'n_lo') as optima_most,
  median(v.value) filter (where v.name = 'ndc_spearman') as ndc,
  median(v.value) filter (where v.name = 'fdc_spearman') as fdc,
  median(v.value) filter (where v.name = 'variance_ranks_main') as main_share
from number as n
join result.landscape_metric as v using (analysis_run_id)
group by n.search_space, n.metric, n.split
order by n.search_space, n.metric, n.split
"""
RELATIONS = """
select s.name as search_space, m.name as metric, r.split, r.feature, r.target, r.benchmark_count, r.coefficient,
  r.lower, r.upper, r.p_value, r.adjusted_p_value, r.reason
from result.landscape_relation as r
join core.search_space as s on s.search_space_id = r.search_space_id
join core.metric as m on m.metric_id = r.metric_id
where r.analysis_run_id = $run
order by r.coefficient is null, r.adjusted_p_value, r.p_value, s.name, r.feature, r.target
"""
CLAIMS = """
select scope, section, statement, measure, rule, median, lower, upper, least, most, value_count, benchmark_count,
  verdict, reason
from result.landscape_claim
where analysis_run_id = $run
order by scope = 'all' desc, scope, position
"""
