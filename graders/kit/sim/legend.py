"""What a thread of a scene does, in the scene's own words: the source of a lambda, the name of a function."""

import linecache
from collections.abc import Callable
from functools import partial


def describe(job: Callable[[], object]) -> str:
    """A short text for `job`; '' if nothing useful is known."""
    if isinstance(job, partial):
        arguments = ", ".join(
            [*map(repr, job.args), *(f"{k}={v!r}" for k, v in job.keywords.items())]
        )
        return f"{_name(job.func)}({arguments})"[:80]
    code = getattr(job, "__code__", None)
    if code is not None and code.co_name == "<lambda>":
        return _source(code)
    return f"{_name(job)}()"


def _name(job: Callable[..., object]) -> str:
    return getattr(job, "__qualname__", type(job).__name__).rsplit("<locals>.", 1)[-1]


def _source(code: object) -> str:
    """The expression of a lambda, from the positions of its byte codes (one line of it)."""
    spans = [
        (line, start, end)
        for line, last, start, end in code.co_positions()  # type: ignore[attr-defined]
        if line is not None
        and line == last
        and start is not None
        and end is not None
        and end > start
    ]
    if not spans:
        return ""
    first = min(line for line, _, _ in spans)
    here = [(start, end) for line, start, end in spans if line == first]
    text = linecache.getline(code.co_filename, first).encode()  # type: ignore[attr-defined]
    return text[min(s for s, _ in here) : max(e for _, e in here)].decode("utf-8", "replace")[:80]
