"""The tables of the audit log, and the triggers by which they refuse to be changed.

The triggers are a hurdle, not the proof: who owns the database can drop them. The proof is the tree, and the
checkpoints kept elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text, UniqueConstraint, event
from sqlalchemy.schema import DDL

from standfast.store.columns import Instant, metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Sorted and compared by its bytes, whatever language the database speaks.
_Bytewise = Text().with_variant(Text(collation="C"), "postgresql")

heads = Table(
    "audit_heads",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    Column("seal", LargeBinary, nullable=False),
    Column("pruned", BigInteger, nullable=False, server_default="0"),  # payloads below may be gone
)
records = Table(
    "audit_records",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("id", _Bytewise, nullable=False),
    Column("timestamp", _Bytewise, nullable=False),
    Column("actor_type", Text, nullable=False),
    Column("actor", _Bytewise, nullable=False),
    Column("category", Text, nullable=False),
    Column("action", _Bytewise, nullable=False),
    Column("target_type", Text),
    Column("target", _Bytewise),
    Column("status", Text, nullable=False),
    Column("core", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    UniqueConstraint("stream", "id"),
    Index("ix_audit_records_timestamp", "stream", "timestamp"),
    Index("ix_audit_records_actor", "stream", "actor", "seq"),
    Index("ix_audit_records_target", "stream", "target", "seq"),
    Index("ix_audit_records_action", "stream", "action", "seq"),
    sqlite_with_rowid=False,
)
payloads = Table(
    "audit_payloads",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
subjects = Table(
    "audit_subjects",
    metadata,
    Column("pseudonym", Text, primary_key=True),
    Column("lookup", LargeBinary, unique=True),
    Column("sealed", LargeBinary),
    Column("erased_at", Instant),
)
nodes = Table(
    "audit_nodes",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("level", BigInteger, primary_key=True, autoincrement=False),
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("signed_at", Instant, nullable=False),
)
producers = Table(
    "audit_producers",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("producer", Text, primary_key=True),
    Column("counter", BigInteger, nullable=False),
    Column("seen_at", Instant, nullable=False),
)

_NEVER = "FALSE"
# A payload may go once its subject is erased, or once the stream is pruned beyond it.
_RELEASED = (
    "EXISTS (SELECT 1 FROM audit_records r JOIN audit_subjects s ON s.pseudonym IN (r.actor, r.target)"
    " WHERE r.stream = OLD.stream AND r.seq = OLD.seq AND s.erased_at IS NOT NULL)"
    " OR EXISTS (SELECT 1 FROM audit_heads h WHERE h.stream = OLD.stream AND OLD.seq < h.pruned)"
)
# table -> deed -> when it is allowed all the same
REFUSED = {
    records: {"UPDATE": _NEVER, "DELETE": _NEVER},
    nodes: {"UPDATE": _NEVER, "DELETE": _NEVER},
    checkpoints: {"UPDATE": _NEVER, "DELETE": _NEVER},
    payloads: {"UPDATE": _NEVER, "DELETE": _RELEASED},
}


def refusals(dialect: str, table: Table) -> list[str]:
    """The statements that make `table` refuse change, for `create_all` and for a migration."""
    return list(_sqlite(table) if dialect == "sqlite" else _postgresql(table))


def _sqlite(table: Table) -> Iterator[str]:
    for deed, allowed in REFUSED[table].items():
        yield (
            f"CREATE TRIGGER {table.name}_no_{deed.lower()} BEFORE {deed} ON {table.name}"
            f" WHEN NOT ({allowed}) BEGIN SELECT RAISE(ABORT, '{_said(table, deed)}'); END"
        )


def _postgresql(table: Table) -> Iterator[str]:
    for deed, allowed in (*REFUSED[table].items(), ("TRUNCATE", _NEVER)):
        name = f"{table.name}_no_{deed.lower()}"
        # A DELETE goes on where the row is returned; where FALSE stands the planner is never asked.
        check = "" if allowed is _NEVER else f"IF {allowed} THEN RETURN OLD; END IF; "
        each = "STATEMENT" if deed == "TRUNCATE" else "ROW"
        yield (
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {check}"
            f"RAISE EXCEPTION '{_said(table, deed)}'; END $$"
        )
        yield (
            f"CREATE TRIGGER {name} BEFORE {deed} ON {table.name}"
            f" FOR EACH {each} EXECUTE FUNCTION {name}()"
        )
        # ALWAYS: it fires under session_replication_role = replica as well.
        yield f"ALTER TABLE {table.name} ENABLE ALWAYS TRIGGER {name}"


def _said(table: Table, deed: str) -> str:
    return f"{table.name} refuses {deed}: the audit log only grows"


def _listen() -> None:
    ddl = cast("Callable[[str], DDL]", DDL)  # untyped in SQLAlchemy
    for table, deeds in REFUSED.items():
        for dialect in ("sqlite", "postgresql"):
            for statement in refusals(dialect, table):
                event.listen(table, "after_create", ddl(statement).execute_if(dialect=dialect))
        for deed in (*deeds, "TRUNCATE"):
            forget = ddl(f"DROP FUNCTION IF EXISTS {table.name}_no_{deed.lower()}()")
            event.listen(table, "after_drop", forget.execute_if(dialect="postgresql"))


_listen()
