"""The linearizability checker against brute force, on known histories, and on long ones."""

import itertools
import random
import time
from collections.abc import Sequence

import pytest

from graders.kit.history import Answer, Call, Result, check, draw, object_step, shortest_prefix

REAL_CPU = time.process_time


class Register:
    """A number that is read, written, and taken."""

    def __init__(self) -> None:
        self.value = 0

    def read(self) -> int:
        """The number."""
        return self.value

    def write(self, value: int) -> None:
        """Set it."""
        self.value = value

    def take(self) -> int:
        """Read and set to 0; ValueError if it is 0."""
        if not self.value:
            raise ValueError
        value, self.value = self.value, 0
        return value


def brute(calls: Sequence[Call]) -> bool:
    """Every order of the calls that respects real time, one after the other."""
    for order in itertools.permutations(calls):
        early = all(
            not (b.returned is not None and b.returned < a.called)
            for i, a in enumerate(order)
            for b in order[i + 1 :]
        )
        if early and explains(order):
            return True
    return False


def explains(order: Sequence[Call]) -> bool:
    """Whether this order gives the results that were seen."""
    state = Register()
    for call in order:
        state, result = object_step(state, call)
        if not result.explains(call.result):
            return False
    return True


def history(chance: random.Random, clients: int, calls: int) -> list[Call]:
    """A random history: some are right, most are not."""
    open_calls: dict[str, tuple[str, tuple[int, ...], int]] = {}
    done: list[Call] = []
    register, clock = Register(), itertools.count()
    while len(done) < calls:
        client = chance.choice("ABCD"[:clients])
        if client not in open_calls:
            method = chance.choice(["read", "write", "take"])
            open_calls[client] = (
                method,
                (chance.randint(1, 2),) if method == "write" else (),
                next(clock),
            )
            continue
        method, args, called = open_calls.pop(client)
        _, result = object_step(register, Call(client, method, args, 0))
        register, _ = object_step(register, Call(client, method, args, 0))
        if chance.random() < 0.2:
            result = Result(chance.randint(0, 2))
        done.append(Call(client, method, args, called, next(clock), result))
    return done


@pytest.mark.parametrize("readers", [frozenset[str](), frozenset({"read"})])
def test_the_search_agrees_with_brute_force(readers: frozenset[str]) -> None:
    """400 histories of three clients, six calls each."""
    verdicts = []
    for seed in range(400):
        calls = history(random.Random(seed), 3, 6)
        want = Answer.YES if brute(calls) else Answer.NO
        assert check(calls, Register(), readers=readers) is want, draw(calls)
        verdicts.append(want)
    assert len(set(verdicts)) == 2


def test_a_write_that_changes_nothing_is_not_placed_greedily() -> None:
    """B's second write overlaps A's writes: it takes effect after them."""
    calls = [
        Call("B", "write", (1,), 0, 7),
        Call("A", "write", (1,), 1, 2, Result()),
        Call("A", "write", (2,), 3, 4, Result()),
        Call("A", "read", (), 8, 9, Result(1)),
    ]
    assert check(calls, Register()) is Answer.YES


def test_a_pending_call_may_have_happened_or_not() -> None:
    """A write that never returned explains both answers, but not one after the other."""
    pending = Call("A", "write", (5,), 0)
    for seen in (0, 5):
        assert check([pending, Call("B", "read", (), 1, 2, Result(seen))], Register()) is Answer.YES
    back = [pending, Call("B", "read", (), 1, 2, Result(5)), Call("B", "read", (), 3, 4, Result(0))]
    assert check(back, Register()) is Answer.NO


def test_exceptions_are_answers() -> None:
    """Two takes of one value: the second raises."""
    took, raised = Result(3), Result(raised=ValueError)
    write = Call("A", "write", (3,), 0, 1, Result())
    both = [write, Call("A", "take", (), 2, 5, took), Call("B", "take", (), 3, 4, raised)]
    assert check(both, Register()) is Answer.YES
    assert (
        check(
            [write, Call("A", "take", (), 2, 3, took), Call("B", "take", (), 4, 5, took)],
            Register(),
        )
        is Answer.NO
    )


def test_the_shortest_prefix_shows_the_fault() -> None:
    """What comes after the inexplicable answer is left out, and the picture has a line a call."""
    calls = [
        Call("A", "write", (1,), 0, 1, Result()),
        Call("B", "read", (), 2, 3, Result(0)),
        Call("A", "write", (2,), 4, 5, Result()),
    ]
    prefix = shortest_prefix(calls, Register())
    assert [call.method for call in prefix] == ["write", "read"]
    assert draw(prefix).splitlines()[1].endswith("read() -> 0")


def test_a_thousand_calls_of_eight_clients_are_quick() -> None:
    """By keys, readers placed greedily: well under a second of CPU."""
    chance, clock = random.Random(1), itertools.count()
    registers = {key: Register() for key in range(20)}
    calls, running = [], list[tuple[str, int, str, tuple[int, ...], int, Result]]()
    for _ in range(1_000):
        client = f"c{len(running)}"
        key, method = chance.randrange(20), chance.choice(["read", "write"])
        args = (chance.randint(1, 9),) if method == "write" else ()
        called = next(clock)
        registers[key], result = object_step(registers[key], Call(client, method, args, 0))
        running.append((client, key, method, args, called, result))
        if len(running) == 8:
            chance.shuffle(running)
            calls += [(k, Call(c, m, a, t, next(clock), r)) for c, k, m, a, t, r in running]
            running.clear()
    keys = {id(call): key for key, call in calls}
    start = REAL_CPU()
    answer = check(
        [c for _, c in calls], Register(), key=lambda c: keys[id(c)], readers=frozenset({"read"})
    )
    assert answer is Answer.YES
    assert REAL_CPU() - start < 5


def test_a_search_that_is_too_long_is_undecided() -> None:
    """Three-valued, honestly."""
    calls = [Call(f"c{n}", "write", (n,), n, 100 + n, Result()) for n in range(12)]
    calls.append(Call("r", "read", (), 200, 201, Result(99)))
    assert check(calls, Register(), budget=50) is Answer.UNDECIDED
