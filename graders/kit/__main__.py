"""``python -m graders.kit``: what the nox sessions call."""

import sys

from graders.kit.cli import main

sys.exit(main(sys.argv[1:]))
