-- One row per landscape (exactly one): its best configuration, and best, median and worst value.
select
  arg_min(configuration_id, (loss, configuration_id)) as configuration_id, $sign * min(loss) as value,
  (select count(*) from result.landscape_node as n
   where n.analysis_run_id = $run and n.loss = (select min(loss) from result.landscape_node
                                                where analysis_run_id = $run)) as tied,
  $sign * median(loss) as median, $sign * max(loss) as worst
from result.landscape_node where analysis_run_id = $run
