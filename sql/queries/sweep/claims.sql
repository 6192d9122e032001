-- One row per test that is not one hyperparameter's: model, product, best configurations.
select case kind when 'model' then 'the trees predict unseen configurations'
    when 'product' then 'the clearest product of two hyperparameters'
    else 'what stands out most among the best' end as test, p, p_adjusted, is_significant
from result.sweep_claim where analysis_run_id = $run and metric_id = $metric and kind <> 'hyperparameter'
order by test
