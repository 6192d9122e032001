-- Whether a cell of a conditional search space is a configuration: what is inactive there stands at its default. The rules are those of `mart.condition`, a struct each, with stride and cardinality of the conditional hyperparameter.
(cell, rules) as len(list_filter(
  rules,
  lambda rule: not list_contains(rule.levels, (cell // rule.parent_stride) % rule.parent_cardinality)
    and (cell // rule.stride) % rule.cardinality <> rule.default_level
)) = 0
