-- One row per benchmark and metric that has a best known value (a table of the session: `best_known_here`).
create or replace temp table best_known_here as select * from mart.best_known
