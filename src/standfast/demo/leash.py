"""Becomes another program that dies with the one that started it; run as a script, needs nothing but Python.

`leash.py PARENT SIGNAL USER PROGRAM ARGUMENT...`: Linux sends SIGNAL when the starting thread is gone, even by
kill -9 (prctl(2), PR_SET_PDEATHSIG). USER is who to become first, or `-`: a change of user would forget the
signal.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, signal, user, *command = sys.argv[1:]
    environment = dict(os.environ)
    if user != "-":
        _become(pwd.getpwnam(user), environment)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal))
    if os.getppid() != int(parent):
        sys.exit("the parent is gone already")
    os.execvpe(command[0], command, environment)  # noqa: S606 - no shell is what we want


def _become(entry: pwd.struct_passwd, environment: dict[str, str]) -> None:
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    environment["HOME"] = entry.pw_dir


if __name__ == "__main__":
    main()
