-- The views of facts show every row once: no join loses or doubles one.
select 'run' as view_name, shown.n as shown, stored.n as stored
from (select count(*) as n from mart.run) as shown, (select count(*) as n from core.run) as stored
where shown.n <> stored.n
union all
select 'trace', shown.n, stored.n
from (select count(*) as n from mart.trace) as shown, (select count(*) as n from core.trace) as stored
where shown.n <> stored.n
union all
select 'source', shown.n, stored.n
from (select count(*) as n from mart.source) as shown, (select count(*) as n from core.source) as stored
where shown.n <> stored.n
union all
select 'evaluation', shown.n, stored.n
from (select count(*) as n from mart.evaluation) as shown, (select count(*) as n from core.evaluation) as stored
where shown.n <> stored.n
