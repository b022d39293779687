"""Cleans up after us where we cannot: a tiny process that outlives us by a moment.

It reads a pipe whose other end only we hold. When we are gone, however we went, it reads the end of the file, stops the
server if that is still there, and removes the one directory that it was told.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

# A pid alone is no proof: the command line of the process must name our directory before it gets a signal. A zombie's
# command line is empty. The server may be a moment before or after writing its pid, so all is tried again until the
# directory is gone.
_SCRIPT = r"""
trap '' HUP INT QUIT TERM
IFS= read -r directory || exit 0
while read -r _; do :; done
case $directory in /*/dbaudit-*) ;; *) exit 1 ;; esac

serves_it() {
    if [ -e /proc/self/cmdline ]; then grep -qsF -- "$directory" "/proc/$1/cmdline"
    else ps -o command= -p "$1" | grep -qF -- "$directory"; fi
}

stop() {
    for signal in QUIT KILL; do
        tries=0
        while serves_it "$1" && [ $tries -lt 200 ]; do
            [ $tries -gt 0 ] || kill -s $signal "$1"
            sleep 0.05
            tries=$((tries + 1))
        done
    done
}

rounds=0
while [ -e "$directory" ] && [ $rounds -lt 100 ]; do
    [ $rounds -eq 0 ] || sleep 0.1
    if [ -s "$directory/data/postmaster.pid" ]; then
        read -r postmaster < "$directory/data/postmaster.pid" && stop "$postmaster"
    fi
    rm -rf -- "$directory"
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
        self._process.stdin.write(f"{directory}\n".encode())
        self._process.stdin.flush()

    def finish(self) -> None:
        """Has the watcher do its work now, and waits until it is done."""
        if not self._process.stdin.closed:
            self._process.stdin.close()
        self._process.wait()
