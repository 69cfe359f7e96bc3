"""Exports: JSON lines that prove themselves, to whoever holds the log's verifying key and nothing else."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from standfast.audit import checkpoint, leaf, payload, tree
from standfast.audit.checkpoint import BadCheckpoint, VerifyingKey
from standfast.audit.verify import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from standfast.audit.query import Kept

FORMAT = "standfast-audit-export/1"
_encoder = msgspec.json.Encoder()


def head_line(*, stream: str, query: dict[str, Any], by: str, at: str, note: str) -> str:
    told = {
        "format": FORMAT,
        "stream": stream,
        "query": query,
        "exported_by": by,
        "exported_at": at,
    }
    return _line(told | {"checkpoint": note})


def entry_line(kept: Kept, key: bytes | None, proof: Sequence[bytes]) -> str:
    """The record's exact core, its proof, and its payload with the one key that opens it."""
    told: dict[str, Any] = {
        "seq": kept.seq,
        "core": kept.core.decode(),
        "proof": [_coded(value) for value in proof],
        "payload": None,
    }
    if key and kept.nonce and kept.sealed:
        told["payload"] = {
            "nonce": _coded(kept.nonce), "sealed": _coded(kept.sealed), "key": _coded(key),
            "content": payload.unseal(key, kept.nonce, kept.sealed),
        }  # fmt: skip
    return _line(told)


def end_line(count: int) -> str:
    return _line({"end": True, "count": count})


def check(lines: Iterable[str], key: VerifyingKey) -> Verdict:
    """Verifies an export on its own: signature, each inclusion, each payload, the count."""
    findings: list[Finding] = []
    source = iter(lines)
    try:
        head = msgspec.json.decode(next(source, ""))
        stream = str(head["stream"])
        signed = checkpoint.verify(head["checkpoint"], key, stream)
    except (ValueError, KeyError, TypeError, BadCheckpoint) as error:
        found = Finding(kind="signature", stream="export", said=f"no valid checkpoint: {error}")
        return Verdict(findings=(found,), sizes={}, roots={}, checkpoints=0)
    count, ended = 0, False
    for number, line in enumerate(source, 2):
        try:
            told = msgspec.json.decode(line)
            if told.get("end"):
                ended = told["count"] == count
                break
            count += 1
            _check_entry(told, signed, stream)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            seq = told.get("seq") if isinstance(told, dict) else None
            said = f"line {number}: {error}"
            findings.append(Finding(kind="edited", stream=stream, said=said, seq=seq))
    if not ended:
        said = f"the export is cut short, or lines were taken out: {count} entries"
        findings.append(Finding(kind="missing", stream=stream, said=said))
    root = {stream: signed.root.hex()}
    return Verdict(findings=tuple(findings), sizes={stream: count}, roots=root, checkpoints=1)


def _check_entry(told: dict[str, Any], signed: checkpoint.Checkpoint, stream: str) -> None:
    data = told["core"].encode()
    core = leaf.decode(data)
    if (core.stream, core.seq) != (stream, told["seq"]):
        raise ValueError("the record stands in another's place")
    proof = [base64.b64decode(value, validate=True) for value in told["proof"]]
    tree.check_inclusion(leaf.leaf_hash(data), core.seq, signed.size, proof, signed.root)
    if part := told["payload"]:
        nonce, sealed, key = (base64.b64decode(part[name]) for name in ("nonce", "sealed", "key"))
        if hashlib.sha256(nonce + sealed).hexdigest() != core.payload_digest:
            raise ValueError("the payload is not the one that was written")
        if payload.unseal(key, nonce, sealed) != part["content"]:
            raise ValueError("the payload does not open to what the line says")


def _line(told: dict[str, Any]) -> str:
    return _encoder.encode(told).decode()


def _coded(data: bytes) -> str:
    return base64.b64encode(data).decode()
