"""The commands against a real HTTP server that answers as the API does."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from standfast.cli.incident import incident
from standfast.errors import FileError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONE = {
    "id": "INC-1", "title": "web \x1b[31mdown", "sev": "SEV1", "component": "web",
    "mark": {"tone": "bad", "word": "open"}, "since": "2026-11-20T12:00:00Z", "commander": "",
}  # fmt: skip
SCREEN = ONE | {
    "roles": [["commander", "Ada Ito"], ["scribe", ""]],
    "checklist": [
        {
            "id": "alert-received",
            "phase": "Detection and alert",
            "within": "0-5 min",
            "text": "Alert received",
            "done": True,
            "by": "standfast",
            "evident": False,
        },
        {
            "id": "blast-radius",
            "phase": "Triage",
            "within": "5-15 min",
            "text": "Assess blast radius",
            "done": False,
            "by": "",
            "evident": False,
        },
    ],
    "actions": [
        {
            "number": 1,
            "priority": "P2",
            "text": "probe \x1b[2J it",
            "owner": "Bo Lind",
            "due": "2026-11-21T23:59:59Z",
            "done": False,
            "mark": {"tone": "bad", "word": "overdue"},
        }
    ],
    "timeline": [{"at": "2026-11-20T12:00:00Z", "kind": "note", "text": "hm", "by": "ada"}],
    "steps": ["mitigated", "resolved"],
    "post_mortem": "# Post-Mortem: web\n",
    "post_mortem_words": "Due 2026-11-22 12:00 UTC.",
}


class Server:
    def __init__(self) -> None:
        self.got: list[tuple[str, str, Any]] = []
        self.url = ""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    seen = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.got.append(("GET", self.path, None))
            known = {
                "/api/v1/incidents": {
                    "words": "1 going on.",
                    "incidents": [ONE],
                    "overdue": [
                        {
                            "incident": "INC-1",
                            "what": "action item 'probe it' (P2)",
                            "owner": "Bo Lind",
                            "due": "2026-11-21T23:59:59Z",
                        }
                    ],
                },
                "/api/v1/incidents/INC-1": SCREEN,
            }
            self._answer(known.get(self.path))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.got.append(("POST", self.path, body))
            self._answer(SCREEN)

        def _answer(self, value: Any) -> None:
            data = json.dumps(value or {"detail": "no such incident"}).encode()
            self.send_response(200 if value else 404)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    seen.url = f"http://127.0.0.1:{http.server_port}"
    monkeypatch.setenv("STANDFAST_SERVER", seen.url)
    yield seen
    http.shutdown()
    thread.join()
    http.server_close()


def run(*arguments: str) -> str:
    return CliRunner().invoke(incident, arguments, catch_exceptions=False).output


@pytest.mark.parametrize(
    ("arguments", "path", "body"),
    [
        (
            ("declare", "web is down", "--sev", "sev1", "--component", "web"),
            "/api/v1/incidents",
            {"title": "web is down", "sev": "SEV1", "component": "web"},
        ),
        (("note", "INC-1", "hm"), "/api/v1/incidents/INC-1/notes", {"text": "hm"}),
        (
            ("assign", "INC-1", "scribe", "bo"),
            "/api/v1/incidents/INC-1/roles",
            {"role": "scribe", "person": "bo"},
        ),
        (
            ("check", "INC-1", "blast-radius"),
            "/api/v1/incidents/INC-1/tasks",
            {"task": "blast-radius", "done": True},
        ),
        (
            ("check", "INC-1", "blast-radius", "--undo"),
            "/api/v1/incidents/INC-1/tasks",
            {"task": "blast-radius", "done": False},
        ),
        (
            (
                "act",
                "INC-1",
                "probe it",
                "--priority",
                "p2",
                "--owner",
                "bo",
                "--due",
                "2026-12-10",
            ),
            "/api/v1/incidents/INC-1/actions",
            {"text": "probe it", "priority": "P2", "owner": "bo", "due": "2026-12-10"},
        ),
        (
            ("hand-over", "INC-1", "1", "--owner", "ada"),
            "/api/v1/incidents/INC-1/actions/1",
            {"owner": "ada", "due": None},
        ),
        (("done", "INC-1", "1"), "/api/v1/incidents/INC-1/actions/1", {"done": True}),
        (("done", "INC-1", "1", "--undo"), "/api/v1/incidents/INC-1/actions/1", {"done": False}),
        (
            ("resolve", "INC-1", "--text", "rolled back"),
            "/api/v1/incidents/INC-1/status",
            {"state": "resolved", "text": "rolled back"},
        ),
        (
            ("status", "INC-1", "closed"),
            "/api/v1/incidents/INC-1/status",
            {"state": "closed", "text": ""},
        ),
    ],
)
def test_a_deed_is_one_post_and_answers_with_the_incident(
    server: Server, arguments: tuple[str, ...], path: str, body: dict[str, str]
) -> None:
    assert run(*arguments).startswith("INC-1  SEV1  open")
    assert json.loads(run(*arguments, "--json"))["id"] == "INC-1"
    assert server.got == [("POST", path, body)] * 2


@pytest.mark.usefixtures("server")
def test_list_and_show_say_what_goes_on_and_cannot_steer_the_terminal() -> None:
    listed, shown = run("list"), run("show", "INC-1")

    assert "nobody commands" in listed
    assert listed.endswith(
        "1 going on.\noverdue since 2026-11-21: action item 'probe it' (P2), of INC-1: Bo Lind\n"
    )
    assert "    1. P2 probe \ufffd[2J it: Bo Lind, due 2026-11-21, overdue\n" in shown
    assert "  scribe: open" in shown
    assert "  Detection and alert, 0-5 min\n    [x] alert-received        Alert received" in shown
    assert "    [ ] blast-radius          Assess blast radius\n" in shown
    assert "it can become: mitigated, resolved" in shown
    assert "\x1b" not in listed + shown


def test_an_id_cannot_lead_to_another_address(server: Server) -> None:
    with pytest.raises(NotFound, match="no such incident"):
        run("show", "../audit?x")
    assert server.got == [("GET", "/api/v1/incidents/..%2Faudit%3Fx", None)]


@pytest.mark.usefixtures("server")
def test_a_draft_is_written_to_a_file_once_and_never_over_one(tmp_path: Path) -> None:
    file = tmp_path / "draft.md"

    assert run("post-mortem", "INC-1") == "# Post-Mortem: web\n"
    assert "Due 2026-11-22" in run("post-mortem", "INC-1", "-o", str(file))
    file.write_text("answers")
    with pytest.raises(FileError, match="cannot write the draft"):
        run("post-mortem", "INC-1", "-o", str(file))
    assert file.read_text() == "answers"


def test_every_option_of_every_command_explains_itself() -> None:
    for name, command in incident.commands.items():
        options = [one for one in command.params if one.param_type_name == "option"]
        assert all(one.help for one in options), name  # type: ignore[attr-defined]
        assert any("--json" in one.opts for one in options), name
