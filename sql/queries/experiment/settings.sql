-- One row per experiment (exactly one): the number of its settings of run factors.
select count(distinct setting) from mart.run where experiment = $experiment
