"""The formats in which alerts arrive, for the faces that may not know drivers."""

from standfast.drivers.alert_formats import alertmanager, generic

__all__ = ["alertmanager", "generic"]
