"""A server of one line a question, for budgets of other processes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping

_LOOP = """
import sys
kept = []
{commands}
for line in sys.stdin:
    (COMMANDS.get(line.strip()) or (lambda: None))()
    print(flush=True)
"""


@contextlib.contextmanager
def asked_server(
    commands: str, environment: Mapping[str, str] | None = None, *, own_session: bool = False
) -> Iterator[tuple[int, Callable[[str], None]]]:
    """Start a server that does what `COMMANDS` in the code `commands` holds; yield its process id and how to ask it.

    A question that it does not know does nothing. `environment` is added to this process's.
    """
    with subprocess.Popen(
        [sys.executable, "-S", "-c", _LOOP.replace("{commands}", commands)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
        start_new_session=own_session,
    ) as process:

        def ask(what: str) -> None:
            assert process.stdin
            assert process.stdout
            process.stdin.write(what + "\n")
            process.stdin.flush()
            process.stdout.readline()

        try:
            ask("ready?")
            yield process.pid, ask
        finally:
            assert process.stdin
            process.stdin.close()
