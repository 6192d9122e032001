"""Work elsewhere: processes of this machine, a Dask cluster, or any `concurrent.futures.Executor`."""
