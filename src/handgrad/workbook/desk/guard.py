"""Refuse operations that no exercise needs and that could do harm.

Python calls an audit hook before such operations; this hook refuses them with a PermissionError. A hook
cannot be removed. These are limits, not a sandbox: C code is not watched, and an expert in the interpreter
can get around them; where there are walls (walls.py), this is the second line. POSIX only.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, Never

REFUSED = {
    "starting a process": (
        "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen",
        "pty.spawn",
    ),
    "sending a signal": ("os.kill", "os.killpg", "signal.pthread_kill"),
    "using ctypes": (
        "ctypes.dlopen", "ctypes.dlsym", "ctypes.dlsym/handle", "ctypes.call_function", "ctypes.cdata",
        "ctypes.string_at", "ctypes.wstring_at", "ctypes.PyObj_FromPtr",
    ),
    "looking for the checker's objects": ("gc.get_objects", "gc.get_referrers", "gc.get_referents"),
    "changing limits": ("resource.setrlimit", "resource.prlimit"),
    "changing links, owners or rights": (
        "os.link", "os.symlink", "os.chmod", "os.chown", "os.chflags", "os.setxattr", "os.removexattr",
        "os.utime",
    ),
    "opening a data base": ("sqlite3.connect",),
    "starting another interpreter": ("cpython.PyInterpreterState_New",),
    "steering a file descriptor": ("fcntl.fcntl", "fcntl.ioctl", "fcntl.flock", "fcntl.lockf"),
}  # fmt: skip
CHANGES = frozenset({"os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.rename", "os.chdir"})
LISTS = frozenset({"os.listdir", "os.scandir"})
OTHERS = frozenset({"fd", "fdinfo", "mem", "task", "root", "cwd"})  # of a process in /proc
UNWATCHED = {  # Python raises no audit event for these
    "_posixsubprocess": ("fork_exec",),
    "_posixshmem": ("shm_open", "shm_unlink"),
    "posix": ("mkfifo", "mknod", "pidfd_open", "setpriority"),
    "os": ("mkfifo", "mknod", "pidfd_open", "setpriority"),
    "_signal": ("pidfd_send_signal", "raise_signal"),
    "signal": ("pidfd_send_signal", "raise_signal"),
}
BLIND = frozenset({  # modules in C that open files, share memory or start processes without an audit event
    "_posixsubprocess", "posix", "_signal", "_xxsubinterpreters", "_interpreters", "readline", "_posixshmem",
    "_ssl",
})  # fmt: skip
MOST_LINKS = 40  # on the way to one file
MOST_MADE = 256  # files opened for writing, and folders made


def install(folder: str, hidden: tuple[str, ...] = ()) -> None:
    """From now on, files can only be changed in `folder`, and the hidden folders cannot be read.

    folder and hidden are real paths. A refused operation raises PermissionError.
    """
    denied = PermissionError

    def refuse(*_: object, **__: object) -> Never:
        raise denied("what Python does not watch is not allowed in code that is being checked")

    for name, functions in UNWATCHED.items():
        with suppress(ImportError):
            module = import_module(name)
            for function in functions:
                if hasattr(module, function):
                    setattr(module, function, refuse)
    sys.dont_write_bytecode = True
    sys.addaudithook(_hook(folder, tuple(name.casefold() for name in hidden)))


def _hook(folder: str, hidden: tuple[str, ...]) -> Callable[[str, tuple[Any, ...]], None]:
    """The hook: a function that uses only local names of immutable objects.

    So the watched code cannot change it through builtins, modules or a traceback.
    """
    refused, reasons = zip(
        *((event, what) for what, events in REFUSED.items() for event in events), strict=True
    )
    blind, unavailable = BLIND, ImportError
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    denied, failed, kind, text, data, number = PermissionError, OSError, type, str, bytes, int
    changes, lists, others = CHANGES, LISTS, OTHERS
    readlink, stat, me, most_links = os.readlink, os.stat, str(os.getpid()), MOST_LINKS
    made, most_made = 0, MOST_MADE

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal made
        if event in refused:
            raise denied(f"{reasons[refused.index(event)]} is not allowed in code that is being checked")
        if event.startswith("socket."):
            raise denied("using the network is not allowed in code that is being checked")
        if event == "import" and args[0] in blind:  # anew, if it was there; libraries do without
            raise unavailable(
                "importing what Python does not watch is not allowed in code that is being checked"
            )
        changing = event in changes or (event == "open" and args[2] & writing)
        if not changing and event != "open" and event not in lists:
            return
        made += event == "os.mkdir" or (event == "open" and changing > 0)
        if made > most_made:
            raise denied(
                f"making more than {most_made} files and folders is not allowed in code that is being checked"
            )
        what = "changing a file outside its own folder" if changing else "reading what belongs to others"
        for path in args[: 2 if event == "os.rename" else 1]:
            if kind(path) is number or path is None:  # open already, or the working folder
                continue
            if kind(path) is data:
                path = path.decode("utf-8", "surrogateescape")
            if kind(path) is not text:  # a custom type could give different answers to different calls
                raise denied(f"{what} is not allowed in code that is being checked")
            if path[:1] != "/":  # from within the own folder, where there are no links; so only .. leads out
                if ".." in path.split("/"):
                    raise denied(f"{what} is not allowed in code that is being checked")
                continue
            real, rest, links = "", path.split("/")[::-1], 0
            while rest:
                part = rest.pop()
                if part in ("", "."):
                    continue
                if part == "..":
                    real = real.rpartition("/")[0]
                    continue
                try:
                    target = readlink(f"{real}/{part}")
                except failed:  # not a link, or the path does not exist
                    real = f"{real}/{part}"
                    continue
                links += 1
                if links > most_links:
                    raise denied(f"{what} is not allowed in code that is being checked")
                real = "" if target[:1] == "/" else real
                rest += target.split("/")[::-1]
            parts, name, mine = real.split("/"), real.casefold(), real.startswith(f"{folder}/")
            forbidden = changing and not mine and real != "/dev/null"
            for one in hidden:
                forbidden = forbidden or name == one or name.startswith(f"{one}/")
            if parts[1:2] == ["proc"] and parts[2:3]:
                foreign = parts[2].isdigit() and parts[2] != me
                forbidden = forbidden or foreign or not others.isdisjoint(parts[3:])
            if event == "open" and not forbidden and not mine and real != folder:
                try:  # noqa: SIM105   an open folder is a place from where files could be named
                    forbidden = stat(real or "/").st_mode & 0o170000 == 0o040000
                except failed:
                    pass
            if forbidden or parts[1:3] == ["dev", "fd"]:
                raise denied(f"{what} is not allowed in code that is being checked")

    return hook
