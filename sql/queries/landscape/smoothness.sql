-- One row per landscape whose assortativity of ranks has a value, the most rugged first.
select search_space, benchmark, metric, split, fidelity, value from mart.landscape_measure
where measure = 'assortativity_rank' and value is not null and seed is null order by value, benchmark
