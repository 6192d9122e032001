"""Neptune: what its exporter or its client wrote."""
