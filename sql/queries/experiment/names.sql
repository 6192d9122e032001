-- One row per experiment.
select name from core.experiment order by name
