"""Runs one program and ends it, with everything it started, when standard input closes.

Whoever starts this module (local/children.py) holds the other end of that pipe, so the program cannot outlive it, not
even after SIGKILL. Run by path, standard library only. On POSIX it leads its own process group: the terminal's Ctrl-C
does not reach the program, and one signal to the group reaches all of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

GRACE_S = 5.0
STDIN = 0
KILL = b"k"  # written to the pipe: end the program without asking it, as a crash would


def end(program: subprocess.Popen[bytes]) -> None:
    if os.name == "posix":
        os.killpg(os.getpgrp(), signal.SIGTERM)
    else:
        program.terminate()
    try:
        program.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        program.kill()


def obey_input(program: subprocess.Popen[bytes]) -> None:
    while order := os.read(STDIN, 1):  # not sys.stdin: its lock would make the interpreter abort at exit
        if order == KILL:
            program.kill()
    end(program)


def main(argv: list[str]) -> int:
    program = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # ours goes to the whole group; this process leaves last
    threading.Thread(target=obey_input, args=(program,), daemon=True).start()
    code = program.wait()
    end(program)  # what the program itself started and left behind
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
