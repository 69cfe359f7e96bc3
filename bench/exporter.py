"""A target for the bench, in a process of its own: 100 series, whose counters go up with every look."""

from __future__ import annotations

import asyncio
import itertools

_looks = itertools.count(1)
BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.2", "0.25", "0.5", "1", "2.5", "+Inf")


def text(look: int) -> str:
    lines = ["# TYPE http_server_requests_total counter"]
    for route, code in itertools.product(("/", "/cart", "/pay"), ("2xx", "3xx", "4xx", "5xx")):
        count = look * 40 if code == "2xx" else look
        lines.append(f'http_server_requests_total{{route="{route}",code_class="{code}"}} {count}')
    lines.append("# TYPE http_server_request_duration_seconds histogram")
    name = "http_server_request_duration_seconds"
    for route, code in itertools.product(("/", "/cart", "/pay"), ("2xx", "5xx")):
        labels = f'route="{route}",code_class="{code}"'
        lines += [
            f'{name}_bucket{{{labels},le="{bound}"}} {look * (place + 2)}'
            for place, bound in enumerate(BOUNDS)
        ]
        lines += [f"{name}_sum{{{labels}}} {look * 0.4}", f"{name}_count{{{labels}}} {look * 12}"]
    lines += ["process_start_time_seconds 1000", f"process_cpu_seconds_total {look * 0.01}"]
    lines += [f'gc_objects{{generation="{n}"}} {look}' for n in range(8)]
    return "\n".join(lines) + "\n"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            body = text(next(_looks) // 2_000 + 1).encode()
            head = f"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _serve() -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
