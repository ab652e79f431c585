"""The mark of a check: which promises it rests on, and what kind of thing it looks at."""

from collections.abc import Callable
from typing import Any, Final, Literal, TypeVar

import pytest

Kind = Literal["contract", "behaviour", "concurrency", "timing", "throughput"]
KINDS: Final = ("contract", "behaviour", "concurrency", "timing", "throughput")
F = TypeVar("F", bound=Callable[..., Any])


def check(*promises: str, kind: Kind) -> Callable[[F], F]:
    """Mark a test function as the check of these promises (``"P3"``); its docstring is what was done."""
    if not promises or kind not in KINDS:
        raise ValueError(
            f"check needs promises and a kind of {', '.join(KINDS)}; got {promises}, {kind!r}"
        )

    def mark(function: F) -> F:
        if not function.__doc__:
            raise ValueError(f"{function.__name__} needs a docstring: the learner reads it")
        marked: F = pytest.mark.check(*promises, kind=kind)(function)
        return marked

    return mark
