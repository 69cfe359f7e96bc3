"""What every test of the kit shares."""

from __future__ import annotations

from hypothesis import settings

# A deadline would be a timed assertion, and the machines that run these are busy.
settings.register_profile("kit", deadline=None)
settings.load_profile("kit")
