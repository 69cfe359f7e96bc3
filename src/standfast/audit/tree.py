"""The Merkle tree of RFC 6962: appending by a frontier, roots, proofs, and checking them.

A node is named by (level, index): it covers the leaves [index << level, (index + 1) << level) and is
only ever named where all of them exist, so its hash never changes. Leaves are level 0.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

HASH = 32  # bytes
EMPTY_ROOT = hashlib.sha256(b"").digest()
Node = tuple[int, int]
Range = tuple[int, int]  # of leaves, half open


class BadProof(ValueError):
    """The proof does not show what it is said to show."""


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All of a tree that appending to it needs: its size and the roots of its perfect subtrees."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()  # the largest subtree first: one for each bit set in `size`

    def __post_init__(self) -> None:
        if len(self.peaks) != self.size.bit_count():
            raise ValueError(f"{len(self.peaks)} peaks do not make a tree of {self.size} leaves")

    def root(self) -> bytes:
        return _fold(self.peaks)

    def encode(self) -> bytes:
        return b"".join(self.peaks)

    @classmethod
    def decode(cls, size: int, data: bytes) -> Frontier:
        if len(data) != HASH * size.bit_count():
            raise ValueError(f"{len(data)} bytes are no frontier of {size} leaves")
        return cls(size, tuple(data[at : at + HASH] for at in range(0, len(data), HASH)))


def extend(frontier: Frontier, leaves: Sequence[bytes]) -> tuple[Frontier, dict[Node, list[bytes]]]:
    """The frontier after `leaves`, and the nodes above them that are new.

    The new nodes come as runs: the first one's name and the hashes from there on, one run a level.
    """
    size = frontier.size + len(leaves)
    old = dict(zip(_levels(frontier.size), frontier.peaks, strict=True))
    peaks: dict[int, bytes] = {}
    runs: dict[Node, list[bytes]] = {}
    sha256, row, level = hashlib.sha256, list(leaves), 0
    while row or level <= max(old, default=-1):
        if level in old:
            row.insert(0, old[level])
        if len(row) % 2:
            peaks[level] = row.pop()
        row = [sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row), 2)]
        level += 1
        if row:
            runs[level, frontier.size >> level] = row.copy()
    return Frontier(size, tuple(peaks[at] for at in sorted(peaks, reverse=True))), runs


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    return extend(Frontier(), leaves)[0].root()


# ------------------------------------------------------------------ proofs


def inclusion(index: int, size: int, node: Callable[[Node], bytes]) -> list[bytes]:
    """The audit path of leaf `index` in the tree of the first `size` leaves (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise BadProof(f"there is no leaf {index} in a tree of {size}")
    return [range_root(part, node) for part in _path(index, 0, size)]


def consistency(old: int, new: int, node: Callable[[Node], bytes]) -> list[bytes]:
    """Shows that the tree of `new` leaves begins with that of `old` (RFC 6962, 2.1.2)."""
    if not 0 < old <= new:
        raise BadProof(f"there is no proof from size {old} to size {new}")
    return [range_root(part, node) for part in _subproof(old, 0, new, whole=True)]


def range_root(leaves: Range, node: Callable[[Node], bytes]) -> bytes:
    return _fold([node(name) for name in subtrees(leaves)])


def subtrees(leaves: Range) -> Iterator[Node]:
    """The perfect subtrees that a range of a proof is made of, largest first."""
    start, end = leaves
    while start < end:
        level = (end - start).bit_length() - 1
        if start:  # never larger than its own beginning allows
            level = min(level, (start & -start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


def check_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """RFC 9162, section 2.1.3.2; raises BadProof."""
    _check_hashes(leaf, root, *proof)
    if not 0 <= index < size:
        raise BadProof(f"there is no leaf {index} in a tree of {size}")
    at, last, running = index, size - 1, leaf
    for sibling in proof:
        if not last:
            raise BadProof("the proof is too long")
        if at & 1 or at == last:
            running = node_hash(sibling, running)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            running = node_hash(running, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof("the proof is too short")
    if running != root:
        raise BadProof("the proof leads to another root")


def check_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """RFC 9162, section 2.1.4.2; raises BadProof."""
    _check_hashes(old_root, new_root, *proof)
    if not 0 < old <= new:
        raise BadProof(f"there is no proof from size {old} to size {new}")
    if old == new:
        if proof or old_root != new_root:
            raise BadProof("two roots of one size differ, or the proof is too long")
        return
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        raise BadProof("the proof is too short")
    seen_old, seen_new = _climb(old - 1, new - 1, path)
    if seen_old != old_root or seen_new != new_root:
        raise BadProof("the proof leads to other roots")


def _climb(at: int, last: int, path: list[bytes]) -> tuple[bytes, bytes]:
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if not last:
            raise BadProof("the proof is too long")
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise BadProof("the proof is too short")
    return old, new


def _check_hashes(*hashes: bytes) -> None:
    if any(len(value) != HASH for value in hashes):
        raise BadProof("a hash that is not 32 bytes long")


def _levels(size: int) -> list[int]:
    return [level for level in reversed(range(size.bit_length())) if size >> level & 1]


def _fold(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    running = peaks[-1]
    for peak in reversed(peaks[:-1]):
        running = node_hash(peak, running)
    return running


def _split(start: int, end: int) -> int:
    """Where RFC 6962 parts a range: after the largest power of two smaller than its length."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _path(index: int, start: int, end: int) -> list[Range]:
    siblings: list[Range] = []
    while end - start > 1:
        middle = _split(start, end)
        if index < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((start, middle))
            start = middle
    return siblings[::-1]


def _subproof(old: int, start: int, end: int, *, whole: bool) -> list[Range]:
    if old == end:
        return [] if whole else [(start, end)]
    middle = _split(start, end)
    if old <= middle:
        return [*_subproof(old, start, middle, whole=whole), (middle, end)]
    return [*_subproof(old, middle, end, whole=False), (start, middle)]
