"""The page of a whole running standfast: by its tick, by the API and by the command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))

import web_server

from standfast.cli.status_page import status_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web_server import Standfast


@pytest.fixture
def standfast(tmp_path: Path) -> Iterator[Standfast]:
    told = web_server.FILE.replace("{{public_url:", "{{status_page: public/status, public_url:")
    with web_server.running(tmp_path, text=told) as found:
        yield found


def test_a_running_server_writes_it_beside_its_file_and_the_command_writes_the_same(
    standfast: Standfast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "public" / "status"
    web_server.until((own / "index.html").exists, "the page to be written")
    monkeypatch.setenv("STANDFAST_TOKEN", standfast.token("read")["authorization"].split()[1])
    out = tmp_path / "elsewhere"

    done = CliRunner().invoke(
        status_page, ["--out", str(out), "--server", standfast.address], catch_exceptions=False
    )

    assert done.output.splitlines() == [
        "wrote status.json",
        "wrote feed.atom",
        "wrote index.html",
        "wrote 15 badges",
    ]
    for name in ("index.html", "status.json", "feed.atom", "badges/component/web/30d.svg"):
        assert (own / name).exists()
        assert (out / name).exists()
    assert "blog status</h1>" in (out / "index.html").read_text(encoding="utf-8")
    assert standfast.platform.ticking.pulses["status-page"].last_error == ""


def test_the_api_answers_it_to_readers_only(standfast: Standfast) -> None:
    with standfast.client("read") as client:
        found = client.get("/api/v1/status-page").json()
    with standfast.client("alerts") as client:
        refused = client.get("/api/v1/status-page").status_code

    assert found["name"] == "blog"
    assert [one["name"] for one in found["parts"]] == ["read", "web"]
    assert refused == 403
