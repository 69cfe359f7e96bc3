"""A real S3 on loopback: SeaweedFS in a temporary folder, with keys of several rights."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from free_ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "public"
WRITER = (
    "writer-key",
    "writer-secret-b4fe1d0c77",
)  # may write below public/status, and nothing else
KEEPER = ("keeper-key", "keeper-secret-0c5e9f2a41")  # may do anything
_PORTS = (
    "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
    "s3.port", "s3.port.grpc",
)  # fmt: skip
_PATIENCE = 120  # seconds; it takes three on an idle machine


class Seaweed:
    """Can be stopped, and started again on the same ports with what it kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {name: free_port() for name in _PORTS}
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint = f"http://127.0.0.1:{self._ports['s3.port']}"
        may = [
            _identity(WRITER, f"Write:{BUCKET}/status/*"),
            _identity(KEEPER, "Admin", "Read", "Write", "List"),
            {"name": "anonymous", "actions": [f"Read:{BUCKET}"]},
        ]
        (folder / "keys.json").write_text(json.dumps({"identities": may}))
        (folder / "data").mkdir()

    def start(self) -> None:
        program = Path(sysconfig.get_path("scripts")) / "weed"
        assert program.exists(), (
            "weed is missing: install the development dependencies (make setup)"
        )
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "server", "-ip.bind=127.0.0.1", "-ip=127.0.0.1", "-s3",
                 f"-dir={self._folder / 'data'}", f"-s3.config={self._folder / 'keys.json'}",
                 "-s3.autoCreateBucket=false", "-s3.port.iceberg=0", "-s3.port.lance=0",
                 "-master.telemetry=false", "-master.electionTimeout=1s", "-master.volumeSizeLimitMB=16",
                 "-volume.max=20", "-volume.preStopSeconds=0", f"-filer.localSocket={self._folder / 'filer'}",
                 f"-s3.localSocket={self._folder / 's3'}",
                 *(f"-{name}={port}" for name, port in self._ports.items())],
                stdout=log, stderr=log, cwd=self._folder, env=os.environ | {"HOME": str(self._folder)},
            )  # fmt: skip
        self._until_ready()

    def stop(self) -> None:
        if self._process:
            self._process.kill()  # asked to end, it takes its time
            self._process.wait(60)
        self._process = None

    @property
    def running(self) -> bool:
        return self._process is not None

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """As a browser gets it: without any key."""
        return _ask(f"{self.endpoint}/{BUCKET}/{path}")

    def put_aside(self, path: str, content: bytes) -> None:
        """Somebody else's file, past the rights of the keys."""
        assert _ask(f"{self._filer}/{BUCKET}/{path}", "PUT", content)[0] in {200, 201}

    def names(self, folder: str) -> list[str]:
        _, _, body = _ask(f"{self._filer}/{BUCKET}/{folder}/", accept="application/json")
        return sorted(one["FullPath"].rpartition("/")[2] for one in json.loads(body)["Entries"])

    @property
    def _filer(self) -> str:
        return f"http://127.0.0.1:{self._ports['filer.port']}/buckets"

    def _until_ready(self) -> None:
        end = time.monotonic() + _PATIENCE
        while not self._ready():
            assert self._process
            assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
            assert time.monotonic() < end, (self._folder / "log").read_text()[-2000:]
            time.sleep(0.05)

    def _ready(self) -> bool:
        """It is once a file can be written: the parts of it come up one after the other."""
        try:
            _ask(f"{self._filer}/{BUCKET}/", "POST", b"")
            written = _ask(f"{self._filer}/{BUCKET}/ready", "PUT", b"yes" * 2000)[0] in {200, 201}
            return written and self.get("ready")[0] == 200
        except OSError:
            return False


@contextmanager
def seaweed() -> Iterator[Seaweed]:
    # Not pytest's folder: the path of a socket has a hundred letters at most.
    with tempfile.TemporaryDirectory(prefix="weed-") as folder:
        server = Seaweed(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _identity(key: tuple[str, str], *actions: str) -> dict[str, object]:
    credentials = [{"accessKey": key[0], "secretKey": key[1]}]
    return {"name": key[0], "credentials": credentials, "actions": list(actions)}


def _ask(
    url: str, method: str = "GET", body: bytes | None = None, accept: str = "*/*"
) -> tuple[int, dict[str, str], bytes]:
    asked = urllib.request.Request(url, body, {"accept": accept}, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()
