"""The disk, for the commands: they may not know the drivers themselves."""

from standfast.drivers.files import Edited, Files, Tree, put

__all__ = ["Edited", "Files", "Tree", "put"]
