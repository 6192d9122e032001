-- One row per configuration of an analysed landscape: its loss and its basin.
select configuration_id, loss, basin_id from result.landscape_node where analysis_run_id = $run order by configuration_id
