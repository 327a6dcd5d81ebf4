"""Becomes a program that dies with its supervisor and, where needed, is not root.

Run as a file by the plain interpreter (``python -I -S leash.py ORDERS -- argv...``), never imported by
what it starts, so it knows nothing of Troth and uses the standard library only. ORDERS is JSON:
``parent`` (pid), ``death`` (signal number that the program gets when the parent dies; Linux),
``identity``: ``same``; ``namespace`` (a user namespace in which our own user looks like nobody: nothing
on disk changes hands); ``account:UID:GID`` (that user, with leave to pass directories of root's, for
containers that forbid user namespaces); ``reach``: a directory that it must be able to write to;
``without``: variables that were for this interpreter only.
Exit status 125: the identity is not to be had here, or does not reach.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path

NO_IDENTITY = 125
NOT_FOUND = 127
_NOBODY = 65534
_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


def become(identity: str, libc: ctypes.CDLL) -> None:
    """Take the identity; raises `OSError` where the system forbids it."""
    kind, _, rest = identity.partition(":")
    if kind == "namespace":
        uid, gid = os.geteuid(), os.getegid()
        _call(libc.unshare(_CLONE_NEWUSER))
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{_NOBODY} {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{_NOBODY} {gid} 1", encoding="ascii")
    elif kind == "account":
        uid, gid = (int(part) for part in rest.split(":"))
        _call(libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0))
        os.setgroups([])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        mask = 1 << _CAP_DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        data = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
        _call(libc.capset(header, data))
        _call(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0))


def _call(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def main(arguments: list[str]) -> int:
    """Obey the orders, then become the program; returns only when that failed."""
    orders, argv = json.loads(arguments[0]), arguments[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    os.setsid()  # a Ctrl-C at the terminal is for the supervisor, which stops children in order
    try:
        become(orders["identity"], libc)
    except (OSError, AttributeError) as error:
        sys.stderr.write(f"cannot take the identity {orders['identity']}: {error}\n")
        return NO_IDENTITY
    if orders["reach"] and not os.access(orders["reach"], os.W_OK | os.X_OK):
        sys.stderr.write(f"the identity {orders['identity']} cannot write to {orders['reach']}\n")
        return NO_IDENTITY
    if sys.platform == "linux":
        libc.prctl(_PR_SET_PDEATHSIG, orders["death"], 0, 0, 0)
    if os.getppid() != orders["parent"]:  # it died before the leash was on
        os.kill(os.getpid(), signal.SIGKILL)
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would be memory in plain on the disk
    for name in orders["without"]:
        os.environ.pop(name, None)
    try:
        os.execv(argv[0], argv)  # noqa: S606  (our own argv; no shell is wanted)
    except OSError as error:
        sys.stderr.write(f"cannot run {argv[0]}: {error.strerror}\n")
    return NOT_FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
