-- One row per level and block: its rows.
select level, block, row_count from result.lmem_coverage
where analysis_run_id = $run and model = 'model' order by level, block
