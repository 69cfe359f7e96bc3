"""The bytes that can never change, because proofs that others keep rest on them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import msgspec
import pytest
import rfc8785
from audit_log import KEYS
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from standfast.audit import checkpoint, leaf, payload, subject
from standfast.audit.canonical import LARGEST, canonical
from standfast.audit.checkpoint import BadCheckpoint, VerifyingKey
from standfast.audit.entry import PER_EVENT, compose, uuid7
from standfast.audit.event import Actor, Event, FieldChange, Target
from standfast.audit.subject import Known, Who
from standfast.audit.tree import Frontier, extend

text = st.text(st.characters(codec="utf-8"))
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | text,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(codec="ascii")), inner, max_size=5)
    ),
)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EVENT = Event(
    type="user.login", category="authentication", description="Sam came in",
    actor=Actor(type="user", id="sam", ip_address="198.51.100.4"), target=Target(type="page", id="p\u00e41"),
    changes=(FieldChange(field="seen", old_value=None, new_value=1.5),), context={"device": "phone"},
)  # fmt: skip
SAM = Known("00112233445566778899aabbccddeeff", b"k" * 32, Who("person", "sam"))
CORE = (
    '{"action":{"category":"authentication","type":"user.login"},'
    '"actor":{"subject":"00112233445566778899aabbccddeeff","type":"user"},'
    '"id":"01a1f8d3-ea00-7000-9020-304050607080","outcome":{"status":"success"},'
    '"payload_digest":"df87b0a21764c52af123932387d1655a2e51f839cf00cfe4e8a9dbbe70a0a903",'
    '"received_at":"2026-11-20T12:00:00.000000Z","seq":41,"stream":"shop",'
    '"target":{"id":"p\u00e41","subject":null,"type":"page"},'
    '"timestamp":"2026-11-20T12:00:00.000000Z","v":1}'
)


def _composed():
    (row,), (sealed,) = compose(
        [EVENT],
        {SAM.who: SAM},
        stream="shop",
        first=41,
        now=NOW,
        randomness=bytes(range(PER_EVENT)),
    )
    return row, sealed


@given(documents)
def test_the_fast_encoder_agrees_with_rfc_8785_inside_the_profile(document) -> None:
    assert canonical(document) == rfc8785.dumps(document)


@pytest.mark.parametrize(
    "bad", [1.5, 2**53, {"\u00e4": 1}, {1: 1}, "\ud800", [b"x"], {"a": [float("nan")]}]
)
def test_what_is_outside_the_profile_is_refused(bad) -> None:
    with pytest.raises(ValueError, match=r"\$"):
        canonical(bad)


def test_the_core_is_canonical_and_its_bytes_are_these() -> None:
    row, _ = _composed()

    assert row.core == canonical(msgspec.json.decode(row.core))
    assert row.core.decode() == CORE
    assert row.leaf.hex() == "aaa0f82268552180755acd2a47e61850e00b108aabfdf4509ce6039d833b2d39"


def test_the_payload_and_its_key_are_these() -> None:
    row, sealed = _composed()
    key = payload.payload_key(SAM.key, None, sealed.nonce)

    assert key.hex() == "50c4bf2ca5b83dea4fd0a67bb2fee59eb2bc41f1199f4d4b95c080131edbafcd"
    assert leaf.decode(row.core).payload_digest == payload.digest(sealed.nonce, sealed.sealed)
    assert payload.unseal(key, sealed.nonce, sealed.sealed) == {
        "actor": {"type": "user", "id": "sam", "ip_address": "198.51.100.4"},
        "description": "Sam came in",
        "target": {"type": "page", "id": "p\u00e41"},
        "reason": "",
        "changes": [{"field": "seen", "old_value": None, "new_value": 1.5}],
        "context": {"device": "phone"},
    }
    assert payload.unseal(b"x" * 32, sealed.nonce, sealed.sealed) is None


def test_a_subject_opens_only_under_the_secret_that_sealed_it() -> None:
    made = subject.new_subject(KEYS, "shop", SAM.who, bytes(range(60)))

    opened = subject.open_subject(KEYS, made.pseudonym, made.sealed)
    assert opened == Known(bytes(range(44, 60)).hex(), bytes(range(12, 44)), SAM.who)
    assert subject.open_subject(KEYS, "another", made.sealed) is None
    assert made.lookup.hex() == "92ac2be7f906e5999c59df6ddc0da39c93d32a01226435a245de3a0da935b671"


def test_a_record_core_in_any_other_bytes_is_refused() -> None:
    row, _ = _composed()
    for other in (row.core + b" ", row.core.replace(b'"v":1', b'"v":1,"x":1'), b"{}", b"\xff"):
        with pytest.raises(ValueError, match=r".+"):
            leaf.decode(other)


NOTE = """\
standfast.test/log/shop
2
sTeYX/SE+2ANuTEHx3sDZcgNePW0Kd7Q/Zc2HQd5mes=

— standfast.test/log/shop Zo+Cc338Swyho8AMWQGOjhl+fFqS2qK0e5ftkjJyJf0ERLYF/QrIAHmzUQm2uMnv2NrLV3cEQkQ6VxHGX8ZsjJH7EQ0=
"""  # noqa: E501 - a signature is as long as it is


def test_a_checkpoint_is_this_signed_note() -> None:
    frontier, _ = extend(Frontier(), [leaf.leaf_hash(b"a"), leaf.leaf_hash(b"b")])

    assert KEYS.sign("shop", frontier) == NOTE
    assert (
        str(KEYS.verifying)
        == "standfast.test/log+c5c2e7d7+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    )
    found = checkpoint.verify(NOTE, KEYS.verifying, "shop")
    assert (found.origin, found.size, found.root) == ("standfast.test/log/shop", 2, frontier.root())


def test_the_signature_format_is_that_of_the_signed_note_of_go() -> None:
    key = VerifyingKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    body = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
    )
    coded = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    raw = base64.b64decode(coded)

    assert raw[:4].hex() == "c74f20a3"
    Ed25519PublicKey.from_public_bytes(key.public).verify(raw[4:], body.encode())
    assert VerifyingKey.parse(str(key)) == key


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("shop\n2\n", "shop\n3\n"), ("log/shop\n", "log/shap\n"), ("\n2\n", "\n02\n"), ("\n2\n", "\n-2\n"),
        ("\u2014 standfast.test/log/shop", "\u2014 another"), ("\u2014 ", "- "), ("\n\n", "\n"), ("=\n", "\n"),
    ],
)  # fmt: skip
def test_a_note_that_was_changed_is_refused(old: str, new: str) -> None:
    assert old in NOTE
    with pytest.raises(BadCheckpoint):
        checkpoint.verify(NOTE.replace(old, new, 1), KEYS.verifying, "shop")


def test_signatures_of_unknown_keys_are_ignored_and_more_than_one_may_stand_below() -> None:
    extra = f"\u2014 witness.example {base64.b64encode(b'1234' + b's' * 64).decode()}\n"

    assert checkpoint.verify(NOTE + extra, KEYS.verifying, "shop").size == 2


@given(st.text(max_size=200))
def test_any_text_is_a_checkpoint_or_refused(note: str) -> None:
    with pytest.raises(BadCheckpoint):
        checkpoint.verify(note, KEYS.verifying, "shop")


@given(st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_ids_are_uuids_of_version_7(milliseconds: int, randomness: bytes) -> None:
    import uuid

    made = uuid.UUID(uuid7(milliseconds, randomness))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == milliseconds
