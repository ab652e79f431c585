"""How fast the drill's file is beside the reference: what `nox -s bench` would say of the two.

The one place that a drill learns it from; it may always answer that nothing was measured.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from graders.kit.bench.entrants import REFERENCE, YOURS, Entrant
from graders.kit.bench.figures import ratio
from graders.kit.bench.race import Outcomes, race
from graders.kit.bench.workload import title
from graders.kit.mistakes import Mistake
from graders.kit.topics import Topic


@dataclass(frozen=True)
class Workload:
    """How many times as fast as the reference yours is at one operation; `word` is bench's verdict on that."""

    name: str
    times: float
    word: str

    @property
    def words(self) -> str:
        """What it says on the scorecard."""
        if self.word == "faster":
            return f"{self.times:.2f} times as fast as the reference"
        if self.word == "slower":
            return f"{1 / self.times:.2f} times the reference's time"
        return self.word


@dataclass(frozen=True)
class Speed:
    """What was measured, or why nothing was."""

    workloads: tuple[Workload, ...] = ()
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For the log."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Speed":
        """The inverse."""
        listed = tuple(Workload(**each) for each in data.get("workloads", ()))
        return cls(listed, str(data.get("why", "")))

    def lines(self) -> list[str]:
        """One for each workload, or the reason."""
        if not self.workloads:
            return [f"not measured: {self.why}"]
        return [f"{each.name:<36} {each.words}" for each in self.workloads]


def measure(topic: Topic, code: Path) -> Speed:
    """Measure it now, each side in a process of its own; never raises for what these processes do."""
    if not (topic.grader / f"bench_{topic.name}.py").is_file():
        return Speed(why="the topic has no bench file")
    if find_spec("pytest_benchmark") is None:
        return Speed(why="pytest-benchmark is not installed")
    both = [Entrant(YOURS, str(code)), Entrant(REFERENCE, "solutions")]
    try:
        return _speed(race(topic, both, lambda _operation: None))
    except Mistake as mistake:
        return Speed(why=str(mistake))
    except KeyboardInterrupt:
        return Speed(why="stopped by you")


def _trouble(operation: str, said: Mapping[str, object]) -> str:
    return f"{operation}: {said.get('why') or said.get('failed') or 'no figures'}"


def _speed(said: Outcomes) -> Speed:
    workloads = []
    for operation, each in said.items():
        for name in (YOURS, REFERENCE):
            if "rounds" not in each[name]:
                return Speed(why=_trouble(title(operation), each[name]))
        found = ratio(*(each[name]["rounds"] for name in (YOURS, REFERENCE)))
        workloads.append(Workload(title(operation), round(found.times, 3), found.word))
    return Speed(tuple(workloads))
