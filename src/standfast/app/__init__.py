"""Settings in, running platform out: introduces stores and drivers to the flows that need them."""
