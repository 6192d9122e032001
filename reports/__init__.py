"""Reports: pages drawn from result tables and views."""
