-- One row per tolerance: the share of neighbour pairs whose losses differ by no more.
select epsilon, relative_epsilon, neutrality, pair_count from result.landscape_neutrality
where analysis_run_id = $run order by epsilon
