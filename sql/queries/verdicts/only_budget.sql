-- One row per experiment (exactly one): the budget at which all its values stand, NULL where there are several.
select case when min(budget) = max(budget) then min(budget) end from mart.observation where experiment = $subject
