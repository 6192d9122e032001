-- One row per model and variance that others of its kind may differ from: a benchmark's residual, an algorithm's own.
select model, case when grouping_factor = 'Residual' then 'residual' else 'over ' || grouping_factor end as kind, term,
  sd, lower, upper
from (
  select *, count(*) over (partition by model, grouping_factor) as count_of_kind
  from result.lmem_variance_component
  where analysis_run_id = $run and other_term is null and term <> '(Intercept)'
)
where count_of_kind > 1 order by model, kind, sd desc
