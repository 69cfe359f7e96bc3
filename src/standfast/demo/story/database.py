"""The database is destroyed and brought back; what customers were promised is all there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from standfast.demo.processes import wait_until
from standfast.demo.scene import Scene
from standfast.demo.story.step import Facts, Step, require
from standfast.demo.story.working import answer_pages, calm, open_incidents, work_through
from standfast_kit.clock import monotonic

_STORE = "db"
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")


def run(scene: Scene) -> Facts:
    say = scene.telling.say
    scene.api.do(f"/backups/{_STORE}/verify")
    say("a copy was restored into a scratch server and compared: it is proven")
    wait_until("every commit waits for its copy", lambda: synchronous(scene), within=60)
    if scene.sabotaged("database"):
        _damage(scene.folder / "backups")
    before = scene.shop.told().accepted
    began = monotonic()
    scene.database.destroy(scene.processes)
    say(f"the database and its disk are gone; {len(before)} orders had been accepted", "bad")
    restored = scene.standfast.told(
        "backup", "restore", _STORE, "--file", str(scene.standfast.file),
        "--into", str(scene.database.data),
    )  # fmt: skip
    parts = ", ".join(
        f"{one['name']} {_seconds(one['lasted']):.1f} s" for one in restored["phases"]
    )
    say(f"restored up to {restored['reached']} after {monotonic() - began:.1f} s ({parts})")
    scene.database.start(scene.processes)
    known = scene.shop.told().accepted
    wait_until("orders are accepted again", lambda: scene.shop.told().accepted - known, within=60)
    took = monotonic() - began
    say(f"customers order again {took:.1f} s after the disaster", "good")
    _finish(scene, took)
    return {"took": took, "restored": restored, "before": before, "recovery": _promise(scene)}


def _finish(scene: Scene, took: float) -> None:
    """Whoever is on call brings to its end what the disaster has opened."""
    answer_pages(scene, "ada")
    calm(scene, within=90)
    note = f"The database was restored from its copies within {took:.0f} s; no order is lost."
    for one in open_incidents(scene):
        work_through(scene, str(one["id"]), "ada", note)
        scene.telling.say(f"{one['id']} ({one['sev']}) is worked through and resolved", "good")
    # What standfast measured while the database was gone says how old its last sign of life was, not what
    # a loss would cost now.
    wait_until("every commit waits for its copy again", lambda: synchronous(scene), within=60)
    scene.api.do(f"/backups/{_STORE}/verify")
    scene.telling.say("the copies are proven again, on the database that came back", "good")


def check(scene: Scene, facts: Facts) -> None:
    accepted, took = scene.shop.told().accepted, facts["took"]
    with scene.database.connect() as db:
        kept = {number for (number,) in db.execute("SELECT id::text FROM orders").fetchall()}
    lost = accepted - kept
    require(not lost, f"{len(lost)} orders that customers were told are accepted are lost")
    promise = facts["recovery"]
    require(
        took <= promise["rto"],
        f"it took {took:.0f} s by our stopwatch; promised are {promise['rto']:.0f} s",
    )
    claimed = sum(_seconds(one["lasted"]) for one in facts["restored"]["phases"])
    require(0 < claimed <= took, f"standfast claims {claimed:.1f} s, our stopwatch {took:.1f} s")
    left = [one["id"] for one in open_incidents(scene)]
    require(not left, f"still open: {', '.join(left)}")
    require(promise["rto_measured"] is not None, "no RTO was measured by a restore")
    scene.telling.good(
        f"all {len(facts['before'])} orders are there: RPO 0 s as promised; RTO {took:.0f} s,"
        f" promised {promise['rto']:.0f} s"
    )


def synchronous(scene: Scene) -> bool:
    """Does every commit wait until standfast has it? Asked of the database itself."""
    with scene.database.connect() as db:
        rows = db.execute("SELECT sync_state FROM pg_stat_replication").fetchall()
    return ("sync",) in rows


def _promise(scene: Scene) -> dict[str, Any]:
    rows: list[dict[str, Any]] = scene.api.see("/recovery")["objectives"]
    return next(row for row in rows if row["data"] == "orders")


def _damage(backups: Path) -> None:
    """Flip a byte in the middle of every received segment and of every big file of the copies."""
    for path in backups.rglob("*"):
        if path.is_file() and path.suffix != ".json" and path.stat().st_size > 8192:
            with path.open("r+b") as file:
                file.seek(path.stat().st_size // 2)
                byte = file.read(1)[0]
                file.seek(-1, 1)
                file.write(bytes([byte ^ 0xFF]))


def _seconds(text: str) -> float:
    """Of an ISO 8601 duration that is shorter than a day."""
    found = _DURATION.fullmatch(text)
    require(found, f"{text!r} is no duration")
    assert found  # noqa: S101 - required just now
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


STEP = Step(
    name="database",
    title="The database is destroyed",
    sabotage="the copies and the received WAL are damaged",
    run=run,
    check=check,
)
