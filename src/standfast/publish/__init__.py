"""System and review in, {path: document} out: documents for people and configuration for machines."""

from standfast.publish.document import Document, Generated, Output, Region, Scaffold
from standfast.publish.plan import (
    REVIEW,
    Deed,
    Plan,
    Recorded,
    Write,
    adopted_notes,
    plan,
    recorded,
)
from standfast.publish.render import FOLDERS, render

__all__ = [
    "FOLDERS",
    "REVIEW",
    "Deed",
    "Document",
    "Generated",
    "Output",
    "Plan",
    "Recorded",
    "Region",
    "Scaffold",
    "Write",
    "adopted_notes",
    "plan",
    "recorded",
    "render",
]
