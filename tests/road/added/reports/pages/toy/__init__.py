"""The toy's page."""
