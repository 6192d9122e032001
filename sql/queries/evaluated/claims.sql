-- One row per scope and statement of the literature: whether the landscapes here bear it out.
select scope, section, statement, measure, rule, median, lower, upper, least, most, value_count, benchmark_count,
  verdict, reason
from result.landscape_claim
where analysis_run_id = $run
order by scope = 'all' desc, scope, position
