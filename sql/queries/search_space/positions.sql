-- One row per hyperparameter of a search space, in the order of their positions: what decodes a configuration's id.
select position, name, value_type, cardinality, stride from core.hyperparameter
where search_space_id = $number order by position
