"""Somebody who owns the database changes one row of the audit log; the verification names it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from standfast.demo.processes import wait_until
from standfast.demo.scene import Scene
from standfast.demo.story.step import Facts, Step, require

_STREAM, _WHAT = "application", "record.created"


def run(scene: Scene) -> Facts:
    wait_until("the shop's events arrive", lambda: _entries(scene), within=60)
    entry = _entries(scene)[0]
    clean = _verify(scene)
    seq, actor = int(entry["seq"]), str(entry["actor"]["id"])
    written = _rewrite(scene, seq, "somebody-else")
    scene.telling.say(f"row {seq} of the audit log: {actor} is now somebody-else", "bad")
    if scene.sabotaged("tampering"):
        _rewrite(scene, seq, written)
    return {"seq": seq, "before": clean, "after": _verify(scene)}


def check(scene: Scene, facts: Facts) -> None:
    before, after, seq = facts["before"], facts["after"], facts["seq"]
    require(before["clean"], f"the log was not clean before: {before['findings']}")
    require(not after["clean"], "a changed row was not found")
    named = {one["seq"] for one in after["findings"] if one["stream"] == _STREAM}
    require(
        seq in named, f"row {seq} was changed, the verification names {sorted(map(str, named))}"
    )
    scene.telling.good(f"found: {after['findings'][0]['said']}")


def _entries(scene: Scene) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scene.api.see(f"/audit?stream={_STREAM}&action={_WHAT}&limit=5")[
        "entries"
    ]
    return found


def _rewrite(scene: Scene, seq: int, actor: str) -> str:
    """Past the triggers, which are put back: as somebody would who leaves no trace; answers what was there."""
    with closing(sqlite3.connect(scene.standfast.database, timeout=10)) as db, db:
        triggers = db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_records'"
        ).fetchall()
        for name, _ in triggers:
            db.execute(f'DROP TRIGGER "{name}"')
        before = db.execute(
            "SELECT actor FROM audit_records WHERE stream = ? AND seq = ?", (_STREAM, seq)
        ).fetchone()
        require(before, f"row {seq} is not there")
        db.execute(
            "UPDATE audit_records SET actor = ? WHERE stream = ? AND seq = ?", (actor, _STREAM, seq)
        )
        for _, sql in triggers:
            db.execute(sql)
        return str(before[0])


def _verify(scene: Scene) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = scene.standfast.told(
        "audit", "verify", "--database", f"sqlite:///{scene.standfast.database}",
        "--anchor", str(scene.standfast.anchor), allowed=(0, 1),
    )  # fmt: skip
    return found


STEP = Step(
    name="tampering",
    title="Somebody edits the audit log",
    sabotage="the row is put back before anybody looks",
    run=run,
    check=check,
)
