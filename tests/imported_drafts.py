"""Files of somebody else's in a real folder, and what an importer makes of them."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from standfast.drivers.importers.folder import Disk
from standfast.spec.drafting.writing import write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from standfast.drivers.importers.source import Importer
    from standfast.spec.drafting.draft import Draft, NoteKind


def draft(importer: Importer, folder: Path, files: Mapping[str, str], *named: str) -> Draft:
    """What `importer` says of the files: of those that were named, or else of all that it claims."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    return draft_of_folder(importer, folder, *named)


def draft_of_folder(importer: Importer, folder: Path, *named: str) -> Draft:
    disk = Disk(folder, [folder])
    sources = [disk.read(name) for name in named] or list(disk.find(folder).sources)
    return importer.read([one for one in sources if importer.claims(one)], disk)


def facts(one: Draft) -> dict[str, object]:
    """By their dotted paths, `components.` left out."""
    return {fact.dotted.removeprefix("components."): fact.value for fact in one.facts}


def edges(one: Draft) -> set[str]:
    return {f"{name} -> {to}" for name, to in one.edges}


def cited(one: Draft, dotted: str) -> list[str]:
    """`file:line` of each place that says a fact."""
    found = next(fact for fact in one.facts if fact.dotted == f"components.{dotted}")
    return [f"{place.file}:{place.line}" for place in found.places]


def notes(one: Draft, kind: NoteKind) -> list[str]:
    return [note.text for note in one.notes if note.kind == kind]


def is_taken_whole(one: Draft) -> bool:
    """Does the file take every fact of the draft as it stands?"""
    written = write(one, "system").draft
    return not [note for note in written.notes if note not in one.notes]


def deployment(name: str, image: str = "team/app:1", **more: str) -> str:
    """A Deployment with a Service of the same name in front of it."""
    return (
        f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}{more.get('meta', '')}}}\n"
        f"spec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n"
        f"    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers:\n"
        f"        - {{name: main, image: {image}, env: [{more.get('env', '')}]}}\n"
        f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}{more.get('meta', '')}}}\n"
        f"spec: {{selector: {{app: {name}}}, ports: [{{port: {more.get('port', '80')}}}]}}\n"
    )


def env(**values: str) -> str:
    return ", ".join(f'{{name: {name}, value: "{value}"}}' for name, value in values.items())
