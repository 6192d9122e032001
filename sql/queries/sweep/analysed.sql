-- One row per sweep that was analysed under the name it has now.
select subject from mart.newest_run
where job = 'sweeps' and subject in (select subject from mart.current_sweep)
order by subject
