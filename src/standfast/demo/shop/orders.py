"""The shop's database: goods and orders, over a few connections that are replaced when they break."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

_KEPT = 8
_SCHEMA = """
CREATE TABLE IF NOT EXISTS products (id int PRIMARY KEY, name text NOT NULL, cents int NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    id uuid PRIMARY KEY,
    key text NOT NULL UNIQUE,
    customer text NOT NULL,
    product int NOT NULL REFERENCES products,
    amount int NOT NULL CHECK (amount > 0),
    state text NOT NULL CHECK (state IN ('accepted', 'queued', 'confirmed')),
    placed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO products VALUES
    (1, 'Sencha', 950), (2, 'Assam', 720), (3, 'Oolong', 1480), (4, 'Pu-erh', 2100),
    (5, 'Rooibos', 540), (6, 'Peppermint', 430)
ON CONFLICT DO NOTHING;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    id: str
    product: int
    amount: int
    state: str
    cents: int


class Orders:
    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: queue.LifoQueue[psycopg.Connection] = queue.LifoQueue(_KEPT)

    def make_schema(self) -> None:
        with psycopg.connect(self._url, autocommit=True, connect_timeout=2) as db:
            # Nothing of worth: it need not wait for a standby that may not be there yet.
            db.execute("SET synchronous_commit = local")
            db.execute(_SCHEMA)

    def ping(self) -> bool:
        with self._talk() as db:
            return db.execute("SELECT 1").fetchone() is not None

    def products(self) -> list[dict[str, Any]]:
        with self._talk() as db:
            rows = db.execute("SELECT id, name, cents FROM products ORDER BY id").fetchall()
        return [{"id": number, "name": name, "cents": cents} for number, name, cents in rows]

    def place(self, new: str, key: str, customer: str, product: int, amount: int) -> Order | None:
        """The order under this key: a new one, or the one that was placed before. None: no such goods."""
        with self._talk() as db:
            known = db.execute("SELECT 1 FROM products WHERE id = %s", (product,)).fetchone()
            if not known:
                return None
            db.execute(
                "INSERT INTO orders (id, key, customer, product, amount, state)"
                " VALUES (%s, %s, %s, %s, %s, 'accepted') ON CONFLICT (key) DO NOTHING",
                (new, key, customer, product, amount),
            )
            row = db.execute("SELECT id FROM orders WHERE key = %s", (key,)).fetchone()
        return self.order(str(row[0])) if row else None

    def order(self, number: str) -> Order | None:
        with self._talk() as db:
            row = db.execute(
                "SELECT o.id, o.product, o.amount, o.state, o.amount * p.cents"
                " FROM orders o JOIN products p ON p.id = o.product WHERE o.id::text = %s",
                (number,),
            ).fetchone()
        if row is None:
            return None
        return Order(id=str(row[0]), product=row[1], amount=row[2], state=row[3], cents=row[4])

    def turn(self, number: str, state: str) -> None:
        """A confirmed order stays confirmed, however late other news of it arrives."""
        with self._talk() as db:
            db.execute(
                "UPDATE orders SET state = %s WHERE id::text = %s AND state <> 'confirmed'",
                (state, number),
            )

    @contextmanager
    def _talk(self) -> Iterator[psycopg.Connection]:
        """One statement is one transaction: answered means that it is on disk."""
        try:
            db = self._idle.get_nowait()
        except queue.Empty:
            db = psycopg.connect(
                self._url, autocommit=True, connect_timeout=2, application_name="shop"
            )
        try:
            yield db
        except psycopg.OperationalError:
            # The server has gone: so have the other idle connections.
            db.close()
            self.close()
            raise
        except BaseException:
            db.close()
            raise
        try:
            self._idle.put_nowait(db)
        except queue.Full:
            db.close()

    def close(self) -> None:
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return
