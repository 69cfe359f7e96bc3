"""What users' own browsers may tell: whose pages, from which origins, and how paths are grouped."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from standfast.spec.system import Experience

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.spec.meaning.margin import Margin
    from standfast.spec.system import Component
    from standfast.spec.v1.file import FileShape

OTHER = "other"  # the group of every path that no pattern names
_ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+", re.ASCII)
_PATTERN = re.compile(r"/[!-~]{0,199}", re.ASCII)


def experience(
    file: FileShape, components: Mapping[str, Component], margin: Margin
) -> Experience | None:
    shape = file.experience
    if shape is None:
        return None
    for index, origin in enumerate(shape.origins):
        if not _ORIGIN.fullmatch(origin):
            margin.wrong(
                f"experience.origins.{index}",
                "an origin is scheme, host and port alone, in small letters: https://shop.example",
            )
    for name, patterns in shape.pages.items():
        if name == OTHER:
            margin.wrong(f"experience.pages.{name}", "'other' is what no pattern names")
        for index, pattern in enumerate(patterns):
            if not _PATTERN.fullmatch(pattern):
                margin.wrong(
                    f"experience.pages.{name}.{index}",
                    f"'{pattern[:60]}' is no path; write /products/*",
                )
    return Experience(
        of=_whose(shape.of, components, margin),
        origins=tuple(shape.origins),
        pages=MappingProxyType({name: tuple(found) for name, found in shape.pages.items()}),
    )


def _whose(named: str | None, components: Mapping[str, Component], margin: Margin) -> str:
    """The component that is named; else the only one of type web."""
    if named is not None:
        margin.refer("experience.of", named, components, "component")
        return named
    web = [one.name for one in components.values() if one.type == "web"]
    if len(web) != 1:
        margin.wrong("experience", "say by `of:` whose pages these are")
        return ""
    return web[0]
