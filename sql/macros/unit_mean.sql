-- The mean of a configuration's values as if it had been measured on every unit: none where it failed on a unit that gave values for others; where units are missing, the effects of those it has are taken out (see mart.landscape_unit).
-- In the order of size, not of rows: a sum's last digit hangs on its order, and ties must stay ties.
(value, effect, unit_count, whole_effect) as
  case
    when count(*) filter (where value is null and effect is not null) > 0 then null
    when count(value) < any_value(unit_count)
      then list_avg(list_sort(list(value))) - list_avg(list_sort(list(effect))) + any_value(whole_effect)
    else list_avg(list_sort(list(value)))
  end
