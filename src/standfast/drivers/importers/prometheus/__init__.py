"""Prometheus: what it scrapes, and the alerts of its rule files."""
