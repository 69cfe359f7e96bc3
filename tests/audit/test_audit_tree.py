from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.audit import tree
from standfast.audit.leaf import leaf_hash
from standfast.audit.tree import BadProof, Frontier

# The vectors of Certificate Transparency's reference implementation.
INPUTS = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
sizes = st.integers(1, 400)


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def naive(values: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if len(values) < 2:
        return values[0] if values else hashlib.sha256(b"").digest()
    middle = 1
    while middle * 2 < len(values):
        middle *= 2
    return hashlib.sha256(b"\x01" + naive(values[:middle]) + naive(values[middle:])).digest()


def nodes_of(values: list[bytes]):
    return lambda name: naive(values[name[1] << name[0] : (name[1] + 1) << name[0]])


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_implementation(size: int) -> None:
    assert tree.root_of([leaf_hash(data) for data in INPUTS[:size]]).hex() == ROOTS[size]


@given(st.lists(st.integers(0, 90), max_size=8))
def test_appending_in_any_batches_gives_the_root_and_the_nodes_of_the_whole(
    batches: list[int],
) -> None:
    values, frontier, nodes = leaves(sum(batches)), Frontier(), {}
    for batch in batches:
        frontier, runs = tree.extend(frontier, values[frontier.size : frontier.size + batch])
        for (level, first), run in runs.items():
            for index, value in enumerate(run, first):
                assert (level, index) not in nodes
                nodes[level, index] = value
        frontier = Frontier.decode(frontier.size, frontier.encode())

    assert frontier.root() == naive(values)
    assert len(nodes) == sum(len(values) >> level for level in range(1, 12))
    assert all(value == nodes_of(values)(name) for name, value in nodes.items())


@given(sizes, st.data())
def test_every_leaf_is_proven_in_and_no_other_leaf_is(size: int, data: st.DataObject) -> None:
    values, index = leaves(size), data.draw(st.integers(0, size - 1))
    proof, root = tree.inclusion(index, size, nodes_of(values)), naive(values)

    tree.check_inclusion(values[index], index, size, proof, root)
    for leaf, at, part in (
        (leaf_hash(b"other"), index, proof),
        (values[index], index, [*proof, root]),
        *([(values[index], index, proof[:-1]), (values[index], index ^ 1, proof)] if proof else []),
    ):
        with pytest.raises(BadProof):
            tree.check_inclusion(leaf, at, size, part, root)


@given(sizes, st.data())
def test_an_older_tree_is_proven_to_be_the_beginning_of_a_newer(
    size: int, data: st.DataObject
) -> None:
    values, old = leaves(size), data.draw(st.integers(1, size))
    proof = tree.consistency(old, size, nodes_of(values))
    old_root, root = naive(values[:old]), naive(values)

    tree.check_consistency(old, old_root, size, root, proof)
    forged = naive([leaf_hash(b"other"), *values[1:old]])
    with pytest.raises(BadProof):
        tree.check_consistency(old, forged, size, root, proof)
    with pytest.raises(BadProof):
        tree.check_consistency(old, old_root, size, root, [*proof, root])


def test_there_is_no_proof_from_an_empty_tree() -> None:
    with pytest.raises(BadProof):
        tree.check_consistency(0, tree.EMPTY_ROOT, 1, leaves(1)[0], [])
    with pytest.raises(BadProof):
        tree.consistency(0, 1, nodes_of(leaves(1)))


def test_hashes_that_are_not_32_bytes_are_refused() -> None:
    two = leaves(2)
    root = naive(two)
    with pytest.raises(BadProof, match="32 bytes"):
        tree.check_inclusion(two[0], 0, 2, [two[1][:-1]], root)
    with pytest.raises(BadProof, match="32 bytes"):
        tree.check_inclusion(two[0], 0, 2, [two[1]], root + b"x")


def test_a_frontier_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="no frontier"):
        Frontier.decode(3, b"x" * 32)
