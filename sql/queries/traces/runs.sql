-- One row per run of the experiment, with what it is compared by (a table of the session: `traces_run`).
create or replace temp table traces_run as
select run_id, seed, setting
from mart.run where experiment_id = $experiment
