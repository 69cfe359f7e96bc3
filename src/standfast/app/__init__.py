"""Settings in, running platform out: introduces stores and drivers to the flows that need them."""

from standfast.app.platform import Platform
from standfast.app.settings import Settings, database_url

__all__ = ["Platform", "Settings", "database_url"]
