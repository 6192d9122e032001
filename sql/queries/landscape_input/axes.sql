-- One row per hyperparameter of a search space.
select name, cardinality, kind, position, stride from core.hyperparameter where search_space_id = $space order by position
