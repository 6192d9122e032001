"""IOHprofiler (IOHexperimenter): what its logger wrote."""
