"""standfast as its users have it: a program with commands, and an HTTP API."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from standfast.demo.processes import Processes, Program, wait_until
from standfast.errors import StandfastError, Unreachable

NAME = "standfast"
_PATIENCE = 60.0  # seconds for a command


@dataclass(frozen=True, slots=True, kw_only=True)
class Standfast:
    """`environment` has what the reliability file refers to by `env:`."""

    file: Path
    data: Path
    port: int
    environment: Mapping[str, str]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        return self.data / "standfast.db"

    @property
    def anchor(self) -> Path:
        return self.data / "anchor" / "checkpoints.jsonl"

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "standfast", *arguments]

    def make_token(self, name: str, scope: str) -> str:
        made = self.run("token", "make", "--name", name, "--scope", scope, *self._where())
        return made.stdout.strip()

    def start(self, processes: Processes) -> None:
        command = self.command("serve", str(self.file), *self._where(), "--host", "127.0.0.1",
                               "--port", str(self.port), "--json")  # fmt: skip
        processes.start(Program(name=NAME, command=command, environment=self.environment))

    def wait(self, processes: Processes) -> dict[str, str]:
        """Until it is ready; answers its address, user and first password."""

        def ready() -> bool:
            if not processes.alive(NAME):
                raise StandfastError(f"standfast has ended:\n{processes.last_words(NAME)}")
            try:
                return httpx2.get(f"{self.address}/health/ready", trust_env=False).is_success
            except httpx2.HTTPError:
                return False

        wait_until("standfast is ready", ready, within=60)
        lines = processes.log(NAME).read_text().splitlines()
        told = next((line for line in lines if line.startswith("{")), "{}")
        found: dict[str, str] = json.loads(told)
        return found

    def run(
        self, *arguments: str, allowed: Sequence[int] = (0,)
    ) -> subprocess.CompletedProcess[str]:
        """A command, to its end. Raises StandfastError with what it said."""
        done = subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=_PATIENCE,
            check=False, env={**os.environ, **self.environment}, cwd="/",
        )  # fmt: skip
        if done.returncode not in allowed:
            said = (done.stderr or done.stdout).strip()[-600:]
            raise StandfastError(f"`standfast {' '.join(arguments[:2])}` failed: {said}")
        return done

    def told(self, *arguments: str, allowed: Sequence[int] = (0,)) -> Any:
        """A command's answer as JSON."""
        return json.loads(self.run(*arguments, "--json", allowed=allowed).stdout)

    def _where(self) -> tuple[str, ...]:
        return ("--database", f"sqlite:///{self.database}", "--data", str(self.data))


class Api:
    """The HTTP API with a token. Raises Unreachable, or StandfastError with what was answered."""

    def __init__(self, address: str, token: str) -> None:
        self._http = httpx2.Client(
            base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {token}"},
            timeout=30, trust_env=False,
        )  # fmt: skip

    def see(self, path: str) -> Any:
        return self._ask("GET", path)

    def do(self, path: str, **body: str) -> Any:
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        try:
            answer = self._http.request(method, path, json=body)
        except httpx2.HTTPError as error:
            raise Unreachable(f"standfast does not answer: {error}") from error
        if not answer.is_success:
            raise StandfastError(
                f"{method} {path}: {answer.text[:300]}", where=str(answer.status_code)
            )
        return answer.json()

    def close(self) -> None:
        self._http.close()
