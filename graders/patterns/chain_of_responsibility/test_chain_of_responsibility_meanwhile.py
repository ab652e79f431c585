"""Changes while expenses are on their way: by handlers, and by other threads."""

import threading
import time
from collections.abc import Callable
from typing import Any

from contracts.patterns.chain_of_responsibility import (
    CycleError,
    Decision,
    DuplicateStep,
    Expense,
    Undecided,
    UnknownStep,
    Verdict,
)
from graders.kit import Implementation, Sim, check, ensure, equal, explore, simulate
from graders.patterns.chain_of_responsibility.given import chain_of, silent

YES, NO = Verdict.APPROVED, Verdict.REFUSED
LUNCH = Expense("zoe", 1_250)


def approves(expense: Expense) -> Verdict | None:
    """A handler that approves."""
    return YES


def doing(job: Callable[[], object], answer: Verdict | None = None) -> Callable[[Expense], Any]:
    """A handler that does something before it answers."""
    return lambda expense: (job(), answer)[1]


def asked(chain: Any, expense: Expense = LUNCH) -> tuple[str, ...]:
    """Who is asked."""
    try:
        return chain.decide(expense).asked  # type: ignore[no-any-return]
    except Undecided as error:
        return error.asked


@check("P9", "P11", kind="behaviour")
def test_a_handler_changes_its_chain(impl: Implementation) -> None:
    """The second of four handlers adds, removes and replaces; the expense goes on as if nothing had been."""
    for said, change, after in [
        ("removes itself", lambda c: c.remove("b"), ("a", "c", "d")),
        ("removes the one before", lambda c: c.remove("a"), ("b", "c", "d")),
        ("removes the next", lambda c: c.remove("c"), ("a", "b", "d")),
        ("adds one before the next", lambda c: c.add("n", silent, "c"), ("a", "b", "n", "c", "d")),
        ("adds one in front", lambda c: c.add("n", silent, "a"), ("n", "a", "b", "c", "d")),
        ("adds one at the end", lambda c: c.add("n", approves), ("a", "b", "c", "d", "n")),
        ("has the next replaced", lambda c: c.replace("c", approves), ("a", "b", "c")),
        (
            "has the next replaced by a chain",
            lambda c: c.replace("c", impl.Chain()),
            ("a", "b", "d"),
        ),
    ]:
        todo = [change]
        chain = impl.Chain()
        chain.add("a", silent)
        chain.add("b", lambda expense, t=todo, c=chain: t.pop()(c) if t else None)
        chain.add("c", silent)
        chain.add("d", silent)
        equal(asked(chain), ("a", "b", "c", "d"), did=f"asked while b {said}")
        equal(asked(chain), after, did=f"asked of the next expense, after b {said}")


@check("P9", kind="behaviour")
def test_a_chain_inside_is_read_when_it_is_reached(impl: Implementation) -> None:
    """A chain g is the second and the fourth step; a and c add to it, so does a handler in it."""
    group = impl.Chain()
    count = iter(range(100))

    def grows(expense: Expense) -> Verdict | None:
        group.add(f"n{next(count)}", silent)
        return None

    group.add("in", grows)
    chain = chain_of(impl, ("a", grows), ("g", group), ("c", grows), ("h", group), ("d", silent))
    want = ("a", "g/in", "g/n0", "c", "h/in", "h/n0", "h/n1", "h/n2", "d")
    equal(asked(chain), want, did="asked while g grows: n0 by a, n1 within g, n2 by c, n3 within h")
    equal(group.names(), ("in", "n0", "n1", "n2", "n3"), did="names() of g afterwards")


@check("P9", kind="behaviour")
def test_a_chain_that_is_taken_away_while_it_is_gone_through(impl: Implementation) -> None:
    """A handler in g takes g out of the chain and puts the chain into g; the expense goes on to the end."""
    group, chain = impl.Chain(), impl.Chain()

    def turns(expense: Expense) -> Verdict | None:
        if "g" in chain.names():
            chain.remove("g")
            group.add("back", chain)
        return None

    group.add("x", turns)
    group.add("y", silent)
    for name, step in [("a", silent), ("g", group), ("b", silent)]:
        chain.add(name, step)
    equal(asked(chain), ("a", "g/x", "g/y", "b"), did="asked while g leaves and gets the chain")
    equal(asked(group), ("x", "y", "back/a", "back/b"), did="asked of g afterwards")


