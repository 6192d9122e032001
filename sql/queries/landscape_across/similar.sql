-- One row per pair of landscapes and measure of their similarity; later runs come later.
select r.subject, s.landscape_a, s.landscape_b, s.measure, s.value
from result.landscape_similarity as s
join ops.analysis_run as r on r.analysis_run_id = s.analysis_run_id
where s.measure in ('spearman', 'best_overlap_10', 'importance_agreement') and s.value is not null
  and s.landscape_a < s.landscape_b and s.aspect in ('benchmark', 'split')
order by r.analysis_run_id
