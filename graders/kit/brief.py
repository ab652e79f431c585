"""The brief: fixed headings that tools read, and what is wrong with one that lacks them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SECTIONS: Final = (
    "Story",
    "Scope questions",
    "Requirements",
    "The seven steps",
    "Change of requirements",
    "Hints",
    "Mistakes everybody makes",
    "Follow-ups",
    "Quick revision",
    "Level and minutes",
)
OPTIONAL: Final = {"Quick revision"}
REVISION: Final = ("What", "Trade-offs", "Numbers to know", "The mistake everybody makes")
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Requirements": ("Functional", "Non-functional"),
    "The seven steps": (
        "1. Clarify",
        "2. Estimate",
        "3. Interface",
        "4. High-level design",
        "5. Deep dive",
        "6. Bottlenecks",
        "7. Trade-offs",
    ),
}
HINTS: Final = 3
UNCHECKED: Final = {"Change of requirements", "Follow-ups"}  # what they ask for is not graded

_ITEM: Final = re.compile(r"^\d+\. ", re.MULTILINE)
_QUESTION: Final = re.compile(r"^\d+\. \*\*.+?\*\* +\S", re.MULTILINE | re.DOTALL)
_MINUTE: Final = re.compile(r"^\d+\. \*\*At minute \d+:\*\* +\S", re.MULTILINE)
_MUST: Final = re.compile(r"\bmust\b", re.IGNORECASE)
_PROMISE: Final = re.compile(r"\bP\d+\b")


@dataclass(frozen=True)
class Brief:
    """A brief cut at its headings."""

    title: str
    sections: dict[str, str]


def read_brief(path: Path) -> Brief:
    """Read the brief at ``path``; code blocks keep their lines, headings in them mean nothing."""
    title = ""
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    fenced = False
    for line in path.read_text(encoding="utf-8").splitlines():
        fenced ^= line.startswith("```")
        if not fenced and line.startswith("# ") and not title:
            title = line[2:].strip()
        elif not fenced and line.startswith("## "):
            current = sections.setdefault(line[3:].strip(), [])
        else:
            current.append(line)
    return Brief(title, {name: "\n".join(lines).strip() for name, lines in sections.items()})


def faults(brief: Brief, title: str, level: str, minutes: int) -> Iterator[str]:
    """Yield each thing that the brief lacks, with its repair."""
    if brief.title != title:
        yield f"its title is {brief.title!r}: open with `# {title}`"
    yield from _headings(brief)
    yield from _lists(brief)
    if not brief.sections.get("Level and minutes", "").startswith(f"{level}, {minutes} minutes"):
        yield f"its level is not the contract's: write `{level}, {minutes} minutes`"
    yield from _unbacked(brief)


def _headings(brief: Brief) -> Iterator[str]:
    order = [name for name in SECTIONS if name in brief.sections or name not in OPTIONAL]
    for name in order:
        if not brief.sections.get(name):
            yield f"no text under `## {name}`: write that section"
    if list(brief.sections) != order:
        yield f"its headings differ: keep to {', '.join(order)}, in this order"
    for name, wanted in PARTS.items():
        found = re.findall(r"^### (.+?)\s*$", brief.sections.get(name, ""), re.MULTILINE)
        for part in wanted:
            if not any(heading.startswith(part) for heading in found):
                yield f"no `### {part}` under `## {name}`: write that part"


def _lists(brief: Brief) -> Iterator[str]:
    for name in ("Scope questions", "Follow-ups"):
        text = brief.sections.get(name, "")
        if not len(_QUESTION.findall(text)) == len(_ITEM.findall(text)) > 0:
            yield f"`## {name}` is no list of questions: write `1. **Question?** Answer.`"
    changes = brief.sections.get("Change of requirements", "")
    if not len(_MINUTE.findall(changes)) == len(_ITEM.findall(changes)) > 0:
        yield "`## Change of requirements` is no list: write `1. **At minute 25:** …`"
    if len(_ITEM.findall(brief.sections.get("Hints", ""))) != HINTS:
        yield "`## Hints` are not three: number them 1 to 3, of rising strength"
    if "Quick revision" in brief.sections and tuple(revision(brief)) != REVISION:
        yield f"`## Quick revision` is no cheat sheet: write `- **What:** …` for {', '.join(REVISION)}"
    if not re.search(r"^[-*] ", brief.sections.get("Mistakes everybody makes", ""), re.MULTILINE):
        yield "`## Mistakes everybody makes` is no list: write bullets"


def revision(brief: Brief) -> dict[str, str]:
    """The cheat sheet of a brief: what stands behind `- **What:**` and its like, in the order of REVISION."""
    found = {}
    for item in re.split(r"^- ", brief.sections.get("Quick revision", ""), flags=re.MULTILINE):
        label, mark, text = item.partition(":**")
        if mark:
            found[label.strip().removeprefix("**")] = " ".join(text.split())
    return found


def _unbacked(brief: Brief) -> Iterator[str]:
    for name, text in brief.sections.items():
        for block in (
            re.split(r"\n\s*\n|\n(?=[-*|] |\d+\. )", text) if name not in UNCHECKED else ()
        ):
            if _MUST.search(block) and not _PROMISE.search(block):
                start = " ".join(block.split())[:60]
                yield f"a 'must' under `## {name}` names no promise ({start} …): add (P…)"
