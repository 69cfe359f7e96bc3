from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from paging_system import NOON, alert, team_system

from standfast.paging.escalation import due
from standfast.paging.message import compose
from standfast.paging.page import open_page
from standfast.paging.token import LIFE, digest, mint
from standfast.spec.calling import Runbook

SECRET = "s" * 43


def step(**more):
    system = team_system(runbooks={"api-down": Runbook(name="api-down", title="The API is down")})
    return system, due(open_page("P-1", alert(**more), system, NOON), system, NOON)


def test_a_message_says_what_why_who_and_how_to_answer() -> None:
    system, taken = step()
    other = replace(taken.posts[0], key="another", person="bo")
    said = compose(taken.page, taken.posts[0], system, others=(other,), token=SECRET, now=NOON)

    assert said.to == "ada@shop.test"
    assert said.subject == "P1 web: web is down"
    for part in (
        "Why: 0 of 40 requests succeeded", "Component: web", "to be answered within 5 min",
        "Runbook: The API is down", f"Acknowledge: https://ops.shop.test/ack/{SECRET}",
        "Also told: Bo by page (pending)", "standfast page acknowledge P-1",
    ):  # fmt: skip
        assert part in said.text
    assert json.loads(said.payload)["because"].startswith("0 of 40")


def test_the_same_notification_has_the_same_message_id_at_every_attempt() -> None:
    system, taken = step()
    one = taken.posts[0]
    first = compose(taken.page, one, system, token=SECRET, now=NOON)
    later = compose(taken.page, replace(one, attempts=7), system, token="t" * 43, now=NOON)

    assert first.message_id == later.message_id
    assert first.message_id.startswith("<")


def test_an_alert_cannot_write_headers_of_its_own() -> None:
    system, taken = step(summary="down\r\nBcc: everyone@shop.test")

    assert "\n" not in compose(taken.page, taken.posts[0], system, now=NOON).subject


def test_without_a_public_address_there_is_no_link() -> None:
    system, taken = step()
    system = replace(system, server=replace(system.server, public_url=None))

    assert "/ack/" not in compose(taken.page, taken.posts[0], system, token=SECRET, now=NOON).text


def test_only_the_hash_of_a_link_is_kept_and_the_link_expires() -> None:
    link = mint(SECRET, "P-1", "ada", NOON)

    assert SECRET not in repr(link)
    assert link.hash == digest(SECRET)
    assert link.valid(SECRET, NOON + LIFE - timedelta(seconds=1))
    assert not link.valid(SECRET, NOON + LIFE)
    assert not link.valid("x" * 43, NOON)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="guessed"):
        mint("short", "P-1", "ada", NOON)
