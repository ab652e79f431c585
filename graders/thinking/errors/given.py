"""What several of the checks start from."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any


def opening(text: str | bytes) -> Callable[[Path], io.BytesIO]:
    """An opener of a file that holds `text`."""
    data = text.encode() if isinstance(text, str) else text
    return lambda _: io.BytesIO(data)


def raising(error: BaseException) -> Callable[[str], Any]:
    """A parser that raises this very object."""

    def parse(_: str) -> Any:
        raise error

    return parse
