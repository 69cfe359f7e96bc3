"""Compose files: several merged by the specification's rules, their variables filled in, read for the graph."""
