-- One row per benchmark and metric of the experiment whose runs do not all end at one budget, or of which some failed: where they end, and at which budget they are compared.
select benchmark, metric, earliest_end, latest_end, budget as compared_budget, run_count, early_count, failed_count
from mart.compared_budget
where experiment = $experiment and (earliest_end < latest_end or failed_count > 0)
order by benchmark, metric
