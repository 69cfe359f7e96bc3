"""The keys of the audit log, in a file that only its owner may read."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING

from standfast.audit.keys import Keys
from standfast.errors import StandfastError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def load_keys(path: Path) -> Keys:
    """Raises StandfastError where the file is missing, open to others, or no key file."""
    try:
        if path.stat().st_mode & 0o077:
            raise StandfastError(
                "others than its owner may read the audit keys",
                where=str(path),
                fix=f"chmod 600 {path}",
            )
        told = json.loads(path.read_text())
        seed, secret = (base64.b64decode(told[part], validate=True) for part in ("seed", "secret"))
        return Keys(name=str(told["name"]), seed=seed, secret=secret)
    except OSError as error:
        raise StandfastError(
            f"cannot read the audit keys: {error.strerror}",
            where=str(path),
            fix="restore the file from where it was kept; a new one cannot read the old payloads",
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise StandfastError("not a file of audit keys", where=str(path)) from error


def make_keys(path: Path, name: str, randomness: Callable[[int], bytes] = os.urandom) -> Keys:
    """Writes new keys; an existing file is loaded instead, never overwritten, and needs no room on the disk."""
    if path.exists():
        return load_keys(path)
    keys = Keys(name=name, seed=randomness(32), secret=randomness(32))
    told = {
        "name": name,
        "seed": base64.b64encode(keys.seed).decode(),
        "secret": base64.b64encode(keys.secret).decode(),
        "verifying key": str(keys.verifying),  # for the reader: give this to auditors
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{randomness(6).hex()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(json.dumps(told, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # whole or not at all, and only where none is yet
    except FileExistsError:
        return load_keys(path)
    except OSError as error:
        raise StandfastError(
            f"cannot write the audit keys: {error.strerror}",
            where=str(path),
            fix="make room for them, or give another --data",
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return keys