@check("P9", kind="concurrency")
def test_a_replacement_is_never_half_done(impl: Implementation) -> None:
    """A decides twice; B replaces the middle one of three. The others approve up to nothing."""

    def scene(sim: Sim) -> None:
        chain = chain_of(impl, ("a", silent), ("b", silent), ("c", approves))
        got = sim.together(
            lambda: [asked(chain), asked(chain)],
            lambda: [chain.replace("b", approves), asked(chain)][1:],
        )
        old, new = ("a", "b", "c"), ("a", "b")
        ensure(
            got[0] in ([old, old], [old, new], [new, new]),
            did="asked twice while b is replaced by one that approves",
            want="a, b, c until the change, a, b from then on",
            got=got[0],
        )
        equal(got[1], [new], did="asked when replace has returned")

    explore(scene, schedules=80)


@check("P9", kind="concurrency")
def test_an_insertion_is_never_half_done(impl: Implementation) -> None:
    """A decides and reads the names; B adds one in front, then removes the last."""

    def scene(sim: Sim) -> None:
        chain = chain_of(impl, ("a", silent), ("b", silent), ("c", silent))
        states = [("a", "b", "c"), ("n", "a", "b", "c"), ("n", "a", "b")]

        def change() -> None:
            chain.add("n", silent, before="a")
            chain.remove("c")

        got, _ = sim.together(lambda: [asked(chain), chain.names()], change)
        ensure(
            got[0] in states[states.index(got[1]) :: -1] if got[1] in states else False,
            did="asked, then names(), while one is added in front and the last removed",
            want="the steps before, between or after the changes, and never back",
            got=got,
        )
        equal(chain.names(), states[2], did="names() afterwards")

    explore(scene, schedules=80)


@check("P10", kind="concurrency")
def test_no_change_is_lost(impl: Implementation) -> None:
    """A adds two at the end, B adds one in front and removes another, C replaces a third."""

    def scene(sim: Sim) -> None:
        chain = chain_of(impl, ("a", silent), ("b", silent))

        def front() -> None:
            chain.add("f", silent, before="a")
            chain.remove("a")

        sim.together(
            lambda: [chain.add("x", silent), chain.add("y", silent)],
            front,
            lambda: chain.replace("b", approves),
        )
        equal(chain.names(), ("f", "b", "x", "y"), did="names() when all have returned")
        equal(asked(chain), ("f", "b"), did="asked, b approves since it was replaced")

    explore(scene, schedules=80)


@check("P10", kind="concurrency")
def test_of_two_steps_of_one_name_one_is_refused(impl: Implementation) -> None:
    """A and B add a step of the same name; then both remove it."""

    def scene(sim: Sim) -> None:
        chain = impl.Chain()

        def add(answer: Verdict) -> Verdict | None:
            try:
                chain.add("new", lambda expense: answer)
            except DuplicateStep:
                return None
            return answer

        def remove() -> bool:
            try:
                chain.remove("new")
            except UnknownStep:
                return False
            return True

        got = [each for each in sim.together(lambda: add(YES), lambda: add(NO)) if each]
        equal(len(got), 1, did="how many of two could add a step of the same name")
        equal(chain.decide(LUNCH).verdict, got[0], did="the verdict of the one that could")
        equal(
            sorted(sim.together(remove, remove)), [False, True], did="which of two could remove it"
        )

    explore(scene, schedules=80)


def tries(job: Callable[[], object]) -> bool:
    """Whether a change is made; a CycleError or an UnknownStep says it is not."""
    try:
        job()
    except (CycleError, UnknownStep):
        return False
    return True


@check("P10", kind="concurrency")
def test_a_step_that_goes_does_not_come_back(impl: Implementation) -> None:
    """A removes the second of three, B replaces it, C adds one before it."""

    def scene(sim: Sim) -> None:
        chain = chain_of(impl, ("a", silent), ("b", silent), ("c", silent))
        _, _, added = sim.together(
            lambda: chain.remove("b"),
            lambda: tries(lambda: chain.replace("b", approves)),
            lambda: tries(lambda: chain.add("n", silent, before="b")),
        )
        want = ("a", "n", "c") if added else ("a", "c")
        equal(chain.names(), want, did=f"b was removed, add before b was done: {added}; names()")

    explore(scene, schedules=80)


@check("P10", kind="concurrency")
def test_no_cycle_comes_of_two_changes(impl: Implementation) -> None:
    """A puts y into x while B puts x into y, by add and by replace: one of them is refused."""
    for method in ("add", "replace"):

        def scene(sim: Sim, method: str = method) -> None:
            x, y = impl.Chain(), impl.Chain()
            if method == "replace":
                x.add("n", silent)
                y.add("n", silent)
            got = sim.together(
                lambda: tries(lambda: getattr(x, method)("n", y)),
                lambda: tries(lambda: getattr(y, method)("n", x)),
            )
            equal(
                sorted(got), [False, True], did=f"x.{method}('n', y) and y.{method}('n', x): done?"
            )

        explore(scene, schedules=50)


