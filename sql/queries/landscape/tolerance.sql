-- One row per landscape (exactly one): the tolerance within which losses count as equal.
select search_space_id, epsilon, epsilon_rule from result.landscape_subject where analysis_run_id = $run
