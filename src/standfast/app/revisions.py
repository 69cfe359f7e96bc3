"""Older versions of a file, for the commands."""

from standfast.drivers.git import Revision

__all__ = ["Revision"]
