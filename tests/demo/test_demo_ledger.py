"""What customers were told, read back and added up."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast.demo.ledger import Ledger, Told, read, sums

codes = st.sampled_from([0, 200, 201, 202, 404, 422, 499, 500, 502, 503, 504])
answers = st.builds(
    Told,
    at=st.floats(0, 2e9, allow_nan=False),
    deed=st.sampled_from(["browse", "sign-in", "order", "look"]),
    code=codes,
    took=st.floats(0, 30, allow_nan=False),
    order=st.sampled_from(["", "a", "b", "c"]),
    state=st.sampled_from(["", "queued", "confirmed"]),
)


def told(deed: str = "order", code: int = 201, order: str = "a", state: str = "confirmed") -> Told:
    return Told(at=1.0, deed=deed, code=code, took=0.1, order=order, state=state)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def test_what_is_written_is_read_back_at_once(path: Path) -> None:
    ledger = Ledger(path)
    ledger.write(told())

    assert read(path) == (told(),)
    ledger.close()


def test_a_second_writer_adds_to_the_first(path: Path) -> None:
    for order in ("a", "b"):
        ledger = Ledger(path)
        ledger.write(told(order=order))
        ledger.close()

    assert sums(read(path)).accepted == {"a", "b"}


def test_a_line_that_is_half_written_is_left_for_later(path: Path) -> None:
    ledger = Ledger(path)
    ledger.write(told())
    ledger.close()
    with path.open("a") as file:
        file.write('{"at": 1.0, "de')

    assert len(read(path)) == 1


def test_a_ledger_that_nobody_has_begun_is_empty(path: Path) -> None:
    assert sums(read(path)).total == 0


def test_no_answer_and_every_5xx_are_failures_and_refusals_are_not() -> None:
    entries = [told(code=code) for code in (0, 500, 503, 404, 422, 201)]

    assert sums(entries).failed == 3
    assert sums(entries).unanswered == 1


def test_an_order_that_was_repeated_is_accepted_once() -> None:
    assert sums([told(), told(), told(code=500, order="")]).accepted == {"a"}


def test_looking_at_an_order_is_no_promise() -> None:
    assert not sums([told(deed="look", code=200)]).accepted


@given(st.lists(answers, max_size=30))
def test_queued_orders_are_accepted_ones_and_failures_never_exceed_the_total(
    entries: list[Told],
) -> None:
    found = sums(entries)

    assert found.queued <= found.accepted
    assert found.unanswered <= found.failed <= found.total == len(entries)


@given(st.lists(answers, max_size=20), st.lists(answers, max_size=20))
def test_sums_of_two_ledgers_add_up(some: list[Told], others: list[Told]) -> None:
    both = sums(some + others)

    assert both.failed == sums(some).failed + sums(others).failed
    assert both.accepted == sums(some).accepted | sums(others).accepted
