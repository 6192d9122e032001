-- One row per conclusion that changed since the nightly build before.
select kind, subject, sentence from ops.change where nightly_id = $build order by position
