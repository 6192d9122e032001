-- One row per cell of the embedding's raster that holds a configuration.
select column_number, row_number, x, y, place from result.embedding_cell
where analysis_run_id = $embedding order by row_number, column_number
