"""What the kit sends is what standfast takes."""

import json
from pathlib import Path

from standfast.audit import schema
from standfast_kit import Actor, Audit
from standfast_kit.spool import Spool


def test_every_kind_of_event_that_the_client_writes_is_one_that_the_log_takes(
    tmp_path: Path,
) -> None:
    client = Audit(tmp_path, producer="shop", max_bytes=2000)
    client.emit("data.export", context={"scope": "all", "format": "csv"})
    client.emit(
        "settings.change",
        actor=Actor(type="user", id="42", ip_address="192.0.2.1"),
        target=("settings", "mail"),
        outcome=("failure", "not allowed"),
        changes={"from": ("a", None), "limit": (1, 2.5)},
    )
    while client.emit("user.login"):
        continue
    client.close()
    (directory,) = tmp_path.iterdir()
    spool = Spool(directory)
    sent = [json.loads(frame.payload) for frame in spool.pending(1000)]
    spool.close()
    parsed = [schema.parse(one) for one in sent]
    assert [one.counter for one in parsed] == [one["counter"] for one in sent]
    assert parsed[-1].event.type == "spool.full"
    assert parsed[1].event.changes[1].new_value == 2.5
