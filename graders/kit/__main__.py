"""``python -m graders.kit``: what the nox sessions call."""

import sys

from graders.kit.cli import main

if __name__ == "__main__":  # a process that graded code spawns imports its main module
    sys.exit(main(sys.argv[1:]))
