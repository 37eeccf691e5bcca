"""Run a command and tell what it cost. Run as ``python -I -S launch.py STDOUT STDERR COMMAND…``.

A process of its own, since Linux counts the memory of whoever started a process as that process's peak:
this one is as small as Python gets. Prints: exit status, wall s, user s, system s, peak bytes.
"""

import os
import sys
import time


def main() -> None:
    output, errors, *command = sys.argv[1:]
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, output, flags, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, errors, flags, 0o644),
    ]
    began = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - began
    unit = 1 if sys.platform == "darwin" else 1024
    print(os.waitstatus_to_exitcode(status), wall, used.ru_utime, used.ru_stime, used.ru_maxrss * unit)


main()
