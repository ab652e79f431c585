"""Write the transcripts anew, then read the difference: ``python -m tests.golden [case ...]``."""

import sys
import tempfile
from pathlib import Path

from tests.golden.transcripts import CASES, play

for case in CASES:
    if not sys.argv[1:] or case.name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            (case / "transcript.txt").write_text(play(case, Path(folder)), encoding="utf-8")
