-- One row per standing mixed model and contrast: whether the first level is better, the second, or neither.
with basis as (
  select analysis_run_id, model from result.lmem_model where coalesce(is_basis, model = 'model')
),
direction as (
  select analysis_run_id, factor, any_value(direction) as direction
  from result.lmem_group where (analysis_run_id, model) in (select (analysis_run_id, model) from basis)
  group by analysis_run_id, factor
)
select r.subject, concat_ws(' | ', left(md5(r.parameters), 8), c.factor, c.setting, c.contrast, c.method) as item,
  case
    when c.p_adjusted is null then null when c.p_adjusted >= 0.05 then 'none'
    when (c.estimate < 0) = (coalesce(d.direction, 'min') = 'min') then 'first' else 'second'
  end as verdict,
  c.estimate as value, c.lower, c.upper, c.p_adjusted as p_value,
  to_json({
    first: coalesce(c.first, c.contrast), second: c.second, setting: c.setting, "by": 'mixed model',
    direction: coalesce(d.direction, 'min'), e_value: p.e_value,
    pairs: count(p.e_value) over (partition by c.analysis_run_id, c.setting, c.method),
    response: r.parameters->>'formula', budget: r.parameters->>'budget', "where": r.parameters->>'where'
  })::varchar as context
from mart.standing_run as r
join basis as b on b.analysis_run_id = r.analysis_run_id
join result.lmem_contrast as c on c.analysis_run_id = r.analysis_run_id and c.model = b.model
left join result.lmem_pair as p on p.analysis_run_id = c.analysis_run_id and p.model = c.model and p.factor = c.factor
  and p.setting = c.setting and p.first = c.first and p.second = c.second and p.method = c.method
left join direction as d on d.analysis_run_id = c.analysis_run_id and d.factor = c.factor
where r.job = 'mixed_models.fit'
