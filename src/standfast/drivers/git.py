"""The reliability file as it stood at a revision, read from git's objects; nothing is checked out."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from standfast.drivers.files import LARGEST
from standfast.errors import FileError, ToolError

_PATIENCE = 30  # seconds for one call
# A hook is started with these; the repository is the one that the file lies in.
_LEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",  # a question would hang a pipeline
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}


class Revision:
    """Reads files below the repository that holds `near`, as of one commit. Has the shape of a loader."""

    def __init__(self, revision: str, near: str) -> None:
        folder = Path(near).resolve().parent
        if not folder.is_dir():
            raise FileError((f"{near}: there is no such folder",))
        self._folder = folder
        top = self._git("rev-parse", "--show-toplevel")
        if top is None:
            raise FileError(
                (f"{folder}: no git repository is here",),
                fix="--changed-since reads an older version from git; for another comparison use --baseline",
            )
        self._top = Path(top.decode().rstrip("\n")).resolve()
        found = self._git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
        if found is None:
            raise FileError(
                (f"{revision!r}: git knows no such revision here",),
                fix="name a commit, branch or tag; a shallow clone may lack it: git fetch --unshallow",
            )
        self.commit = found.decode().strip()

    def holds(self, path: str) -> bool:
        """Whether the file was there at all."""
        return self._git("cat-file", "-e", self._object(path)) is not None

    def read(self, path: str) -> str:
        """The text of a file at the revision; raises OSError or UnicodeError as any loader does."""
        name = self._object(path)
        size = self._git("cat-file", "-s", name)
        if size is None:
            raise FileNotFoundError(2, f"not there at {self.commit[:12]}", path)
        if int(size) > LARGEST:
            raise OSError(27, f"holds {int(size):,} bytes at {self.commit[:12]}", path)
        data = self._git("cat-file", "blob", name)
        if data is None:
            raise IsADirectoryError(21, f"no file at {self.commit[:12]}", path)
        return data.decode("utf-8-sig").replace("\r\n", "\n")

    def glob(self, pattern: str) -> list[str]:
        """Files of the revision that match, named as the pattern names them."""
        parts = pattern.split("/")
        first = next((n for n, part in enumerate(parts) if set(part) & set("*?[")), len(parts) - 1)
        head = "/".join(parts[:first])
        root = _inside(self._top, head or ".")
        prefix = "" if root == "." else f"{root}/"
        wanted = _pattern("/".join(parts[first:]))
        listed = self._git("ls-tree", "-r", "-z", "--name-only", "--full-tree", self.commit) or b""
        names = (
            name.removeprefix(prefix)
            for name in listed.decode("utf-8", "replace").split("\0")
            if name.startswith(prefix)
        )
        return sorted(
            f"{head}/{name}" if head else name for name in names if wanted.fullmatch(name)
        )

    def _object(self, path: str) -> str:
        return f"{self.commit}:{_inside(self._top, path)}"

    def _git(self, *arguments: str) -> bytes | None:
        """What git answers; None where it answers no."""
        try:
            done = subprocess.run(
                ["git", "-C", str(self._folder), *arguments],
                check=False,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=_PATIENCE,
                env=_environment(),
            )
        except FileNotFoundError as error:
            raise ToolError("git is not installed", fix="install it, or use --baseline") from error
        except subprocess.TimeoutExpired as error:
            raise ToolError(f"git took more than {_PATIENCE} s", where=str(self._folder)) from error
        return done.stdout if done.returncode == 0 else None


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key not in _LEADING} | _QUIET


def _inside(top: Path, path: str) -> str:
    """The path from the repository's root."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow a link that git keeps as one
    for candidate in (whole, whole.parent.resolve() / whole.name):
        if candidate.is_relative_to(top):
            return candidate.relative_to(top).as_posix()
    raise FileNotFoundError(2, f"it lies outside of the repository {top}", path)


def _pattern(text: str) -> re.Pattern[str]:
    """As `Path.glob` reads it: `*` stays within a folder, `**/` goes through any number of them."""
    pieces = re.split(r"(\*\*/|\*|\?|\[[^\]]+\])", text)
    turned = {"**/": "(?:[^/]+/)*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(
        "".join(
            turned.get(piece)
            or (piece if piece.startswith("[") and piece.endswith("]") else re.escape(piece))
            for piece in pieces
        )
    )
