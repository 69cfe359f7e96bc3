"""Measurements as ratios, each with its yardstick in the same run: `make bench`."""