@check("P10", kind="concurrency")
def test_no_cycle_comes_of_three_changes(impl: Implementation) -> None:
    """Three chains, y into x, z into y, x into z, by three threads: exactly one of them is refused."""

    def scene(sim: Sim) -> None:
        x, y, z = (impl.Chain() for _ in range(3))
        got = sim.together(
            lambda: tries(lambda: x.add("y", y)),
            lambda: tries(lambda: y.add("z", z)),
            lambda: tries(lambda: z.add("x", x)),
        )
        equal(sorted(got), [False, True, True], did="y into x, z into y, x into z: done?")

    explore(scene, schedules=80)


@check("P11", kind="concurrency")
def test_decisions_do_not_mix(impl: Implementation) -> None:
    """A and B decide on two expenses at once; every handler of a chain in a chain lets others run."""

    def scene(sim: Sim) -> None:
        def limit(most: int) -> Callable[[Expense], Verdict | None]:
            return lambda expense: (sim.point(), YES if expense.amount <= most else None)[1]

        group = chain_of(impl, ("x", limit(10)), ("y", limit(100)))
        chain = chain_of(impl, ("a", limit(1)), ("g", group), ("ann", limit(1_000)))
        small, large = Expense("ann", 5), Expense("zoe", 500)
        got = sim.together(lambda: chain.decide(small), lambda: chain.decide(large))
        want = [
            Decision(small, YES, "g/x", ("a", "g/x")),
            Decision(large, YES, "ann", ("a", "g/x", "g/y", "ann")),
        ]
        equal(got, want, did="the decisions on 5 for ann and on 500 for zoe")

    explore(scene, schedules=60)


@check("P11", kind="concurrency")
def test_a_slow_handler_holds_up_nobody(impl: Implementation) -> None:
    """A handler in a group takes an hour; meanwhile another decides, and changes both chains and a third."""

    def scene(sim: Sim) -> None:
        def slow(expense: Expense) -> Verdict | None:
            time.sleep(3_600 if expense is LUNCH else 0)
            return None

        group = chain_of(impl, ("slow", slow))
        chain, other = chain_of(impl, ("g", group), ("end", silent)), impl.Chain()
        first = sim.spawn(lambda: asked(chain))
        sim.settle()
        equal(asked(chain, Expense("bob", 1)), ("g/slow", "end"), did="asked of another expense")
        chain.add("n", approves)
        chain.remove("end")
        group.replace("slow", silent)
        other.add("c", chain)
        equal(chain.names(), ("g", "n"), did="names() after the changes")
        equal(asked(other), ("c/g/slow", "c/n"), did="asked after the changes")
        equal(sim.now(), started, did="the time when all that was done, in seconds")
        equal(first.result(), ("g/slow", "end"), did="asked of the expense that took an hour")

    started = 0.0

    def begin(sim: Sim) -> None:
        nonlocal started
        started = sim.now()
        scene(sim)

    simulate(begin)


@check("P11", kind="concurrency")
def test_a_handler_waits_for_another_thread(impl: Implementation) -> None:
    """A handler waits until another thread has decided on the same chain, changed it, and put it into another."""

    def scene(sim: Sim) -> None:
        begun, done = threading.Event(), threading.Event()

        def waits(expense: Expense) -> Verdict | None:
            if expense is LUNCH:
                begun.set()
                done.wait()
            return None

        chain = chain_of(impl, ("waits", waits), ("end", approves))

        def other() -> tuple[str, ...]:
            begun.wait()
            got = asked(chain, Expense("bob", 1))
            chain.replace("end", silent)
            chain.add("new", silent, before="waits")
            impl.Chain().add("c", chain)
            done.set()
            return got

        got = sim.together(lambda: asked(chain), other)
        equal(got, [("waits", "end")] * 2, did="asked of both expenses")
        equal(asked(chain), ("new", "waits", "end"), did="asked afterwards")

    explore(scene, schedules=30)


@check("P11", kind="behaviour")
def test_a_handler_submits_another_expense(impl: Implementation) -> None:
    """The second handler has smaller parts decided by the same chain, in the middle of the decision."""
    chain, parts = impl.Chain(), []

    def splits(expense: Expense) -> Verdict | None:
        if expense.amount <= 10:
            return None
        parts.append(chain.decide(Expense("bob", expense.amount // 2)))
        return None

    group = chain_of(impl, ("splits", splits))
    for name, step in [("bob", silent), ("g", group), ("end", approves)]:
        chain.add(name, step)
    decision = chain.decide(Expense("zoe", 40))
    want = Decision(Expense("zoe", 40), YES, "end", ("bob", "g/splits", "end"))
    equal(decision, want, did="the decision on 40, 20 and 10 being decided inside")
    trail = ("g/splits", "end")
    want_parts = [Decision(Expense("bob", n), YES, "end", trail) for n in (10, 20)]
    equal(parts, want_parts, did="the decisions on the parts, the innermost first")
