"""`standfast import`: sources found and read, one draft of them, written or merged, and its first review."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from standfast import spec
from standfast.drivers.files import Files, Tree
from standfast.drivers.importers.backstage.importer import Backstage
from standfast.drivers.importers.compose.importer import Compose
from standfast.drivers.importers.folder import Disk, roots_of
from standfast.drivers.importers.gatus.importer import Gatus
from standfast.drivers.importers.kubernetes.importer import Kubernetes
from standfast.drivers.importers.kuma.importer import UptimeKuma
from standfast.drivers.importers.openslo.importer import OpenSlo
from standfast.drivers.importers.prometheus.rules import PrometheusRules
from standfast.drivers.importers.prometheus.scrape import PrometheusScrape
from standfast.drivers.importers.pyrra.importer import Pyrra
from standfast.drivers.importers.score.importer import Score
from standfast.drivers.importers.slo_generator.importer import SloGenerator
from standfast.drivers.importers.sloth.importer import Sloth
from standfast.drivers.importers.source import Source
from standfast.errors import FileError, StandfastError
from standfast.publish.document import published
from standfast.review import Measured, examine
from standfast.review.questions import Question, questions
from standfast.spec.drafting import record as records
from standfast.spec.drafting.draft import Draft, Note, NoteKind, join
from standfast.spec.drafting.merging import Merged, merge
from standfast.spec.drafting.writing import write
from standfast.spec.reading import joined, wrong_with
from standfast.spec.tree import MAX_FOREIGN_BYTES, Refused
from standfast.spec.values import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from standfast.drivers.importers.source import Follower, Importer
    from standfast.review import Review
    from standfast.spec.drafting.record import Record
    from standfast.spec.system import System

# Of sources that disagree the first counts: what runs in production before what developers start.
_FIRST: tuple[Importer, ...] = (
    Kubernetes(), Compose(), Backstage(), Score(), OpenSlo(), Sloth(), SloGenerator(),
)  # fmt: skip
# What these read speaks of components by their names; what there is, they are told.
_FOLLOWERS: tuple[Follower, ...] = (
    PrometheusScrape(),
    Pyrra(),
    Gatus(),
    UptimeKuma(),
    PrometheusRules(),
)
IMPORTERS: tuple[Importer, ...] = (*_FIRST, *_FOLLOWERS)
STANDARD_INPUT = "-"
_GENERIC = frozenset(
    {
        "docker", "compose", "docker-compose", "deploy", "deployment", "deployments", "infra", "infrastructure",
        "ops", "src", "k8s", "kubernetes", "manifests", "config", ".docker", ".devcontainer", "production",
        "prod",
    }
)  # fmt: skip
_EXAMPLES = frozenset({"example", "examples", "sample", "samples", "doc", "docs", "documentation"})
_ENVIRONMENT = re.compile(r"(^|/)[^/]*\.?env(\.[^/]*)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The sources of one call, by who reads them, and what was left."""

    claimed: tuple[tuple[Importer, tuple[Source, ...]], ...]
    left: tuple[str, ...]
    unclaimed: int  # files found in a folder that no importer knows
    notes: tuple[Note, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.path for _, sources in self.claimed for one in sources))


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did, for a face to tell."""

    path: str
    text: str
    draft: Draft
    gathered: Gathered
    cited: tuple[str, ...]
    merged: Merged | None
    system: System
    review: Review
    questions: tuple[Question, ...]


def run(
    sources: Sequence[str],
    *,
    out: str,
    now: datetime,
    over: bool = False,
    only: str = "",
    stdin: bytes = b"",
) -> Imported:
    """Import `sources` into the file at `out`; with `over` into one that is there already.

    `out` "-" writes nothing. Raises StandfastError where nothing could be imported, FileError where the
    file that is there has mistakes.
    """
    dry = out == STANDARD_INPUT
    target = Path("standfast.yaml" if dry else out)
    if target.exists() and not over and not dry:
        raise StandfastError(
            "exists and is left as it is",
            where=out,
            fix="`--merge` brings it up to date and keeps what was written by hand; "
            "`--out FILE` writes another one",
        )
    disk = Disk(
        target.parent, [root for one in sources if one != "-" for root in roots_of(_real(one))]
    )
    gathered = gather(sources, disk, only, stdin, {target.name, records.name_of(target.name)})
    draft = _drafted(gathered, disk)
    draft = replace(draft, notes=(*gathered.notes, *draft.notes))
    if not draft.facts:
        raise _nothing(sources, gathered, draft)
    written = write(draft, _system_name(sources, target), cited(draft, gathered))
    record = records.Record(sources=_digests(disk, written.draft), facts=written.draft.facts)
    merged = None
    if target.exists() and over and not dry:
        merged, text = _merged(target, written.draft)
    else:
        text = written.text
    if not dry:
        _save(target, text, record)
    system = spec.read_text(text) if dry else spec.read(out, Files())
    review = examine(system, Measured(), now)
    return Imported(
        path=out,
        text=text,
        draft=written.draft,
        gathered=gathered,
        cited=cited(written.draft, gathered),
        merged=merged,
        system=system,
        review=review,
        questions=questions(system, review),
    )


def _drafted(gathered: Gathered, disk: Disk) -> Draft:
    followers = {one.name: one for one in _FOLLOWERS}
    draft = Draft()
    for importer, read in gathered.claimed:
        follower = followers.get(importer.name)
        new = follower.read(read, disk, draft) if follower else importer.read(read, disk)
        draft = join((draft, new))
    return draft


# ------------------------------------------------------------------ which sources, and who reads them


def gather(named: Sequence[str], disk: Disk, only: str, stdin: bytes, own: set[str]) -> Gathered:
    """Every file that was named and every one that a named folder holds, with the importers that claim it."""
    importers = _importers(only)
    claimed: dict[str, list[Source]] = {one.name: [] for one in importers}
    left: list[str] = []
    notes: list[Note] = []
    unclaimed = 0
    for name in dict.fromkeys(named):
        path = _real(name)
        if name != STANDARD_INPUT and path.is_dir():
            found = disk.find(path)
            left += found.left
            notes += found.notes
            sources = [
                one
                for one in found.sources
                if one.path.rpartition("/")[2] not in own and not published(one.text)
            ]
            here: dict[str, list[Source]] = {one.name: [] for one in importers}
            unclaimed += sum(not _claim(one, importers, here) for one in sources)
            notes += _without_examples(here, disk.told(path))
            for taker, mine in here.items():
                known = {one.path for one in claimed[taker]}
                claimed[taker] += [one for one in mine if one.path not in known]
        else:
            source = _standard_input(stdin) if name == STANDARD_INPUT else disk.read(str(path))
            if not _claim(source, importers, claimed, sure=bool(only)):
                raise _unknown(name, source)
    return Gathered(
        claimed=tuple((one, tuple(claimed[one.name])) for one in importers if claimed[one.name]),
        left=tuple(left),
        unclaimed=unclaimed,
        notes=tuple(notes),
    )


def _importers(only: str) -> tuple[Importer, ...]:
    found = tuple(one for one in IMPORTERS if only in ("", one.name))
    if not found:
        raise StandfastError(
            f"no format is called {only!r}", where="--as", fix=f"known are {_formats()}"
        )
    return found


def _claim(
    source: Source,
    importers: Iterable[Importer],
    claimed: dict[str, list[Source]],
    *,
    sure: bool = False,
) -> bool:
    """Hands a source to everyone who knows it: one file may hold documents of several formats."""
    takers = [one for one in importers if sure or one.claims(source)]
    for one in takers:
        if all(source.path != other.path for other in claimed[one.name]):
            claimed[one.name].append(source)
    return bool(takers)


def _without_examples(claimed: dict[str, list[Source]], folder: str) -> list[Note]:
    """Of a folder that holds more than examples, the examples are no part of the system."""
    left: dict[str, Source] = {}
    for taker, mine in claimed.items():
        shown = [one for one in mine if _is_example(one.path, folder)]
        if shown and len(shown) < len(mine):
            left |= {one.path: one for one in shown}
            claimed[taker] = [one for one in mine if one not in shown]
    if not left:
        return []
    first = min(left)
    many = f"{len(left)} files lie" if len(left) > 1 else "a file lies"
    said = f"{many} in folders of examples and documentation; name such a folder to import it"
    return [Note(kind=NoteKind.SKIPPED, place=Place(file=first, line=1, column=1), text=said)]


def _is_example(path: str, folder: str) -> bool:
    below = path.removeprefix(folder).split("/")[:-1]
    return any(part.lower() in _EXAMPLES for part in below)


def _real(name: str) -> Path:
    """Absolute, but with links as they are: whether one leads out is for the reading to see."""
    return Path.cwd() / name


def _standard_input(data: bytes) -> Source:
    if len(data) > MAX_FOREIGN_BYTES:
        raise StandfastError(f"holds more than {MAX_FOREIGN_BYTES:,} bytes", where="standard input")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise StandfastError("is no UTF-8 text", where="standard input") from error
    return Source(path=STANDARD_INPUT, text=text.replace("\r\n", "\n"))


def _formats() -> str:
    return ", ".join(one.name for one in IMPORTERS)


def _unknown(name: str, source: Source) -> StandfastError:
    """A file that is broken is told by its fault: nobody could say of what format it is."""
    try:
        source.documents  # noqa: B018 - read for what it refuses
    except Refused as error:
        at = error.problem
        return StandfastError(
            f"cannot be read as YAML or JSON: {at.sentence}",
            where=f"{'standard input' if name == STANDARD_INPUT else name}:{at.line}:{at.column}",
            fix="mend that line; what still holds templates is rendered first (`helm template`)",
        )
    return StandfastError(
        "is of no format that can be imported",
        where="standard input" if name == STANDARD_INPUT else name,
        fix=f"known are {_formats()}; `--as FORMAT` reads it as one of them",
    )


def _nothing(sources: Sequence[str], gathered: Gathered, draft: Draft) -> StandfastError:
    said = "nothing could be imported"
    if not gathered.claimed:
        said += f": {gathered.unclaimed} files were looked at, and none is of a known format"
    for note in draft.notes[:20]:
        said += f"\n  {note.kind} {note.place}: {note.text}"
    return StandfastError(said, where=", ".join(sources), fix=f"known are {_formats()}")


def _system_name(sources: Sequence[str], target: Path) -> str:
    """The folder that was imported, or that a file lies in; `docker` or `deploy` give way to theirs."""
    first = next((one for one in sources if one != STANDARD_INPUT), None)
    path = _real(first).resolve() if first else target.resolve()
    folder = path if path.is_dir() else path.parent
    while folder.name.lower() in _GENERIC and folder.parent.name:
        folder = folder.parent
    return folder.name


# ------------------------------------------------------------------ what is kept of them


def cited(draft: Draft, gathered: Gathered) -> tuple[str, ...]:
    """The files that the draft rests on, those that were named or found first."""
    known = [_file(one, gathered) for one in records.sources_of(draft.facts)]
    return tuple(dict.fromkeys((*(one for one in gathered.paths if one in known), *known)))


def _file(told: str, gathered: Gathered) -> str:
    """Of a database the file: its facts cite a table of it, `kuma.db#monitor`."""
    file = told.rpartition("#")[0]
    return file if file in gathered.paths else told


def _digests(disk: Disk, draft: Draft) -> dict[str, str]:
    """Of what can be looked at again; never of an `.env`, whose digest would let its secrets be guessed."""
    known = disk.digests
    return {
        path: known[path]
        for path in records.sources_of(draft.facts)
        if path in known and not _ENVIRONMENT.search(path)
    }


def _merged(target: Path, draft: Draft) -> tuple[Merged, str]:
    spec.read(str(target), Files())  # a file with mistakes is mended first; this says them all
    raw = target.read_bytes().decode("utf-8")
    text = raw.removeprefix("\ufeff")
    before = _last(target)
    files = Files()
    merged = merge(
        text,
        str(target),
        joined(str(target), text, files),
        before,
        draft,
        lambda new: wrong_with(str(target), new, files),
    )
    return merged, raw[: len(raw) - len(text)] + merged.text


def _last(target: Path) -> Record:
    path = Path(records.name_of(str(target)))
    if not path.exists():
        return records.Record(sources={}, facts=())
    try:
        return records.read(Files().read(str(path)), str(path))
    except records.BadRecord as error:
        raise FileError((error.problem.show(()),)) from error


def _save(target: Path, text: str, record: Record) -> None:
    """The file before its record: without the second, the next import finds its own values in the first."""
    tree = Tree(str(target.parent))
    for name, new in ((target.name, text), (records.name_of(target.name), records.render(record))):
        path = target.parent / name
        try:
            if not path.exists() or path.read_bytes() != new.encode():
                tree.write(name, new)
        except OSError as error:
            raise StandfastError(f"cannot be written: {error.strerror}", where=str(path)) from error
