"""The verdict on one check: plain data that crosses the pipe between child and parent."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

Word = Literal["pass", "fail", "error", "inconclusive", "not attempted", "blocked", "not run"]
WORDS: Final[tuple[Word, ...]] = (
    "pass", "fail", "error", "inconclusive", "not attempted", "blocked", "not run"
)  # fmt: skip
LONGEST: Final = 4_000


@dataclass
class Verdict:
    """What is known of one check. Only `pass` scores; a check that says nothing was not run.

    `did`, `want`, `got`: what was done, what was expected, what came back. `where`: the learner's line.
    `story`, `token`: the schedule that broke it, and how to replay it. `output`: what was printed.
    `blocks`: nothing else of the topic can run.
    """

    word: Word = "not run"
    did: str = ""
    want: str = ""
    got: str = ""
    where: str = ""
    story: str = ""
    token: str = ""
    output: str = ""
    blocks: bool = False
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """For JSON; texts capped, so that no learner's text fills the report."""
        return {k: v[:LONGEST] if isinstance(v, str) else v for k, v in vars(self).items()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Verdict":
        """The inverse; ValueError if the child sent something else."""
        if data.get("word") not in WORDS or not all(
            isinstance(data.get(name, ""), str) for name in ("did", "want", "got", "where", "story")
        ):
            raise ValueError("no verdict")
        return cls(**{name: data[name] for name in cls.__dataclass_fields__ if name in data})


@dataclass(frozen=True)
class Check:
    """One expected check, known before anything runs."""

    id: str
    topic: str
    name: str
    promises: tuple[str, ...]
    kind: str
    text: str
    impl: str = "exercises"
    verdict: Verdict = field(default_factory=Verdict, compare=False)
