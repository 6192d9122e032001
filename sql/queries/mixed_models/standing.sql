-- One row per model, setting and level, the best first: its mean, the ranks that its contrasts do not rule out at 5 %, and how far it is from the best.
with directed as (
  select m.model, m.factor, m.setting, m.level, m.estimate, m.lower, m.upper, m.letters,
    (select any_value(g.direction) from result.lmem_group as g
      where g.analysis_run_id = $run and g.model = m.model and g.factor = m.factor) as direction,
    coalesce(b.is_basis, m.model = 'model') as is_basis, b.response
  from result.lmem_marginal_mean as m
  left join result.lmem_model as b on b.analysis_run_id = m.analysis_run_id and b.model = m.model
  where m.analysis_run_id = $run and m.estimate is not null
),
placed as (
  select *, row_number() over (
    partition by model, factor, setting order by case direction when 'max' then -estimate else estimate end, level
  ) as position
  from directed
),
family as (
  select model, factor, setting, method
  from result.lmem_contrast
  where analysis_run_id = $run and "first" is not null and "second" is not null
  qualify row_number() over (
    partition by model, factor, setting
    order by coalesce(list_position(['tukey', 'bonferroni', 'holm', 'bh', 'dunnett'], method), 9), method
  ) = 1
),
asked as (
  select c.model, c.factor, c.setting, c.method, c."first", c."second", c.estimate, c.lower, c.upper, c.p_adjusted
  from result.lmem_contrast as c
  join family as f on f.model = c.model and f.factor = c.factor and f.setting = c.setting and f.method = c.method
  where c.analysis_run_id = $run
),
pairs as (
  select model, factor, setting, method, "first" as level, "second" as other, estimate, lower, upper, p_adjusted
  from asked
  union all
  select model, factor, setting, method, "second", "first", -estimate, -upper, -lower, p_adjusted from asked
),
beaten as (
  select p.model, p.factor, p.setting, p.level, any_value(p.method) as method,
    count(*) filter (p.p_adjusted < 0.05 and case d.direction when 'max' then p.estimate < 0 else p.estimate > 0 end)
      as better_count,
    count(*) filter (p.p_adjusted < 0.05 and case d.direction when 'max' then p.estimate > 0 else p.estimate < 0 end)
      as worse_count
  from pairs as p
  join placed as d on d.model = p.model and d.factor = p.factor and d.setting = p.setting and d.level = p.level
  group by p.model, p.factor, p.setting, p.level
),
best as (select model, factor, setting, level as best from placed where position = 1)
select p.model, p.setting, p.factor, p.level, p.position, p.direction, p.response, p.estimate, p.lower, p.upper,
  p.letters, b.method,
  case when p.direction is not null and b.method in ('tukey', 'bonferroni', 'holm') then 1 + b.better_count end as rank_lower,
  case when p.direction is not null and b.method in ('tukey', 'bonferroni', 'holm')
    then count(*) over (partition by p.model, p.factor, p.setting) - b.worse_count end as rank_upper,
  t.best, d.estimate as difference, d.lower as difference_lower, d.upper as difference_upper,
  d.p_adjusted as difference_p
from placed as p
join best as t on t.model = p.model and t.factor = p.factor and t.setting = p.setting
left join beaten as b on b.model = p.model and b.factor = p.factor and b.setting = p.setting and b.level = p.level
left join pairs as d on d.model = p.model and d.factor = p.factor and d.setting = p.setting and d.level = p.level
  and d.other = t.best
order by p.is_basis desc, p.model, p.factor, p.setting, p.position
