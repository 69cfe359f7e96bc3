"""Where the status page is written to: a folder, or a bucket and how it is reached."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from standfast.spec.bucket import Bucket, place

if TYPE_CHECKING:
    from standfast.spec.meaning.margin import Margin
    from standfast.spec.v1 import protection as v1

_REGION = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def status_page(shape: v1.ServerShape, margin: Margin) -> Bucket | str | None:
    _checked(shape.s3, margin)
    if shape.status_page is None:
        return None
    try:
        found = place(shape.status_page)
    except ValueError as error:
        margin.wrong("server.status_page", str(error))
        return None
    if isinstance(found, str) or shape.s3 is None:
        return found
    return replace(
        found,
        region=shape.s3.region,
        endpoint=shape.s3.endpoint and shape.s3.endpoint.rstrip("/"),
        access_key=shape.s3.access_key,
        secret_key=shape.s3.secret_key,
    )


def _checked(shape: v1.S3Shape | None, margin: Margin) -> None:
    if shape is None:
        return
    if (shape.access_key is None) != (shape.secret_key is None):
        said = "access_key" if shape.access_key else "secret_key"
        margin.wrong(
            f"server.s3.{said}", "an `access_key` goes with a `secret_key`; write both or none"
        )
    if shape.region and not _REGION.fullmatch(shape.region):
        margin.wrong(
            "server.s3.region",
            f"'{shape.region[:80]}' is no region; write for example eu-central-1",
        )
    if shape.endpoint and not _reachable(shape.endpoint):
        margin.wrong(
            "server.s3.endpoint",
            "an endpoint is scheme, host and port: https://minio.example:9000, without user, query or fragment",
        )


def _reachable(endpoint: str) -> bool:
    try:
        url = urlsplit(endpoint)
        port = url.port
    except ValueError:  # a port that is no number, half of an IPv6 address
        return False
    plain = not (url.query or url.fragment or "@" in url.netloc)
    return bool(url.hostname) and port != 0 and plain
