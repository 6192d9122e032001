-- One row per standing ranking and pair of algorithms: whether the first is better, the second, or neither.
select r.subject, concat_ws(' | ', left(md5(r.parameters), 8), p.setting, p.test, p.first, p.second) as item,
  case
    when p.p_adjusted is null then null when p.p_adjusted >= 0.05 then 'none'
    when p.estimate < 0 then 'first' else 'second'
  end as verdict,
  p.estimate as value, null::double as lower, null::double as upper, p.p_adjusted as p_value,
  to_json({
    first: p.first, second: p.second, setting: p.setting, "by": p.test, response: r.parameters->>'response',
    budget: null, "where": r.parameters->>'where'
  })::varchar as context
from mart.standing_run as r
join result.ranking_pair as p on p.analysis_run_id = r.analysis_run_id
where r.job = 'rankings' and p.probability_first is null
