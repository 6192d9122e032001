-- One row per hyperparameter of a search space.
select position, name, value_type from core.hyperparameter where search_space_id = $space order by position
