from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from standfast.errors import StoreError

if TYPE_CHECKING:
    from standfast.store.database import Database


def test_who_waits_for_a_place_holds_up_neither_the_others_nor_the_end(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, said = sqlite._writer, list[str]()
    assert writer
    monkeypatch.setattr(writer, "_places", threading.Semaphore(0))
    with pytest.raises(StoreError, match="too busy"):
        writer.commit(lambda connection: None, patience=0.01)

    def ask() -> None:
        try:
            writer.commit(lambda connection: None, patience=150)
        except StoreError as error:
            said.append(error.problem)

    waiting = [threading.Thread(target=ask, daemon=True) for _ in range(2)]
    for one in waiting:
        one.start()
    closing = threading.Thread(target=sqlite.close, daemon=True)
    closing.start()
    for one in (closing, *waiting):
        one.join(60)

    assert not closing.is_alive()
    assert said == ["the database is closed"] * 2
