-- One row per level of a hyperparameter, of each the first 1000.
select position, label from core.hyperparameter_level where search_space_id = $space and level < 1000
order by position, level
