"""What Windows lacks, taken away."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from types import ModuleType

LACKING = {
    "os": (
        "O_CLOEXEC P_ALL P_PID WEXITED WNOHANG WNOWAIT CLD_EXITED fork getpgid getpgrp getsid getuid killpg pidfd_open "
        "pread preadv register_at_fork sched_getaffinity sched_yield set_blocking setsid sysconf wait4 waitid"
    ),
    "signal": (
        "ITIMER_REAL SIGALRM SIGCHLD SIGCONT SIGHUP SIGKILL SIGSTOP SIGUSR1 alarm getitimer pthread_kill pthread_sigmask setitimer"
    ),
    "time": "CLOCK_BOOTTIME CLOCK_MONOTONIC clock_getres clock_gettime clock_gettime_ns pthread_getcpuclockid",
    "socket": "AF_UNIX SO_PEERCRED TCP_INFO TCP_QUICKACK",
    "select": "POLLIN POLLOUT epoll poll",
    "mmap": "MAP_PRIVATE PROT_READ PROT_WRITE",
}
"""Of the standard library's modules, those names that the package or its like use."""
MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
PACKAGE = "pytest_toolcheck"


class Without(ModuleType):
    """A module as Windows has it."""

    def __init__(self, module: ModuleType, names: str) -> None:
        super().__init__(module.__name__)
        self.__dict__.update({name: found for name, found in vars(module).items() if name not in names.split()})
        if module is os:
            self.__dict__["name"] = "nt"


def package_modules() -> list[str]:
    """Return the names of all modules of the package that run in this process."""
    package = importlib.import_module(PACKAGE)
    names = [found.name for found in pkgutil.walk_packages(package.__path__, PACKAGE + ".")]
    return [name for name in names if not name.endswith(".__main__") and ".in_child." not in name]


def hide_while_importing() -> None:
    """Take the names away for good. What the standard library does with them itself has to be imported before."""
    for name, names in LACKING.items():
        module = importlib.import_module(name)
        for lacking in names.split():
            if hasattr(module, lacking):
                delattr(module, lacking)
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
