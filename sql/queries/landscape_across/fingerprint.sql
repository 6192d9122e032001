-- One row per warehouse (exactly one): a digest of the analyses of landscapes, and their number.
select bit_xor(hash(job, subject, job_version, parameters, input_fingerprint, seed))::varchar, count(*)
from ops.analysis_run
where job in ('landscapes', 'landscapes.similarity', 'landscapes.overfitting', 'landscapes.grids')
