"""Running the web application in this process until a signal ends it."""

from __future__ import annotations

import json
import logging
import signal
import socket
import sys
from dataclasses import replace
from errno import EADDRNOTAVAIL
from typing import TYPE_CHECKING

import uvicorn

from standfast.app.platform import Platform
from standfast.app.settings import Settings, database_url
from standfast.errors import StandfastError
from standfast.web.server import create

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

IDLE = 75
"""Seconds that a silent connection is kept: longer than clients and proxies keep theirs, a minute mostly, since
who sends just as we close is told of a reset."""
_GRACE = 2  # seconds for answers under way; the rest of five is for the ticks


class _Server(uvicorn.Server):
    """Tells the streams to end as soon as a signal arrives; uvicorn alone would wait for them."""

    def __init__(self, config: uvicorn.Config, platform: Platform) -> None:
        super().__init__(config)
        self._platform = platform

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._platform.ending()
        super().handle_exit(sig, frame)


def serve_until_told(
    *, file: str, database: str, data: Path, host: str, port: int, as_json: bool
) -> None:
    """Raises StandfastError where the port is taken, the database will not do, or the file has errors."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("alembic", "httpx2", "httpcore2"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with listen(host, port) as listening:
        settings = Settings(
            file=file,
            database=database_url(database, data),
            data=data,
            host=host,
            port=listening.getsockname()[1],
        )
        platform = Platform(settings)
        try:
            platform.begin()
            _say(replace(settings), platform.sign_in.first_password(), as_json=as_json)
            _run(platform, listening)
        finally:
            platform.end()


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise StandfastError(
            f"cannot listen on port {port}: {error.strerror}", where=host, fix=_freed(error)
        ) from error
    return listening


def _freed(error: OSError) -> str:
    if error.errno == EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return "give --host an address of this machine"
    return "free it, or give another --port"


def _run(platform: Platform, listening: socket.socket) -> None:
    config = uvicorn.Config(
        create(platform), access_log=False, log_level="warning", timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=IDLE, server_header=False, proxy_headers=False, ws="none",
    )  # fmt: skip
    server = _Server(config, platform)
    for ending in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal once more when it is done; the platform has yet to end in order.
        signal.signal(ending, lambda *_: None)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda *_: platform.reload())
    server.run(sockets=[listening])


def _say(settings: Settings, password: str | None, *, as_json: bool) -> None:
    if as_json:
        told = {"address": settings.address, "user": "admin", "password": password}
        sys.stdout.write(json.dumps(told) + "\n")
    else:
        sys.stdout.write(f"standfast is at {settings.address}\n")
        if password:
            sys.stdout.write(
                f"sign in as admin with the password {password} (it is shown this once)\n"
            )
    sys.stdout.flush()
