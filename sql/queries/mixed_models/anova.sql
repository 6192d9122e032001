-- One row per model and fixed term: the joint F test of the term, and the strata in which it is judged.
select model, term, stratum, df1, df2, statistic, p_value, method, reason
from result.lmem_anova where analysis_run_id = $run order by model = 'model' desc, model, position
