-- One row per conditional hyperparameter of a search space and other hyperparameter that it needs, in their order.
select hyperparameter, needs, levels, labels, position, parent_position, default_level
from mart.condition where search_space = $space
order by position, parent_position
