-- One row per sweep (exactly one): the source it was loaded from.
select o.name, mart.place(o.uri) as uri, s.tool from core.sweep as s join core.source as o using (source_id) where s.sweep_id = $sweep
