"""Cleans up after us where we cannot: a tiny process that outlives us by a moment.

It reads a pipe whose other end only we hold. When we are gone, however we went, it reads the end of the file, stops the
server if that is still there, and removes the one directory that it was told.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

# A pid alone is no proof: the command line of the process must name our directory before it gets a signal. A zombie's
# command line is empty. initdb is waited for too: a backend of its own that loses its files leaves shared memory.
_SCRIPT = r"""
trap '' HUP INT QUIT TERM
IFS= read -r directory || exit 0
pids=
while read -r pid; do pids="$pids $pid"; done
case $directory in /*/dbaudit-*) ;; *) exit 1 ;; esac

works_there() {
    if [ -e /proc/self/cmdline ]; then grep -qsF -- "$directory" "/proc/$1/cmdline"
    else ps -o command= -p "$1" | grep -qF -- "$directory"; fi
}

stop() {
    for signal in QUIT KILL; do
        tries=0
        while works_there "$1" && [ $tries -lt 200 ]; do
            [ $tries -gt 0 ] || kill -s $signal "$1"
            sleep 0.05
            tries=$((tries + 1))
        done
    done
}

for pid in $pids; do stop "$pid"; done
# What still works there has lost its postmaster, and may wait for it for ever.
for process in /proc/[0-9]*; do
    if [ "$process/cwd" -ef "$directory/data" ]; then kill -s KILL "${process#/proc/}"; fi
done
rounds=0
while [ -e "$directory" ] && [ $rounds -lt 100 ]; do
    rm -rf -- "$directory"
    [ ! -e "$directory" ] || sleep 0.1
    rounds=$((rounds + 1))
done
"""


class Watcher:
    """The watching process. It knows no directory until it is told one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd="/", start_new_session=True,
        )

    def watch(self, directory: Path) -> None:
        """From now on `directory` is removed when we end. Say it before the directory is made, and only once."""
        self._tell(str(directory))

    def also_stop(self, pid: int) -> None:
        """From now on the process `pid`, whose command line names the directory, is stopped before that is removed."""
        self._tell(str(pid))

    def finish(self) -> None:
        """Has the watcher do its work now, and waits until it is done."""
        if not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
