"""Is a history of overlapping calls explained by some order of calls one at a time?

Linearizability (Herlihy and Wing, 1990), decided by the search of Wing and Gong with Lowe's memory of visited
(calls placed, state) pairs. Calls of methods that never change anything are placed greedily, which loses no
solution (a write that happens to change nothing must not be: later it might). Knows nothing of threads or
simulations: it serves distributed stores as well.
"""

import copy
import pickle
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from graders.kit.expect import same, show

BUDGET = 200_000


class Answer(Enum):
    """What the search found out; UNDECIDED = its budget of states was used up."""

    YES = "linearizable"
    NO = "not linearizable"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Result:
    """What a call answered: a value, or the type of the exception it raised."""

    value: Any = None
    raised: type[BaseException] | None = None

    def explains(self, seen: "Result") -> bool:
        """Whether a call that should answer this may have answered `seen`."""
        if self.raised is not None or seen.raised is not None:
            both = self.raised is not None and seen.raised is not None
            return both and issubclass(seen.raised, self.raised)  # type: ignore[arg-type]
        return same(self.value, seen.value)

    def __str__(self) -> str:
        return f"raises {self.raised.__name__}" if self.raised else show(self.value)


@dataclass(frozen=True)
class Call:
    """One call of a client: numbers of its call and return events; `returned` None = still pending."""

    client: str
    method: str
    args: tuple[Any, ...]
    called: int
    returned: int | None = None
    result: Result = Result()

    def __str__(self) -> str:
        text = f"{self.method}({', '.join(map(show, self.args))})"
        return text if self.returned is None else f"{text} -> {self.result}"


Step = Callable[[Any, Call], tuple[Any, Result]]
"""(state, call) -> (next state, result); must not change the state it is given."""


def object_step(state: Any, call: Call) -> tuple[Any, Result]:
    """A step of a model that is an ordinary object with the same methods."""
    after = copy.deepcopy(state)
    try:
        return after, Result(getattr(after, call.method)(*call.args))
    except Exception as error:  # noqa: BLE001 - an exception is an answer
        return after, Result(raised=type(error))


def check(
    calls: Sequence[Call],
    initial: Any,
    step: Step = object_step,
    *,
    key: Callable[[Call], Hashable] | None = None,
    readers: frozenset[str] = frozenset(),
    budget: int = BUDGET,
) -> Answer:
    """Decide a history; with `key`, each key's calls alone (only if the keys are independent objects).

    `readers` are the methods that change nothing in any state.
    """
    parts: dict[Hashable, list[Call]] = defaultdict(list)
    for call in calls:
        parts[key(call) if key else None].append(call)
    answers = {_search(part, initial, step, readers, budget) for part in parts.values()}
    return next(
        (answer for answer in (Answer.NO, Answer.UNDECIDED) if answer in answers), Answer.YES
    )


def _search(
    calls: Sequence[Call], initial: Any, step: Step, readers: frozenset[str], budget: int
) -> Answer:
    order = sorted(calls, key=lambda call: call.called)
    finished = sum(1 << i for i, call in enumerate(order) if call.returned is not None)
    seen: set[tuple[int, bytes]] = set()
    stack: list[tuple[int, int, Any]] = [(0, 0, initial)]
    while stack:
        placed, first, state = stack.pop()
        if placed & finished == finished:
            return Answer.YES
        mark = _fingerprint(state)
        if mark is not None:
            if (placed, mark) in seen:
                continue
            seen.add((placed, mark))
        budget -= 1
        if budget < 0:
            return Answer.UNDECIDED
        stack.extend(_moves(order, placed, first, state, step, readers))
    return Answer.NO


def _moves(  # noqa: PLR0917 - the state of the search
    order: Sequence[Call], placed: int, first: int, state: Any, step: Step, readers: frozenset[str]
) -> list[tuple[int, int, Any]]:
    """Every call that may come next and answers as seen; a reader alone, as nothing depends on its place."""
    moves = []
    for index in _candidates(order, placed, first):
        after, result = step(state, order[index])
        if order[index].returned is not None and not result.explains(order[index].result):
            continue
        now, start = placed | 1 << index, first
        while now >> start & 1:
            start += 1
        if order[index].returned is not None and order[index].method in readers:
            return [(now, start, state)]
        moves.append((now, start, after))
    return moves


def _candidates(order: Sequence[Call], placed: int, first: int) -> Iterator[int]:
    """Calls not placed yet that began before every other such call had returned."""
    open_calls: list[int] = []
    earliest = float("inf")
    for index in range(first, len(order)):
        if order[index].called > earliest:
            break
        if not placed >> index & 1:
            open_calls.append(index)
            returned = order[index].returned
            earliest = min(earliest, float("inf") if returned is None else returned)
    return (index for index in open_calls if order[index].called <= earliest)


def _fingerprint(state: Any) -> bytes | None:
    try:
        return pickle.dumps(state)
    except Exception:  # noqa: BLE001 - a state that cannot be written down is simply not remembered
        return None


def shortest_prefix(calls: Sequence[Call], initial: Any, step: Step = object_step) -> list[Call]:
    """The history up to the first return that no order explains; later returns are still pending.

    A prefix of a linearizable history is linearizable, so the prefix alone shows the fault.
    """
    for end in sorted(call.returned for call in calls if call.returned is not None):
        prefix = [
            call
            if call.returned is not None and call.returned <= end
            else replace(call, returned=None)
            for call in calls
            if call.called < end
        ]
        if check(prefix, initial, step) is Answer.NO:
            return prefix
    return list(calls)


def draw(calls: Sequence[Call]) -> str:
    """The history as text: a line a call, in the order of the calls, a bar for its duration."""
    ordered = sorted(calls, key=lambda call: call.called)
    events = sorted({e for call in calls for e in (call.called, call.returned) if e is not None})
    place = {event: index for index, event in enumerate(events)}
    end = len(events)
    lines = []
    for call in ordered:
        start = place[call.called]
        stop = end if call.returned is None else place[call.returned]
        bar = (
            " " * start
            + "["
            + "-" * (stop - start - 1)
            + ("]" if call.returned is not None else "…")
        )
        lines.append(f"{call.client:<3}{bar:<{end + 2}} {call}")
    return "\n".join(lines)
