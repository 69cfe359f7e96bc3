"""A dead man's switch for the demo: somebody outside standfast who notices when it falls silent."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standfast_kit.clock import monotonic


class Watchman:
    """Hears every GET; answers how long ago the last one was."""

    def __init__(self, port: int) -> None:
        watchman = self
        self._last: float | None = None

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                watchman._last = monotonic()
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def open(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def silent_for(self) -> float | None:
        """Seconds since the last word; None before the first."""
        return None if self._last is None else monotonic() - self._last
