-- One row per site (exactly one): its builds between two others that failed or were killed.
select count(*) from ops.nightly where site = $site and nightly_id > $base and nightly_id < $nightly
and status in ('failed', 'killed')
