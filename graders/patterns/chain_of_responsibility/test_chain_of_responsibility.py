"""Who is asked, in which order, and what comes of it."""

import functools
import random
import threading
from collections.abc import Callable
from typing import Any

from contracts.patterns.chain_of_responsibility import Decision, Expense, Undecided, Verdict
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic
from graders.patterns.chain_of_responsibility.given import chain_of

YES, NO = Verdict.APPROVED, Verdict.REFUSED
LUNCH = Expense("zoe", 1_250)
Answer = Verdict | None


def says(answer: Any, log: list[Any] | None = None, name: str = "") -> Callable[[Expense], Any]:
    """A handler that notes its name and always gives this answer."""

    def handler(expense: Expense) -> Any:
        if log is not None:
            log.append(name)
        return answer

    return handler


@check("P1", "P13", kind="behaviour")
def test_the_first_that_can_decides(impl: Implementation) -> None:
    """Team lead up to 50.00, manager up to 500.00, board for all; expenses around the limits."""
    chain = chain_of(
        impl,
        ("lead", impl.up_to(5_000, "EUR")),
        ("manager", impl.up_to(50_000, "EUR")),
        ("board", says(NO)),
    )
    for amount, asked in [
        (0, ["lead"]),
        (5_000, ["lead"]),
        (5_001, ["lead", "manager"]),
        (50_000, ["lead", "manager"]),
        (50_001, ["lead", "manager", "board"]),
    ]:
        expense = Expense("zoe", amount)
        verdict = NO if len(asked) == 3 else YES
        equal(
            chain.decide(expense),
            Decision(expense, verdict, asked[-1], tuple(asked)),
            did=f"decide on an expense of {amount} cents",
        )


@check("P1", kind="behaviour")
def test_nobody_behind_is_called(impl: Implementation) -> None:
    """Five handlers; the third approves, and in another chain refuses."""
    for answer in (YES, NO):
        log: list[str] = []
        names = ("a", "b", "c", "d", "e")
        steps = [(name, says(answer if name == "c" else None, log, name)) for name in names]
        decision = chain_of(impl, *steps).decide(LUNCH)
        equal(log, ["a", "b", "c"], did=f"who was called when the third of five said {answer}")
        equal(decision, Decision(LUNCH, answer, "c", ("a", "b", "c")), did="the decision")


@check("P1", kind="behaviour")
def test_that_very_expense_in_the_calling_thread(impl: Implementation) -> None:
    """Handlers note what they get and where they run; the expense is of a subclass."""

    class Travel(Expense):
        pass

    expense, seen = Travel("zoe", 7), []

    def handler(*args: Any, **options: Any) -> None:
        seen.append((args[0] is expense, len(args), options, threading.get_ident()))

    chain = chain_of(impl, ("a", handler), ("b", handler), ("c", says(YES)))
    decision = chain.decide(expense)
    want = (True, 1, {}, threading.get_ident())
    equal(seen, [want, want], did="that very expense? arguments, keywords, thread, for two places")
    ensure(decision.expense is expense, did="the expense of the decision", want="that very one")
    equal(decision.asked, ("a", "b", "c"), did="asked, when the same handler has two places")


@check("P1", kind="behaviour")
def test_everything_that_can_be_called_is_a_handler(impl: Implementation) -> None:
    """A method, a partial, a builtin, objects that are false, equal to all, or cannot be hashed."""
    log: list[str] = []

    class Desk:
        def __init__(self, name: str) -> None:
            self.name = name

        def __call__(self, expense: Expense) -> Answer:
            log.append(self.name)
            return None

        def handle(self, expense: Expense) -> Answer:
            return self(expense)

        def __bool__(self) -> bool:
            return False

        def __len__(self) -> int:
            return 0

        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    def two(name: str, expense: Expense) -> Answer:
        log.append(name)

    steps = [
        ("object", Desk("object")),
        ("twin", Desk("twin")),
        ("method", Desk("method").handle),
        ("partial", functools.partial(two, "partial")),
        ("builtin", {}.get),
        ("last", lambda expense: YES),
    ]
    decision = chain_of(impl, *steps).decide(LUNCH)
    equal(log, ["object", "twin", "method", "partial"], did="who was called")
    equal(decision.asked, tuple(name for name, _ in steps), did="asked")
    equal(decision.by, "last", did="by")


