"""What a secret's reference points at, read at the moment of use; its value is shown nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.errors import StandfastError
from standfast_kit.secret import read_secret

if TYPE_CHECKING:
    from standfast.spec.values import SecretRef


def resolve(reference: SecretRef) -> str:
    """Raises StandfastError, with the reference and never a value, where there is nothing to read."""
    if reference.kind == "literal":
        raise StandfastError(
            "a secret stood in the file itself and was not kept",
            fix="write env:NAME or file:/path, and change the secret: it has been seen",
        )
    found = read_secret(str(reference))
    if found is None:
        what = "variable is not set" if reference.kind == "env" else "file cannot be read"
        raise StandfastError(f"the secret's {what}, or it is empty", where=str(reference), fix=(
            f"set {reference.name} in the server's environment" if reference.kind == "env"
            else f"make {reference.name} readable for the server's user"
        ))  # fmt: skip
    return found
