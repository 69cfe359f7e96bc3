"""What a running server has measured, for the commands that write or show documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.errors import StandfastError

if TYPE_CHECKING:
    from standfast.cli.client import Client
    from standfast.dashboards.measurements import Measurements


def measurements(client: Client) -> Measurements:
    """An answer of another shape is one of another version."""
    import msgspec

    from standfast.dashboards.measurements import Measurements

    try:
        return msgspec.convert(client.get("/api/v1/measurements"), Measurements, strict=False)
    except msgspec.ValidationError as error:
        raise StandfastError(
            f"the server's measurements cannot be read: {error}",
            fix="use a server of the same version as this command",
        ) from error
