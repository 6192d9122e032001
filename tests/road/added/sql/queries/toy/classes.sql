-- One row per benchmark whose number of classes is known, largest first.
select benchmark, class_count
from mart.toy_benchmark
order by class_count desc, benchmark
