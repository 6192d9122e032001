"""Mixed models of files, without a warehouse."""
