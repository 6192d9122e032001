-- One row per site that nightly builds are of: how its last one ended.
select site, status, started_at from ops.nightly
qualify row_number() over (partition by site order by nightly_id desc) = 1 order by site
