-- One row per sweep; one whose name others have too is told apart by its source.
select sweep_id, subject, name, is_run from mart.current_sweep order by subject, sweep_id
