"""The formats in which alerts and metrics arrive, for the faces that may not know drivers."""

from standfast.drivers.alert_formats import parse, parse_alertmanager
from standfast.drivers.otlp import PROTOBUF as OTLP_PROTOBUF
from standfast.drivers.otlp import Unsupported as OtlpUnsupported
from standfast.drivers.otlp import answer as otlp_answer
from standfast.drivers.otlp import media as otlp_media
from standfast.drivers.otlp import read as read_otlp
from standfast.drivers.otlp import refusal as otlp_refusal

__all__ = [
    "OTLP_PROTOBUF", "OtlpUnsupported", "otlp_answer", "otlp_media", "otlp_refusal", "parse",
    "parse_alertmanager", "read_otlp",
]  # fmt: skip
