"""`python -m graders.kit.drill.leash PID …`: a command of the kit that ends when the process PID, its parent, does.

A drill that is killed leaves no graded run behind. A timer, not a thread: graded runs fork.
"""

import os
import signal
import sys
from typing import Final

from graders.kit.cli import main

SECONDS: Final = 1.0


def hold(parent: int) -> None:
    """From now on, look every second; an orphan is interrupted as by Ctrl-C. Forked children have no timer."""

    def look(*_: object) -> None:
        if os.getppid() != parent:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, SECONDS, SECONDS)


if __name__ == "__main__":
    hold(int(sys.argv[1]))
    code = main(sys.argv[2:])
    signal.setitimer(signal.ITIMER_REAL, 0)  # an interpreter that ends no longer handles the signal
    sys.exit(code)
