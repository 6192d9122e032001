-- One row per landscape whose newest analysis of overfitting has something to say.
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
