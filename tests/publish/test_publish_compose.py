from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from graphlib import TopologicalSorter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from shutil import which

import jsonschema
import pytest
import yaml
from generated_files import GENERATED
from hypothesis import given
from hypothesis import strategies as st

from standfast import spec
from standfast.drivers.files import Files
from standfast.publish.compose import _closing
from standfast.spec import system as s
from standfast.spec.values import Strength

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
PATH = f"{GENERATED}/compose.healthchecks.yaml"


def overlay(texts: dict[str, str]) -> dict:
    return yaml.safe_load(texts[PATH])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_schema_of_compose_files_accepts_the_overlay(example: Path, texts) -> None:
    schema = json.loads(
        files("check_jsonschema.builtin_schemas.vendor").joinpath("compose-spec.json").read_text()
    )
    written = texts(spec.read(str(example), Files()))
    if PATH in written:
        jsonschema.validate(overlay(written), schema)
    else:
        assert "`compose.healthchecks.yaml`" in written[f"{GENERATED}/README.md"]


def test_services_wait_for_the_health_of_what_they_cannot_do_without(shop: s.System, texts) -> None:
    services = overlay(texts(shop))["services"]
    assert services["web"]["depends_on"] == {"api": {"condition": "service_healthy"}}
    assert services["api"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert "payments" not in services  # somebody else runs it
    check = services["api"]["healthcheck"]
    assert (check["interval"], check["timeout"]) == ("5s", "2s")


def test_a_circle_of_needs_is_cut_since_compose_refuses_it(shop: s.System, texts) -> None:
    back = {"api": s.Need(to="api", strength=Strength.HARD)}
    db = replace(shop.components["db"], needs=back)
    written = texts(replace(shop, components={**shop.components, "db": db}))
    assert "depends_on" not in overlay(written)["services"]["db"]
    index = written[f"{GENERATED}/README.md"]
    assert "db does not wait for api: they need each other in a circle | DEP-01" in index


def test_without_anything_to_ask_there_is_no_overlay(bare: s.System, texts) -> None:
    lone = {"web": replace(bare.components["web"], needs={})}
    written = texts(replace(bare, components=lone))
    assert PATH not in written
    assert "web has neither a ready nor a live endpoint" in written[f"{GENERATED}/README.md"]


# ------------------------------------------------------------------ the commands, run for real


class Health(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.do_HEAD()

    def do_HEAD(self) -> None:
        self.send_response(self.status if self.path == "/health/ready" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_a_web_check_tells_well_from_unwell_with_whichever_program_there_is(
    shop: s.System, tmp_path: Path, texts
) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Health)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        port = server.server_address[1]
        api = replace(shop.components["api"], scrape=f"http://api:{port}/metrics")
        written = texts(replace(shop, components={**shop.components, "api": api}))
        _, command = overlay(written)["services"]["api"]["healthcheck"]["test"]
        programs = {"python3": sys.executable, "curl": which("curl"), "wget": which("wget")}
        for program, path in programs.items():
            folder = tmp_path / program
            folder.mkdir()
            (folder / program).symlink_to(Path(path or "").resolve())
            for Health.status, code in ((200, 0), (503, 1)):
                done = subprocess.run(
                    ["/bin/sh", "-c", command],
                    env={"PATH": str(folder)},
                    check=False,
                    capture_output=True,
                )
                assert bool(done.returncode) == bool(code), (program, done.stderr)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_path_of_the_file_means_nothing_to_the_shell(shop: s.System, texts) -> None:
    evil = '/live\'; touch /tmp/x; $(id) `id` "$HOME"'
    check = replace(shop.components["api"].health["ready"], path=evil)
    api = replace(shop.components["api"], health={"ready": check})
    written = texts(replace(shop, components={**shop.components, "api": api}))
    _, command = overlay(written)["services"]["api"]["healthcheck"]["test"]
    assert "$" not in command
    assert "`" not in command
    words = shlex.split(command)
    url = next(one for one in words if one.startswith("http://"))
    assert url.startswith("http://127.0.0.1:8000/live%27")


def test_the_check_of_postgresql_tells_a_server_that_answers(shop: s.System, texts) -> None:
    _, command = overlay(texts(shop))["services"]["db"]["healthcheck"]["test"]
    said = command.replace("$$", "$")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
        environment = {"PATH": "/usr/lib/postgresql/15/bin:/usr/bin:/bin", "PGHOST": "127.0.0.1"}
        done = subprocess.run(
            ["/bin/sh", "-c", said], env={**environment, "PGPORT": port}, check=False
        )
    assert done.returncode == 2  # nobody answers; 3 would be a wrong call


@given(
    st.dictionaries(
        st.sampled_from("abcdefg"), st.lists(st.sampled_from("abcdefg"), max_size=4), max_size=7
    )
)
def test_without_the_edges_that_are_refused_there_is_no_circle(edges: dict[str, list[str]]) -> None:
    whole = {name: edges.get(name, []) for name in "abcdefg"}
    refused = set(_closing(whole))
    kept = {
        name: {other for other in others if (name, other) not in refused}
        for name, others in whole.items()
    }
    assert len(list(TopologicalSorter(kept).static_order())) == 7  # raises where there is a circle
    if not refused:
        assert all(set(others) == kept[name] for name, others in whole.items())
