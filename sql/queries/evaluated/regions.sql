-- One row per landscape whose newest analysis of overfitting has something to say.
select replace(replace(substr(n.subject, length($space) + 3), $space || '/', ''), ' against train', '') as landscape,
  json_extract_string(r.warnings, '$[0]') as sentence
from mart.newest_run as n
join ops.analysis_run as r using (analysis_run_id)
where n.job = 'landscapes.overfitting' and starts_with(n.subject, $space || ': ')
  and json_array_length(r.warnings) > 0
order by landscape
