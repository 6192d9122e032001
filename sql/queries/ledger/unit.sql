-- One row per metric of a name (none or one): its unit, NULL where none is known.
select unit from core.metric where name = $metric
