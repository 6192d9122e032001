-- One row per site (exactly one): the last build before this one that gave it new pages, NULL where there is none.
select max(nightly_id) from ops.nightly where site = $site and is_new_site and nightly_id < $nightly
