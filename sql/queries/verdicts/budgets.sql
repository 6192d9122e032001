-- One row per experiment (exactly one): whether its runs have budgets; without a column of budgets every value stands at 1.
select coalesce(bool_or(budget <> 1), false) from mart.observation where experiment = $subject
