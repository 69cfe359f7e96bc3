"""Verification: everything a stream's rows claim is derived again and held against what was signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from standfast.audit import checkpoint, leaf, tree
from standfast.audit.entry import row_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.audit.checkpoint import VerifyingKey
    from standfast.audit.entry import Row
    from standfast.audit.tree import Frontier, Node

ERASED, PRUNED, HEAD_CHANGED = "audit.subject_erased", "audit.payloads_pruned", "audit.head_changed"
SUBJECT, PAYLOADS = "audit_subject", "audit_payloads"  # types of target of those events
TILE = 8  # levels; of the tree's inner nodes every eighth level is kept
_MOST = 1_000  # findings that are told one by one
_COLUMNS = (
    "stream", "seq", "id", "timestamp", "actor_type", "actor", "category", "action",
    "target_type", "target", "status",
)  # fmt: skip


class Swept(NamedTuple):
    """A record with its payload, as the database gives them."""

    row: Row
    nonce: bytes | None
    sealed: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it was written. `seq` is None where no single record can be named."""

    kind: str
    stream: str
    said: str
    seq: int | None = None

    def __str__(self) -> str:
        place = self.stream if self.seq is None else f"{self.stream} seq {self.seq}"
        return f"{place}: {self.kind}: {self.said}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    findings: tuple[Finding, ...]
    sizes: Mapping[str, int]  # stream -> events looked at
    roots: Mapping[str, str]  # stream -> root, hex
    checkpoints: int  # signatures that held
    notes: tuple[str, ...] = ()  # what could not be looked at, and why

    @property
    def clean(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """What the log itself says of payloads that are gone by right."""

    subjects: frozenset[str] = frozenset()
    pruned: Mapping[str, int] = field(default_factory=dict)  # stream -> seqs below

    @classmethod
    def of(cls, cores: Iterable[bytes]) -> Releases:
        subjects: set[str] = set()
        pruned: dict[str, int] = {}
        for data in cores:
            try:
                core = leaf.decode(data)
            except ValueError:
                continue  # the sweep finds it
            name = (core.target.id if core.target else None) or ""
            if core.action.type == ERASED:
                subjects.add(name)
            elif core.action.type == PRUNED:
                stream, _, below = name.rpartition(":")
                pruned[stream] = max(pruned.get(stream, 0), int(below) if below.isdigit() else 0)
        return cls(subjects=frozenset(subjects), pruned=pruned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a stream is held against."""

    stream: str
    head: Frontier
    sealed: bool | None  # None: without the log's secret the seal says nothing
    nodes: Mapping[Node, bytes]
    checkpoints: Sequence[str]  # notes in the database
    anchors: Sequence[str]  # notes kept elsewhere
    key: VerifyingKey | None
    releases: Releases


class Check:
    """One sweep over one stream: give it the rows in order, then ask for the verdict."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self._findings: list[Finding] = []
        self._more = 0
        self._frontier = tree.Frontier()
        self._expected = 0
        self._holes = False
        self._beyond = 0
        self._held = 0
        self._signed = self._read_checkpoints()
        self._stops = sorted({size for size, _, _ in self._signed} | {claims.head.size})
        self._roots: dict[int, bytes] = {0: tree.EMPTY_ROOT}
        self._last_good = 0

    # -------------------------------------------------------------- sweeping

    def rows(self, swept: Sequence[Swept]) -> None:
        leaves: list[bytes] = []
        for entry in swept:
            seq = entry.row.seq
            if seq >= self._claims.head.size:
                self._find(
                    "forged",
                    f"a record beyond the head, which ends at {self._claims.head.size}",
                    seq,
                )
                self._beyond += 1
                continue
            if seq != self._expected:
                self._missing(self._expected, seq)
            self._expected = seq + 1
            leaves.append(self._row(entry))
        if not self._holes:
            self._grow(leaves)

    def _row(self, entry: Swept) -> bytes:
        row = entry.row
        hashed = leaf.leaf_hash(row.core)
        if hashed != row.leaf:
            self._find("edited", "the record does not hash to its checksum", row.seq)
        try:
            core = leaf.decode(row.core)
        except ValueError:
            self._find("edited", "the record is not one that standfast writes", row.seq)
            return hashed
        derived = row_of(core, row.core)
        if derived[:11] != row[:11]:
            told = zip(_COLUMNS, row, derived, strict=False)
            names = ", ".join(name for name, is_, was in told if is_ != was)
            self._find("column", f"{names}: not what the record says", row.seq)
        if core.action.type == HEAD_CHANGED:
            self._find("head", "the head had been moved by something other than standfast", row.seq)
        self._payload(entry, core)
        return hashed

    def _payload(self, entry: Swept, core: leaf.Core) -> None:
        if entry.nonce is None or entry.sealed is None:
            releases, target = self._claims.releases, core.target
            about = {core.actor.subject, target.subject if target else None}
            below = releases.pruned.get(core.stream, 0)
            if not about & releases.subjects and entry.row.seq >= below:
                self._find("payload", "the payload is gone, and no event says why", entry.row.seq)
        elif hashlib.sha256(entry.nonce + entry.sealed).hexdigest() != core.payload_digest:
            self._find("payload", "the payload is not the one that was written", entry.row.seq)

    def _grow(self, leaves: list[bytes]) -> None:
        """Extends the tree, stopping at each size that somebody signed."""
        while leaves:
            stop = next((at for at in self._stops if at > self._frontier.size), None)
            take = len(leaves) if stop is None else min(stop - self._frontier.size, len(leaves))
            self._frontier, runs = tree.extend(self._frontier, leaves[:take])
            leaves = leaves[take:]
            self._compare_nodes(runs)
            if self._frontier.size == stop:
                self._roots[stop] = self._frontier.root()

    def _compare_nodes(self, runs: Mapping[Node, Sequence[bytes]]) -> None:
        for (level, first), run in runs.items():
            if level == TILE:  # higher ones only repeat what this level says
                for index, value in enumerate(run, first):
                    if self._claims.nodes.get((level, index)) != value:
                        start = index << level
                        said = (
                            f"a record among seq {start} to {start + (1 << level) - 1} was changed"
                        )
                        self._find("node", f"{said}, or the tree's node over them")

    # -------------------------------------------------------------- judging

    def verdict(self) -> Verdict:
        claims = self._claims
        if self._expected < claims.head.size:
            self._missing(self._expected, claims.head.size)
        self._judge_head()
        self._judge_checkpoints()
        if self._more:
            self._findings.append(
                Finding(kind="more", stream=claims.stream, said=f"{self._more} further findings")
            )
        return Verdict(
            findings=tuple(self._findings),
            sizes={claims.stream: self._expected + self._beyond},
            roots={claims.stream: self._frontier.root().hex()},
            checkpoints=self._held,
        )

    def _judge_head(self) -> None:
        claims = self._claims
        if claims.sealed is False:
            self._find("head", "the head was moved by something other than standfast")
        if not self._holes and self._frontier != claims.head:
            self._find("head", "the records do not add up to the head's root")

    def _judge_checkpoints(self) -> None:
        """The first that fails is told; those after it fail for the same reason."""
        size_of_head = self._claims.head.size
        for where, group in groupby(self._signed, key=lambda signed: signed[2]):
            for size, root, _ in group:
                if size > size_of_head:
                    said = (
                        f"seq {size_of_head} to {size - 1} are gone: {where} covers {size} events"
                    )
                    self._find("truncated", said, size_of_head)
                    break
                if self._holes:
                    continue
                if self._roots[size] != root:
                    said = f"a record among seq {self._last_good} to {size - 1} is not what {where} covers"
                    self._find("diverged", said)
                    break
                self._last_good = max(self._last_good, size)

    def _read_checkpoints(self) -> list[tuple[int, bytes, str]]:
        claims = self._claims
        read = []
        for where, notes in (
            ("a checkpoint", claims.checkpoints),
            ("an anchored checkpoint", claims.anchors),
        ):
            found = [signed for note in notes if (signed := self._read(note, where))]
            read += [(size, root, where) for size, root in sorted(set(found))]
        return read

    def _read(self, note: str, where: str) -> tuple[int, bytes] | None:
        claims = self._claims
        try:
            if claims.key:
                signed = checkpoint.verify(note, claims.key, claims.stream)
                self._held += 1
            else:
                signed = checkpoint.read(note)
        except checkpoint.BadCheckpoint as error:
            self._find("signature", f"{where} does not hold: {error}")
            return None
        return signed.size, signed.root

    def _missing(self, start: int, end: int) -> None:
        if end <= start:
            self._find("forged", "a record out of its place", end)
            self._holes = True
            return
        self._holes = True
        names = f"seq {start} is" if end == start + 1 else f"seq {start} to {end - 1} are"
        self._find("missing", f"{names} missing", start)

    def _find(self, kind: str, said: str, seq: int | None = None) -> None:
        if len(self._findings) < _MOST:
            self._findings.append(
                Finding(kind=kind, stream=self._claims.stream, said=said, seq=seq)
            )
        else:
            self._more += 1


def joined(verdicts: Iterable[Verdict], notes: Iterable[str] = ()) -> Verdict:
    """The verdict on a whole log, of those on its streams."""
    parts = list(verdicts)
    return Verdict(
        findings=tuple(finding for part in parts for finding in part.findings),
        sizes={name: size for part in parts for name, size in part.sizes.items()},
        roots={name: root for part in parts for name, root in part.roots.items()},
        checkpoints=sum(part.checkpoints for part in parts),
        notes=tuple(notes) + tuple(note for part in parts for note in part.notes),
    )
