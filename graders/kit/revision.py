"""The revision page of a chapter: one screen for each topic; the mistakes that everybody makes, with what shows them.

Made from the briefs, the contracts and the impostors: `python -m graders.kit revision`.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from graders.kit.brief import read_brief, revision
from graders.kit.parts import impostors_of
from graders.kit.topics import ROOT, Topic, discover

CHAPTER: Final = "services"
MISTAKES: Final = {
    "global lock": "One lock for everything, where one per key would do: a slow key stops all the others.",
    "unbounded queue": "A queue without a bound: under load it grows until memory is gone, and nobody is told.",
    "no time limit": "No time limit on a call to somebody else: one slow service takes all threads with it.",
    "nothing to observe": "Nothing to observe: what is not counted cannot be repaired at night.",
    "consistency claim": "A promise about consistency that does not hold: acknowledged before it is true.",
    "wall clock": "The wall clock for durations: it is set, and everything expires, or nothing does.",
    "retry storm": "Retrying without jitter or limit: the service that struggles gets more, all at once.",
    "check then act": "Look, then act, on something shared: between the two somebody else has acted.",
}
"""What an impostor's `mistake` may be, and what it means."""
HEAD: Final = """# Mini systems: quick revision

One screen for each: what it is, what was traded for what, numbers to know, and the mistake everybody makes. Ten minutes
before an interview: rate limiter, job queue, cache, resilience; then explain the trade-offs aloud. Made by
`python -m graders.kit revision` from the briefs; a test keeps it fresh.
"""
COMMON: Final = """## Common system design mistakes

Each of these is an impostor: a version that works, with this one mistake in it. Grade it, and see which check finds it.
"""
NO_CODE: Final = """Four more show in no code, only in the conversation. The steps of [framework](framework.md), and the
self-assessment at the end of a drill, ask for them: starting to build before the requirements are clear, forgetting
latency, volume and durability, designing for a million users on the first day, and not saying what a choice costs.
"""


def page(root: Path = ROOT) -> str:
    """The whole page, Markdown."""
    topics = [topic for topic in discover(root) if topic.chapter == CHAPTER]
    parts = [HEAD, *map(_screen, topics), COMMON, *_mistakes(topics), NO_CODE]
    return "\n".join(parts)


def place(root: Path = ROOT) -> Path:
    """Where the page lies."""
    return root / "exercises" / CHAPTER / "README.md"


def _screen(topic: Topic) -> str:
    sheet = revision(read_brief(topic.brief))
    lines = [f"## {topic.title}\n"]
    lines += [f"- **{label}:** {text}" for label, text in sheet.items()]
    promises = len(topic.definition.promises)
    lines.append(
        f"- {topic.level}, {topic.minutes} minutes, {promises} promises:"
        f" [brief]({topic.name}.md), `nox -s drill -- {topic.name}`\n"
    )
    return "\n".join(lines)


def _mistakes(topics: Sequence[Topic]) -> Iterator[str]:
    made = [(each.mistake, topic, each) for topic in topics for each in impostors_of(topic)]
    for key, text in MISTAKES.items():
        yield f"- **{text}**"
        for mistake, topic, impostor in made:
            if mistake == key:
                why = " ".join(impostor.text.split()).partition(". ")[0].rstrip(".")
                promises = ", ".join(impostor.promises)
                command = f"nox -s grade -- {topic.name} --impl impostors:{impostor.name}"
                yield f"  - {topic.name} ({promises}): {why}. `{command}`"
    yield ""