@check("P1", "P3", kind="behaviour")
def test_every_decision_begins_at_the_front(impl: Implementation) -> None:
    """The same chain decides on four expenses, one of which nobody wants; then the first again."""
    chain = chain_of(
        impl,
        ("small", impl.up_to(10, "EUR")),
        ("pounds", impl.up_to(99, "GBP")),
        ("none", says(None)),
    )
    for expense, by in [
        (Expense("zoe", 10), "small"),
        (Expense("zoe", 11), None),
        (Expense("zoe", 99, "GBP"), "pounds"),
        (Expense("zoe", 10), "small"),
    ]:
        asked = {"small": ("small",), "pounds": ("small", "pounds")}
        if by is None:
            error = raises(Undecided, lambda e=expense: chain.decide(e), did=f"decide({expense})")
            equal(error.asked, ("small", "pounds", "none"), did="asked of the error")
        else:
            equal(chain.decide(expense), Decision(expense, YES, by, asked[by]), did="the decision")


@check("P3", kind="behaviour")
def test_nobody_decides(impl: Implementation) -> None:
    """An empty chain, a chain of nothing but empty chains, two handlers that say None."""
    empty = impl.Chain()
    hollow = chain_of(impl, ("a", impl.Chain()), ("b", chain_of(impl, ("c", impl.Chain()))))
    silent = chain_of(impl, ("a", says(None)), ("b", chain_of(impl, ("c", says(None)))))
    for chain, asked in [(empty, ()), (hollow, ()), (silent, ("a", "b/c"))]:
        error = raises(Undecided, lambda c=chain: c.decide(LUNCH), did="decide, nobody is able")
        equal(error.asked, asked, did="asked of the error")
        ensure(error.expense is LUNCH, did="the expense of the error", want="that very one")


@check("P2", kind="behaviour")
def test_a_chain_in_a_chain(impl: Implementation) -> None:
    """a, then the chain g of x, the chain h of y, and z; then b; each of them decides once."""
    order = ["a", "g/x", "g/h/y", "g/z", "b"]
    for index, decider in enumerate(order):
        log: list[str] = []
        step = {name: says(NO if name == decider else None, log, name) for name in order}
        inner = chain_of(impl, ("y", step["g/h/y"]))
        group = chain_of(impl, ("x", step["g/x"]), ("h", inner), ("z", step["g/z"]))
        chain = chain_of(impl, ("a", step["a"]), ("g", group), ("b", step["b"]))
        want = Decision(LUNCH, NO, decider, tuple(order[: index + 1]))
        equal(chain.decide(LUNCH), want, did=f"decide, {decider} refuses")
        equal(log, order[: index + 1], did="who was called")


@check("P2", "P8", kind="behaviour")
def test_a_chain_in_several_places(impl: Implementation) -> None:
    """The chain of 'clerk' is the first and the third step, and a step of the second."""
    log: list[str] = []
    shared = chain_of(impl, ("clerk", says(None, log, "clerk")))
    group = chain_of(impl, ("again", shared), ("own", says(None, log, "own")))
    chain = chain_of(impl, ("first", shared), ("group", group), ("third", shared))
    error = raises(Undecided, lambda: chain.decide(LUNCH), did="decide, nobody is able")
    want = ("first/clerk", "group/again/clerk", "group/own", "third/clerk")
    equal(error.asked, want, did="asked")
    equal(log, ["clerk", "clerk", "own", "clerk"], did="who was called")
    equal(shared.names(), ("clerk",), did="names() of the shared chain")


@check("P2", kind="behaviour")
def test_a_chain_can_be_a_subclass(impl: Implementation) -> None:
    """A subclass of Chain that can also be called is a step, and has a plain chain as a step."""
    log: list[str] = []

    class Board(impl.Chain):  # type: ignore[misc]
        def __call__(self, expense: Expense) -> Answer:
            log.append("called")
            return YES

    board = Board()
    board.add("chair", says(NO))
    decision = chain_of(impl, ("board", board)).decide(LUNCH)
    equal(decision, Decision(LUNCH, NO, "board/chair", ("board/chair",)), did="the decision")
    equal(log, [], did="calls of the chain itself")
    board.replace("chair", chain_of(impl, ("deputy", says(YES))))
    equal(board.decide(LUNCH).asked, ("chair/deputy",), did="asked, a plain chain in the subclass")


