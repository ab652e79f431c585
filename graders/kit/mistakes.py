"""A user's mistake: one line that names it and says the repair.

The command line prints it and ends with exit code 2; nobody sees a traceback for a typing error.
"""

import difflib
from collections.abc import Iterable


class Mistake(Exception):
    """What was wrong with the request, and how to put it right, in one line."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``": did you mean a or b?"`` for the known words closest to ``word``, or ``""``."""
    close = difflib.get_close_matches(word, sorted(set(known)), n=3, cutoff=0.5)
    return f": did you mean {' or '.join(close)}?" if close else ""
