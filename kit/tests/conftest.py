"""What every test of the kit shares."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A deadline would be a timed assertion, and the machines that run these are busy.
# So is the check that examples are made fast enough: one stall of a second would fail it.
settings.register_profile("kit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kit")
