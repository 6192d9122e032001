-- One row per incoming trial whose budget the tool says.
create or replace temp table _spent as
select $first_trial + trial as trial_id, spent from _incoming where spent is not null
