"""Sloth: service levels as its own files and as PrometheusServiceLevel objects."""
