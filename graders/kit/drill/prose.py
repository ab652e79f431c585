"""The Markdown of briefs cut into blocks, and set for a terminal."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

WIDTH: Final = 78
Kind = Literal["text", "item", "heading", "code"]
_ITEM: Final = re.compile(r"(?P<mark>[-*]|\d+\.) +(?P<text>.*)")
_VERBATIM: Final = re.compile(r"[|]|    ")


@dataclass(frozen=True)
class Block:
    """A paragraph, an item of a list (with its mark), a heading, or lines that stay as they are."""

    kind: Kind
    text: str
    mark: str = ""


def blocks(markdown: str) -> Iterator[Block]:
    """The blocks of a text, in their order."""
    waiting: list[Block] = []
    fenced = False
    for line in [*markdown.splitlines(), ""]:
        fence = line.lstrip().startswith("```")
        found = Block("code", line) if fenced and not fence else _begins(line)
        if fence or found or not line.strip():
            yield from waiting
            waiting = [] if fence or not found else [found]
        elif waiting and waiting[0].kind in {"text", "item"}:
            first = waiting[0]
            waiting = [Block(first.kind, f"{first.text} {line.strip()}", first.mark)]
        else:
            yield from waiting
            waiting = [Block("text", line.strip())]
        fenced ^= fence
    yield from waiting


def _begins(line: str) -> Block | None:
    """The block that this line begins whatever went before, if it does."""
    if line.startswith("#"):
        return Block("heading", line.lstrip("# "))
    if found := _ITEM.match(line.strip() if not _VERBATIM.match(line) else ""):
        return Block("item", found["text"], found["mark"])
    return Block("code", line) if line.startswith("|") else None


def wrapped(markdown: str, indent: str = "") -> str:
    """The text in lines of at most 78 columns, code and tables as they are."""
    lines: list[str] = []
    before: Kind | None = None
    for block in blocks(markdown):
        if before is not None and not (before == block.kind and block.kind in {"item", "code"}):
            lines.append("")
        lines += _set(block, indent)
        before = block.kind
    return "\n".join(lines)


def _set(block: Block, indent: str) -> list[str]:
    if block.kind == "code":
        return [indent + block.text]
    first = f"{indent}{block.mark} " if block.mark else indent
    return fill(block.text, first, " " * len(first)).split("\n")


def fill(text: str, first: str = "", rest: str | None = None) -> str:
    """One paragraph, filled; words are never cut."""
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first) if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def short(text: str, width: int) -> str:
    """One line, cut with an ellipsis if it is longer than `width`."""
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 1].rstrip()}…"


def clock(seconds: float) -> str:
    """Minutes and seconds, as a countdown shows them."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02}"
