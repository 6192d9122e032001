-- One row per algorithm of a ranking: its mean rank.
select algorithm, mean_rank from result.ranking_algorithm where analysis_run_id = $run order by mean_rank, algorithm
