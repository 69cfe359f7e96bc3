"""Runbooks speak the language of what the system runs on, and say the same thing once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from standfast import spec
from standfast.errors import FileError
from standfast.publish.render import render
from standfast.review import Measured, examine

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def runbook(platform: str, services: int, name: str = "api-down") -> str:
    parts = "".join(f"  s{number}: {{type: http}}\n" for number in range(services))
    text = f"system: {{name: blog, platform: {platform}}}\ncomponents:\n{parts}"
    system = spec.read_text(text)
    outputs = render(system, examine(system, Measured(), NOW), NOW.date())
    return outputs[f"docs/operations/runbooks/{name}.md"].text


@pytest.mark.parametrize(
    ("platform", "command"),
    [
        ("kubernetes", "`kubectl rollout restart deployment/s0`"),
        ("compose", "`docker compose restart s0`"),
        ("systemd", "`systemctl restart s0`"),
    ],
)
def test_the_commands_are_those_of_the_platform(platform: str, command: str) -> None:
    assert command in runbook(platform, services=1)


def test_what_is_the_same_for_many_stands_once() -> None:
    text = runbook("compose", services=12)
    assert text.count("docker compose restart") == 1
    assert "Put its name for `NAME`" in text
    assert all(f"s{number}" in text for number in range(12))


def test_an_unknown_platform_is_refused_where_it_stands() -> None:
    with pytest.raises(FileError) as refused:
        spec.read_text("system: {name: a, platform: nomad}\ncomponents: {w: {type: http}}\n")
    assert "standfast.yaml:1:29" in refused.value.problems[0]
    assert "kubernetes, compose, systemd" in refused.value.problems[0]
