"""Published documents as pages: in the running service, and from a file alone."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from click.testing import CliRunner
from web_server import Standfast, until

from standfast.app.documents import Shelf
from standfast.cli.group import standfast as command
from standfast.errors import Unreachable
from standfast.web.library import create, is_local
from standfast.web.templating import runbook_address

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOP = Path(__file__).parents[2] / "examples/shop.yaml"


# ------------------------------------------------------------------ in the running service


@pytest.fixture
def signed_in(standfast: Standfast) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=standfast.address, follow_redirects=True, timeout=60) as client:
        client.post("/sign-in", data={"name": "admin", "password": standfast.password})
        yield client


def test_every_document_of_the_shelf_is_a_page_and_every_link_of_it_leads_somewhere(
    signed_in: httpx2.Client,
) -> None:
    index = signed_in.get("/docs")
    paths = set(re.findall(r'href="(/docs/[^"#]+)"', index.text))
    assert "/docs/operations/runbooks/api-down.md" in paths
    assert len(paths) >= 20
    for path in sorted(paths):
        answer = signed_in.get(path)
        assert answer.status_code == 200, path
        assert "<!--" not in answer.text.partition("<article")[2], path
        for link in re.findall(r'<a href="([^"#:]+\.md)"', answer.text):
            target = answer.url.join(link).path
            assert target.removeprefix("/api/v1") in paths, (path, link)


def test_a_document_shows_what_is_measured_just_now(
    signed_in: httpx2.Client, standfast: Standfast
) -> None:
    until(lambda: "answers" in signed_in.get("/docs/operations/monitoring.md").text, "a first look")
    page = signed_in.get("/docs/operations/monitoring.md").text
    assert re.search(r"<h2[^>]*>Measured, \d{4}-\d\d-\d\d \d\d:\d\d UTC</h2>", page)
    with standfast.client("read") as api:
        found = api.get("/api/v1/docs/operations/monitoring.md").json()
    assert found["title"] == "monitoring"
    assert found["text"].startswith("# Monitoring: blog\n")
    assert found["measured"].startswith("## Measured, ")


def test_pages_lead_to_the_documents_about_them(signed_in: httpx2.Client) -> None:
    assert "/docs/operations/disaster-recovery.md" in signed_in.get("/recovery").text
    assert "/docs/operations/SLOs.md" in signed_in.get("/objectives/web-probes").text
    assert "/docs/operations/runbooks/" in signed_in.get("/services/web").text


def test_documents_are_for_those_who_are_signed_in(standfast: Standfast) -> None:
    answer = httpx2.get(standfast.address + "/docs/operations/on-call.md")
    assert answer.status_code == 303


@pytest.mark.parametrize("path", ["nothing.md", "../standfast.yaml", "operations/../../x.md"])
def test_what_is_no_document_is_not_found(signed_in: httpx2.Client, path: str) -> None:
    assert signed_in.get(f"/docs/{path.replace('..', '%2e%2e')}").status_code == 404


# ------------------------------------------------------------------ from a file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "standfast.yaml").write_text(SHOP.read_text())
    told = CliRunner().invoke(
        command, ["publish", str(tmp_path / "standfast.yaml"), "--out", str(tmp_path)]
    )
    assert told.exit_code == 0
    return tmp_path


def client_of(shelf: Shelf, *, local: bool = True) -> httpx2.Client:
    return httpx2.Client(
        transport=_Asgi(create(shelf, local=local)), base_url="http://127.0.0.1:8601"
    )


class _Asgi(httpx2.BaseTransport):
    """Our own application without a socket, through its own portal."""

    def __init__(self, app) -> None:
        from starlette.testclient import TestClient

        self._client = TestClient(app, base_url="http://127.0.0.1:8601", follow_redirects=False)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self._client.request(request.method, str(request.url), headers=request.headers)
        return httpx2.Response(answer.status_code, headers=answer.headers, content=answer.content)


def test_what_people_added_is_shown_as_text_and_never_as_markup(folder: Path) -> None:
    page = folder / "docs/operations/SLOs.md"
    page.write_text(
        page.read_text() + "\nOurs: <script>alert(1)</script> [x](javascript:alert(1))\n"
    )
    with client_of(Shelf(str(folder / "standfast.yaml"), str(folder))) as client:
        shown = client.get("/docs/operations/SLOs.md")
    assert "Ours: &lt;script&gt;alert(1)&lt;/script&gt;" in shown.text
    assert "javascript:alert" not in "".join(re.findall(r"<[^>]*>", shown.text))
    assert "default-src 'none'" in shown.headers["content-security-policy"]


def test_without_published_files_the_documents_are_those_of_the_file_alone(tmp_path: Path) -> None:
    with client_of(Shelf(str(SHOP), str(tmp_path))) as client:
        page = client.get("/docs/operations/runbooks/database-issues.md")
        assert page.status_code == 200
        assert "<svg" in page.text
        assert client.get("/").headers["location"] == "/docs/operations/README.md"
        assert client.get("/docs/operations/none.md").status_code == 404
    assert list(tmp_path.iterdir()) == []


def test_another_hosts_name_is_refused_on_loopback_only(tmp_path: Path) -> None:
    shelf = Shelf(str(SHOP), str(tmp_path))
    evil = {"host": "evil.test"}
    with client_of(shelf) as client:
        assert client.get("/docs/operations/SLOs.md", headers=evil).status_code == 421
        local = {"host": "localhost:8601"}
        assert client.get("/docs/operations/SLOs.md", headers=local).status_code == 200
    with client_of(shelf, local=False) as client:
        assert client.get("/docs/operations/SLOs.md", headers=evil).status_code == 200
    assert [is_local(one) for one in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_a_file_that_breaks_meanwhile_and_a_broken_marker_are_said_on_the_page(
    folder: Path,
) -> None:
    file = folder / "standfast.yaml"
    file.write_text("system: {name: shop}\ncomponents: {web: {type: http, nonsense: 1}}\n")
    with client_of(Shelf(str(file), str(folder))) as client:
        broken = client.get("/docs/operations/SLOs.md")
    assert broken.status_code == 422
    assert "nonsense" in broken.text
    file.write_text(SHOP.read_text())
    page = folder / "docs/operations/SLOs.md"
    page.write_text(page.read_text().replace("<!-- standfast:end header -->\n", ""))
    with client_of(Shelf(str(file), str(folder))) as client:
        torn = client.get("/docs/operations/SLOs.md")
    assert torn.status_code == 422
    assert "a marker out of place" in torn.text


def test_a_server_that_does_not_answer_is_said_and_the_document_is_shown(tmp_path: Path) -> None:
    def ask():
        raise Unreachable("the server does not answer")

    with client_of(Shelf(str(SHOP), str(tmp_path), ask)) as client:
        page = client.get("/docs/operations/SLOs.md").text
    assert "No current figures: the server does not answer." in page
    assert "Service level objectives: shop" in page


def test_the_command_serves_with_the_figures_of_a_server_until_it_is_told_to_stop(
    standfast: Standfast,
) -> None:
    token = standfast.token("read")["authorization"].removeprefix("Bearer ")
    file = standfast.platform.settings.file
    process = subprocess.Popen(
        [sys.executable, "-m", "standfast", "docs", "serve", file, "--port", "0",
         "--server", standfast.address],
        stdout=subprocess.PIPE, text=True, env={"STANDFAST_TOKEN": token, "PATH": "/usr/bin"},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = line.removeprefix("the documents are at ").strip()
        assert address.startswith("http://127.0.0.1:")
        page = httpx2.get(address + "/operations/SLOs.md").text
        assert "Measured, " in page
        assert "web-probes" in page
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode in {0, 130, -signal.SIGINT}


@pytest.mark.parametrize(
    ("runbook", "address"),
    [
        ("api-down", "/docs/operations/runbooks/api-down.md"),
        ("https://wiki.example.com/down#x", "https://wiki.example.com/down#x"),
        ("javascript:alert(1)", "/docs/operations/runbooks/javascript%3Aalert%281%29.md"),
        ("../../x", "/docs/operations/runbooks/..%2F..%2Fx.md"),
    ],
)
def test_a_runbook_leads_to_its_page_or_to_the_address_that_it_is(
    runbook: str, address: str
) -> None:
    assert runbook_address(runbook) == address