@check("P6", kind="behaviour")
def test_nobody_decides_on_their_own(impl: Implementation) -> None:
    """Two handlers are named zoe and one ann; a group is named zoe, too."""
    log: list[str] = []
    group = chain_of(impl, ("zoe", says(YES, log, "in")), ("Zoe", says(None, log, "Zoe")))
    named = chain_of(impl, ("ann", says(None, log, "ann")), ("bob", says(YES, log, "bob")))
    first = says(YES, log, "zoe")
    alike = [(name, says(None)) for name in ("zoë", "azoe", "zoe2", "zo", "z")]
    chain = chain_of(impl, *alike, ("g", group), ("zoe", named), ("end", first))
    others = ("zoë", "azoe", "zoe2", "zo", "z", "g/Zoe", "zoe/ann", "zoe/bob")
    equal(
        chain.decide(LUNCH), Decision(LUNCH, YES, "zoe/bob", others), did="decide on one of zoe's"
    )
    equal(log, ["Zoe", "ann", "bob"], did="who was called")
    by_path = Expense("g/zoe", 1)
    equal(chain.decide(by_path).by, "g/zoe", did="by, the claimant is named 'g/zoe'")
    alone = chain_of(impl, ("zoe", first), ("g", chain_of(impl, ("zoe", first))))
    error = raises(Undecided, lambda: alone.decide(LUNCH), did="decide, only zoe herself could")
    equal(error.asked, (), did="asked of the error")


@check("P1", "P2", "P3", "P6", kind="behaviour")
def test_generated_chains(impl: Implementation) -> None:
    """150 generated chains of chains (seed 1), each with three expenses, compared with a plain model."""
    for number in range(150):
        chance = random.Random(1_000 + number)
        tree = plan(chance, 3)
        chain = grow(impl, tree)
        for claimant in ("zoe", "ann", "bob"):
            expense = Expense(claimant, chance.randrange(100))
            equal(
                outcome(chain, expense),
                model(tree, expense),
                did=f"chain number {number}, decide on an expense of {claimant}",
            )


def plan(chance: random.Random, depth: int) -> dict[str, Any]:
    """A tree of limits; a leaf is (limit, verdict), approvers of little being frequent."""
    names = ["ann", "bob", "zoe", "cfo", "audit", "board"]
    steps = chance.sample(names, chance.randrange(len(names)))
    return {
        name: plan(chance, depth - 1)
        if depth and chance.random() < 0.4
        else (chance.randrange(-80, 60), chance.choice([YES, NO]))
        for name in steps
    }


def grow(impl: Implementation, tree: dict[str, Any]) -> Any:
    """The chain of a tree."""
    chain = impl.Chain()
    for name, below in tree.items():
        chain.add(name, grow(impl, below) if isinstance(below, dict) else limited(*below))
    return chain


def limited(limit: int, verdict: Verdict) -> Callable[[Expense], Answer]:
    """A handler with a limit."""
    return lambda expense: verdict if expense.amount <= limit else None


def outcome(chain: Any, expense: Expense) -> Any:
    """Verdict, by and asked; None, None and asked."""
    try:
        decision = chain.decide(expense)
    except Undecided as error:
        return None, None, error.asked
    return decision.verdict, decision.by, decision.asked


def model(tree: dict[str, Any], expense: Expense) -> Any:
    """The same by recursion."""
    asked: list[str] = []

    def walk(steps: dict[str, Any], prefix: str) -> Any:
        for name, below in steps.items():
            if isinstance(below, dict):
                found = walk(below, f"{prefix}{name}/")
                if found:
                    return found
            elif name != expense.claimant:
                asked.append(prefix + name)
                if expense.amount <= below[0]:
                    return below[1], prefix + name
        return None

    return (*(walk(tree, "") or (None, None)), tuple(asked))
