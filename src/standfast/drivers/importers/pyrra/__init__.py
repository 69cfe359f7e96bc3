"""Pyrra: ServiceLevelObjective objects."""
