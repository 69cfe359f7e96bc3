"""The disk, for the commands: they may not know the drivers themselves."""

from standfast.drivers.files import Files, Tree

__all__ = ["Files", "Tree"]
