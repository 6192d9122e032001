-- One row per build whose conclusions are kept: of each site the newest that gave it pages.
select nightly_id from ops.nightly where is_new_site
qualify row_number() over (partition by site order by nightly_id desc) <= $keep
