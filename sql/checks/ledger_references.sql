-- Steps, conclusions and changes belong to a nightly build, and a conclusion is drawn once in a build.
select nightly_id as id, 'step of no build' as reason from ops.nightly_step
where nightly_id not in (select nightly_id from ops.nightly)
union all
select nightly_id, 'conclusion of no build' from ops.conclusion where nightly_id not in (select nightly_id from ops.nightly)
union all
select nightly_id, 'change of no build' from ops.change where nightly_id not in (select nightly_id from ops.nightly)
union all
select nightly_id, 'conclusion twice' from ops.conclusion group by nightly_id, kind, subject, item having count(*) > 1
