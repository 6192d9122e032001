-- One row per anomalous benchmark, pair of algorithms and pair of levels, as a sentence.
select distinct benchmark || ' is anomalous: ' || "first" || ' - ' || "second" || ' moves
against the other benchmarks between ' || bad_level || ' and ' || good_level || '.'
from result.lmem_anomaly where analysis_run_id = $run and is_anomalous order by 1
