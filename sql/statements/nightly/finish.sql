-- One row per nightly build that ends: how, and what came of it.
update ops.nightly
set status = $status, is_new_site = $is_new_site, folder = $folder, published = $published, ended_at = now(),
  summary = $summary
where nightly_id = $nightly
