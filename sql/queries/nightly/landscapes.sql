-- One row per landscape and measure of its standing analysis.
select r.subject, l.name as item, null as verdict, l.value, l.lower, l.upper, null::double as p_value, '{}' as context
from mart.standing_run as r
join result.landscape_metric as l on l.analysis_run_id = r.analysis_run_id
