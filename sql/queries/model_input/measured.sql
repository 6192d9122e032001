-- One row per metric that an experiment's runs have points of.
select distinct t.metric_id
from core.trace as t
semi join core.run as r on r.run_id = t.run_id and r.experiment_id = $experiment
