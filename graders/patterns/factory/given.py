"""What several of the checks start from."""

from types import SimpleNamespace
from typing import Any


def maker_of(tag: object) -> Any:
    """A maker whose notifiers bear a tag."""
    return lambda: SimpleNamespace(send=print, tag=tag)
