"""One module an outside format; each only reads."""
