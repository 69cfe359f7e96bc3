"""Which lines are commands to copy, and which are words to read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.publish.markdown import code, escape, fence

if TYPE_CHECKING:
    from collections.abc import Iterable

_PROGRAMS = frozenset(
    [
        *(
            "amtool",
            "ansible",
            "ansible-playbook",
            "argocd",
            "aws",
            "az",
            "barman",
            "cat",
            "consul",
        ),
        *(
            "curl",
            "df",
            "dig",
            "dmesg",
            "docker",
            "docker-compose",
            "doctl",
            "du",
            "etcdctl",
            "flux",
        ),
        *("free", "gcloud", "gh", "git", "grep", "helm", "htop", "iostat", "ip", "iptables", "jq"),
        *(
            "journalctl",
            "kcat",
            "kubectl",
            "ls",
            "lsof",
            "mongosh",
            "mtr",
            "mysql",
            "mysqladmin",
            "nc",
        ),
        *("netstat", "nft", "nginx", "nomad", "nslookup", "openssl", "patronictl", "pg_basebackup"),
        *(
            "pg_ctl",
            "pg_dump",
            "pg_isready",
            "pg_restore",
            "pgbackrest",
            "ping",
            "podman",
            "promtool",
        ),
        *(
            "ps",
            "psql",
            "python",
            "python3",
            "rabbitmqctl",
            "redis-cli",
            "repmgr",
            "restic",
            "rsync",
        ),
        *("sar", "scp", "sh", "sqlite3", "ss", "ssh", "standfast", "sudo", "systemctl", "tail"),
        *("tcpdump", "terraform", "top", "traceroute", "uptime", "vault", "vmstat", "wget"),
    ]
)
_SQL = re.compile(
    r"(SELECT|SHOW|EXPLAIN|ALTER|VACUUM|ANALYZE|CHECKPOINT|SET|WITH|select)\s+[\w(*\"'@]"
)
_PROSE = frozenset({"the", "an", "is", "are", "until", "whether", "your", "our"})


def is_command(text: str) -> bool:
    """A path, one of the programs of the trade, or SQL. What reads like a sentence is none."""
    words = text.split()
    if not words or (words[-1].endswith((".", "?", "!")) and len(words) > 2):
        return False
    if _PROSE & set(words) and not set("'\"|") & set(text):
        return False
    first = words[0]
    if "=" in first and first.partition("=")[0].isupper() and len(words) > 1:
        return is_command(" ".join(words[1:]))  # NAME=value before a program
    path = first.startswith(("./", "/", "~/")) and len(first) > 2
    return path or first in _PROGRAMS or bool(_SQL.match(" ".join(words)))


def said(text: str) -> str:
    """Inside a line: a command as code, words as words."""
    return code(text) if is_command(text) else escape(text)


def block(text: str) -> str:
    """On its own: a command as a block to copy, words as a paragraph."""
    return fence(text, "sh") if is_command(text) else escape(text)


def steps(lines: Iterable[str]) -> str:
    """One after the other, each with its number; commands as blocks to copy."""
    return "\n".join(_step(number, line) for number, line in enumerate(lines, 1))


def _step(number: int, line: str) -> str:
    lead = f"{number}. "
    if not is_command(line):
        return lead + escape(line)
    inside = " " * len(lead)
    return lead + fence(line.strip(), "sh").replace("\n", f"\n{inside}")
