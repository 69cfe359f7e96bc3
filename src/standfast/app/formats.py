"""The formats in which alerts arrive, for the faces that may not know drivers."""

from standfast.drivers.alert_formats import parse, parse_alertmanager

__all__ = ["parse", "parse_alertmanager"]
