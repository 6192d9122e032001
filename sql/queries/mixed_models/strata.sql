-- One row per fixed term and grouping factor: its stratum, and its F test in the model asked for and in that stratum.
select term, grouping_factor, stratum, state, level_count, df1, df_asked, p_asked, df_right, p_right, reason
from result.lmem_stratum where analysis_run_id = $run order by term, grouping_factor
