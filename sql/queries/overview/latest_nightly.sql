-- One row per nightly build (at most one): the newest that has conclusions, and the one it is compared with.
select n.nightly_id, n.base_nightly_id, n.site, n.started_at, b.started_at
from ops.nightly as n
left join ops.nightly as b on b.nightly_id = n.base_nightly_id
where n.nightly_id = (select max(nightly_id) from ops.conclusion)
