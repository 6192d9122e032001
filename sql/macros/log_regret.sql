-- log10 of the regret, a regret of zero replaced by the benchmark's least positive one; missing stays missing (greatest alone would skip it).
(loss, best_loss, least_regret) as case
  when loss is not null and best_loss is not null and least_regret > 0
    then log10(greatest(loss - best_loss, least_regret))
end
