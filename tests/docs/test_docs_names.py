"""Whatever has a name that users write is named in the reference."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from fastapi import FastAPI

from standfast.cli.serve import serve
from standfast.review.catalogue import RULES
from standfast.web.api import routes

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|<img[^>]+src=\"([^\"]+)\"")


def test_every_route_of_the_api_is_in_its_reference() -> None:
    told = set(re.findall(r"^\| (GET|POST) \| `(/[^`]+)` \|", _page("api.md"), re.MULTILINE))

    assert told == _routes()


@pytest.mark.parametrize("path", ["/ack/{token}", "/health/deep", "/metrics"])
def test_what_is_not_below_the_api_is_told_too(path: str) -> None:
    assert path in _page("api.md")


def test_every_metric_that_is_exported_is_in_its_reference() -> None:
    told = set(re.findall(r"^\| `(standfast_[a-z_]+)` \|", _page("metrics.md"), re.MULTILINE))

    exported = _metrics()
    assert "standfast_up" in exported
    assert told == exported


def test_every_rule_of_the_review_is_in_its_reference() -> None:
    page = _page("findings.md")

    assert [rule.id for rule in RULES if rule.id not in page] == []


def test_every_setting_of_the_server_is_in_its_reference() -> None:
    told = dict(
        re.findall(r"^\| `(--[a-z-]+)` \| (?:`([A-Z_]+)`)? *\|", _page("settings.md"), re.MULTILINE)
    )
    options = [one for one in serve.params if isinstance(one, click.Option)]

    assert told == {one.opts[0]: one.envvar or "" for one in options}


def test_every_default_of_a_setting_is_what_the_reference_says() -> None:
    page = _page("settings.md")

    for name in ("data", "host", "port"):
        option = next(one for one in serve.params if one.name == name)
        assert f"| `{option.opts[0]}` | `{option.envvar}` | `{option.default}` |" in page


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "kit/README.md"])
def test_links_lead_to_files_that_are_there(page: str) -> None:
    file = ROOT / page
    links = [one or other for one, other in _LINK.findall(file.read_text(encoding="utf-8"))]
    local = [one.partition("#")[0] for one in links if not re.match(r"[a-z]+:|#", one)]

    assert [one for one in local if not (file.parent / one).exists()] == []


def test_every_file_of_examples_is_named_somewhere_in_the_documents() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md"))

    assert [one.name for one in (ROOT / "examples").glob("*.yaml") if one.name not in pages] == []


def _page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def _routes() -> set[tuple[str, str]]:
    app = FastAPI()
    app.include_router(routes)
    return {
        (method.upper(), path) for path, found in app.openapi()["paths"].items() for method in found
    }


def _metrics() -> set[str]:
    sources = (ROOT / "src" / "standfast").rglob("*.py")
    named = re.compile(r"Family\(\s*(?:name=)?\"(standfast_[a-z_]+)\"")
    return {
        name for source in sources for name in named.findall(source.read_text(encoding="utf-8"))
    }
