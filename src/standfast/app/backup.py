"""Protecting stores: the keepers that `Protect` drives, inside the server and without one."""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from standfast import spec
from standfast.drivers.files import Files
from standfast.drivers.postgres.keeper import PostgresKeeper, Settings
from standfast.drivers.postgres.told import ToldStore
from standfast.engine.protect import Protect, ProtectTx
from standfast.errors import ToolError
from standfast.recovery.place import place_of
from standfast_kit.secret import read_secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.engine.keeper import Keeper
    from standfast.engine.ports import Store
    from standfast.spec.system import System
    from standfast.spec.values import SecretRef


def protect(store: Store[ProtectTx], system: Callable[[], System]) -> Protect:
    """For the server: ticked every second, and closed at the end."""
    return Protect(store, keeper_of, system, ids=lambda: uuid.uuid4().hex)


def offline(
    file: str, store: str, *, programs: Path | None = None, scratch: Path | None = None
) -> Protect:
    """For commands: the reliability file and the folder of copies are all that is needed."""
    system = spec.read(file, Files())
    place = place_of(system, store)
    settings = Settings(programs=programs, scratch=scratch)
    return Protect(
        ToldStore(Path(place.path) / store / "told.jsonl"),
        partial(keeper_of, settings=settings),
        lambda: system,
        ids=lambda: uuid.uuid4().hex,
    )


def keeper_of(system: System, store: str, *, settings: Settings | None = None) -> Keeper:
    place = place_of(system, store)
    component = system.components[store]
    if component.type != "postgresql":
        raise ToolError(
            f"copies of {component.type} are not served yet",
            where=f"backups.{store}",
            fix="only PostgreSQL is; back this store up by its own means",
        )
    streams = "wal" in system.backups[store].copies
    return PostgresKeeper(
        store,
        Path(place.path),
        _secret(component.dsn),
        location=place.location,
        settings=replace(settings or Settings(), streams=streams),
    )


def _secret(reference: SecretRef | None) -> str | None:
    """None where nothing is there: a restore needs no source server."""
    return read_secret(str(reference)) if reference and reference.kind != "literal" else None
