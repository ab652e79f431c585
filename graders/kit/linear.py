"""Generated programs of a few threads, checked against a sequential model under explored schedules."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from graders.kit.expect import CheckFailed, Inconclusive
from graders.kit.history import Answer, Call, Result, check, draw, shortest_prefix
from graders.kit.scenes import explore
from graders.kit.sim import Sim

Operation = tuple[str, tuple[Any, ...]]
Program = list[list[Operation]]


def check_linearizable(
    make: Callable[[], Any],
    model: Callable[[], Any],
    operations: Sequence[Operation],
    *,
    threads: int = 2,
    length: int = 3,
    scenarios: int = 12,
    schedules: int = 30,
    seed: int = 0,
    setup: Sequence[Operation] = (),
    invariant: Callable[[Any], object] | None = None,
) -> None:
    """Draw `scenarios` programs of `threads` x `length` operations and run each under `schedules` schedules.

    `make()` answers with the object under check, `model()` with a sequential one of the same methods; `setup` is
    done on both first. What the threads saw must be explained by some order of the calls, one at a time.
    `invariant(object)` is called in the end and raises CheckFailed for state that no operation returns.
    """
    for number in range(scenarios):
        chance = random.Random(seed * 10_007 + number)
        program = [[chance.choice(operations) for _ in range(length)] for _ in range(threads)]
        _explore_program(make, model, program, setup, schedules, seed + number, invariant)


def _explore_program(  # noqa: PLR0917 - all that makes a scene
    make: Callable[[], Any],
    model: Callable[[], Any],
    program: Program,
    setup: Sequence[Operation],
    schedules: int,
    seed: int,
    invariant: Callable[[Any], object] | None,
) -> None:
    explained: set[str] = set()

    def scene(sim: Sim) -> None:
        it, start = make(), model()
        for method, args in setup:
            _result(it, method, args)
            _result(start, method, args)
        calls = _run(sim, it, program)
        _judge(calls, start, program, explained)
        if invariant is not None:
            invariant(it)

    explore(scene, schedules=schedules, seed=seed)


def _run(sim: Sim, it: Any, program: Program) -> list[Call]:
    """Run the program's threads and write down who called and returned when."""
    calls: list[Call] = []
    clock = iter(range(1 << 30))

    def client(name: str, operations: list[Operation]) -> Callable[[], None]:
        def job() -> None:
            for method, args in operations:
                called = next(clock)
                result = _result(it, method, args)
                calls.append(Call(name, method, args, called, next(clock), result))

        return job

    names = [chr(ord("A") + index) for index in range(len(program))]
    sim.together(*(client(name, part) for name, part in zip(names, program, strict=True)))
    return calls


def _result(it: Any, method: str, args: tuple[Any, ...]) -> Result:
    try:
        return Result(getattr(it, method)(*args))
    except NotImplementedError:
        raise
    except Exception as error:  # noqa: BLE001 - an exception is an answer
        return Result(raised=type(error))


def _judge(calls: list[Call], start: Any, program: Program, explained: set[str]) -> None:
    history = "\n".join(map(repr, calls))
    if history in explained:
        return
    answer = check(calls, start)
    if answer is Answer.UNDECIDED:
        raise Inconclusive("the history is too long to decide")
    if answer is Answer.NO:
        raise CheckFailed(
            did=_told(program),
            want="some order of the calls, one at a time, explains what they answered",
            got="none does:\n" + draw(shortest_prefix(calls, start)),
        )
    explained.add(history)


def _told(program: Program) -> str:
    parts = []
    for index, operations in enumerate(program):
        calls = "; ".join(f"{method}({', '.join(map(repr, args))})" for method, args in operations)
        parts.append(f"{chr(ord('A') + index)}: {calls}")
    return "  |  ".join(parts)
