"""Adding, removing, replacing; what is refused; chains that would lead back to themselves."""

import itertools
import random
from collections.abc import Callable
from functools import partial
from typing import Any

from contracts.patterns.chain_of_responsibility import (
    CycleError,
    DuplicateStep,
    Expense,
    Undecided,
    UnknownStep,
    Verdict,
)
from graders.kit import Implementation, check, ensure, equal, raises
from graders.patterns.chain_of_responsibility.given import silent

YES = Verdict.APPROVED
LUNCH = Expense("zoe", 1_250)


def asked(chain: Any) -> tuple[str, ...]:
    """Who is asked of a chain in which nobody decides."""
    try:
        chain.decide(LUNCH)
    except Undecided as error:
        return error.asked
    return ("decided",)


@check("P7", kind="behaviour")
def test_the_order_of_changes(impl: Implementation) -> None:
    """First a and b are added, c before a, d before b, e at the end; b is replaced, a removed and added again."""
    chain = impl.Chain()
    equal(chain.names(), (), did="names() of a new chain")
    chain.add("a", silent)
    chain.add("b", silent)
    chain.add("c", silent, "a")
    chain.add("d", silent, before="b")
    chain.add(name="e", step=silent, before=None)
    equal(chain.names(), ("c", "a", "d", "b", "e"), did="names() after five times add")
    before = chain.names()
    chain.replace("b", lambda expense: YES)
    equal(chain.names(), before, did="names() after replace('b', ...)")
    equal(chain.decide(LUNCH).asked, ("c", "a", "d", "b"), did="asked, the new b approves")
    chain.replace("b", silent)
    chain.remove("a")
    chain.add("a", silent)
    equal(asked(chain), ("c", "d", "b", "e", "a"), did="asked, when a was removed and added again")
    equal(before, ("c", "a", "d", "b", "e"), did="the names that were read before all this")


@check("P7", kind="behaviour")
def test_names_that_are_taken(impl: Implementation) -> None:
    """Call add with the name of the first, the last and the only step; the same name in another chain."""
    chain, other = impl.Chain(), impl.Chain()
    for name in ("a", "b", "c"):
        chain.add(name, silent)
    for name in ("a", "b", "c"):
        for before in (None, "a", "c"):
            error = raises(
                DuplicateStep,
                lambda n=name, b=before: chain.add(n, lambda expense: YES, b),
                did=f"add({name!r}, ..., before={before!r}) to a, b, c",
            )
            equal(error.name, name, did="name of the error")
    equal(asked(chain), ("a", "b", "c"), did="asked, when all that was refused")
    other.add("a", silent)
    chain.add("d", other)
    chain.add("A", silent)
    equal(
        asked(chain), ("a", "b", "c", "d/a", "A"), did="asked, with an 'a' in another chain and 'A'"
    )


@check("P7", kind="behaviour")
def test_names_that_are_missing(impl: Implementation) -> None:
    """remove, replace, and add before a step that is not there, or only in a group."""
    group, chain = impl.Chain(), impl.Chain()
    group.add("x", silent)
    chain.add("a", silent)
    chain.add("g", group)
    for name in ("b", "x", "g/x", "", "A", "new"):
        for what, job in [
            ("remove", lambda n=name: chain.remove(n)),
            ("replace", lambda n=name: chain.replace(n, silent)),
            ("add before", lambda n=name: chain.add("new", silent, before=n)),
        ]:
            error = raises(UnknownStep, job, did=f"{what} {name!r} in a chain of a and g")
            equal(error.name, name, did="name of the error")
            equal(error.known, ("a", "g"), did="known of the error")
    error = raises(
        UnknownStep, lambda: impl.Chain().remove("a"), did="remove('a') of an empty chain"
    )
    equal(error.known, (), did="known of the error")
    equal(asked(chain), ("a", "g/x"), did="asked, when all that was refused")


@check("P7", kind="behaviour")
def test_names_and_steps_that_cannot_be(impl: Implementation) -> None:
    """An empty name, names with a '/', no text; steps that are neither chain nor callable."""
    chain = impl.Chain()
    chain.add("a", silent)
    for name in ("", "/", "g/x", "a/", "/a"):
        raises(ValueError, lambda n=name: chain.add(n, silent), did=f"add({name!r}, ...)")
    for name in (None, 5, b"a", ("a",), silent, ["a"]):
        raises(TypeError, lambda n=name: chain.add(n, silent), did=f"add({name!r}, ...)")
    for step in (None, YES, 5, "silent", [silent], ("a", silent), object()):
        did = f"a step of type {type(step).__name__}"
        raises(TypeError, lambda s=step: chain.add("b", s), did=f"add, {did}")
        raises(TypeError, lambda s=step: chain.replace("a", s), did=f"replace, {did}")
    for name in ("b", " ", "a.b", "ä", "\\", "a b", "None"):
        chain.add(name, silent)
    want = ("a", "b", " ", "a.b", "ä", "\\", "a b", "None")
    equal(asked(chain), want, did="asked, when strange but possible names were added")


@check("P7", kind="behaviour")
def test_generated_changes(impl: Implementation) -> None:
    """80 generated programs of 15 changes (seed 2), right and wrong ones, compared with a list."""
    for number in range(80):
        chance = random.Random(2_000 + number)
        chain, model = impl.Chain(), list[str]()
        for _ in range(15):
            said, job, after = change(chance, chain, model)
            try:
                job()
                got = "done"
            except (DuplicateStep, UnknownStep) as error:
                got = type(error).__name__
            want = "done" if isinstance(after, list) else after
            model = after if isinstance(after, list) else model
            equal(got, want, did=f"program {number}: {said}")
            equal(chain.names(), tuple(model), did=f"program {number}: names() after {said}")
        equal(asked(chain), tuple(model), did=f"program {number}: asked at the end")


def change(
    chance: random.Random, chain: Any, model: list[str]
) -> tuple[str, Callable[[], None], Any]:
    """One change: its text, the call, and the list that comes of it or the name of the error."""
    name, before = chance.choice("abcdef"), chance.choice("abcdef")
    kind, has = chance.choice(["add", "before", "remove", "replace"]), name in model
    if kind == "remove":
        after = [each for each in model if each != name] if has else "UnknownStep"
        return f"remove({name!r})", lambda: chain.remove(name), after
    if kind == "replace":
        after = list(model) if has else "UnknownStep"
        return f"replace({name!r}, ...)", lambda: chain.replace(name, silent), after
    if kind == "add":
        after = "DuplicateStep" if has else [*model, name]
        return f"add({name!r}, ...)", lambda: chain.add(name, silent), after
    if before not in model and has:
        before = name  # two mistakes at once: which error comes is left open
    place = model.index(before) if before in model else 0
    after = [*model[:place], name, *model[place:]] if before in model else "UnknownStep"
    after = "DuplicateStep" if has else after
    said = f"add({name!r}, ..., before={before!r})"
    return said, lambda: chain.add(name, silent, before), after


def ring(impl: Implementation, size: int) -> list[Any]:
    """Chains of which each is the step 'down' of the one before, between two handlers."""
    chains = [impl.Chain() for _ in range(size)]
    for chain in chains:
        chain.add("x", silent)
    for upper, lower in itertools.pairwise(chains):
        upper.add("down", lower)
        upper.add("y", silent)
    return chains


@check("P8", kind="behaviour")
def test_cycles_are_refused(impl: Implementation) -> None:
    """A chain into itself, into the one below it, and around rings of 3, 4 and 6, by add and by replace."""
    for size in (1, 2, 3, 4, 6):
        chains = ring(impl, size)
        before = [chain.names() for chain in chains]
        for what, job, first in [
            ("add", lambda c=chains: c[-1].add("back", c[0]), "back"),
            ("add before", lambda c=chains: c[-1].add("back", c[0], before="x"), "back"),
            ("replace", lambda c=chains: c[-1].replace("x", c[0]), "x"),
        ]:
            did = f"{what}: the last of {size} chains in a row gets the first as a step"
            error = raises(CycleError, job, did=did)
            equal(error.path, (first, *["down"] * (size - 1)), did=f"{did}: path of the error")
            ensure(first in str(error), did="the text", want=f"it holds {first!r}", got=str(error))
        equal([chain.names() for chain in chains], before, did="names() of all after the refusals")
        equal(len(asked(chains[0])), size * 2 - 1, did="how many are asked in the row")


@check("P8", kind="behaviour")
def test_a_cycle_in_the_middle(impl: Implementation) -> None:
    """Four chains, top > a > b > c: a becomes a step of c. The cycle does not go through the top, nor does its path."""
    top, a, b, c = (impl.Chain() for _ in range(4))
    top.add("a", a)
    a.add("b", b)
    b.add("c", c)
    c.add("x", silent)
    error = raises(CycleError, lambda: c.add("a", a), did="c.add('a', a)")
    equal(error.path, ("a", "b", "c"), did="path of the error")
    error = raises(CycleError, lambda: c.replace("x", b), did="c.replace('x', b)")
    equal(error.path, ("x", "c"), did="path of the error")
    equal(asked(top), ("a/b/c/x",), did="asked, when both were refused")


@check("P8", kind="behaviour")
def test_what_is_no_cycle(impl: Implementation) -> None:
    """A chain twice in a chain; a diamond; an edge that was taken away; a shared one below its neighbour."""
    one, two, three, top = (impl.Chain() for _ in range(4))
    one.add("x", silent)
    two.add("one", one)
    three.add("one", one)
    for name, step in [("two", two), ("three", three), ("one", one), ("same", one)]:
        top.add(name, step)
    two.add("three", three)
    want = ("two/one/x", "two/three/one/x", "three/one/x", "one/x", "same/x")
    equal(asked(top), want, did="asked in a diamond")
    top.remove("two")
    two.remove("three")
    three.add("two", two)
    equal(
        asked(top), ("three/one/x", "three/two/one/x", "one/x", "same/x"), did="asked, turned round"
    )
    three.replace("two", silent)
    two.add("three", three)
    equal(asked(two), ("one/x", "three/one/x", "three/two"), did="asked, turned round once more")
    top.replace("three", top_of(impl, three))
    equal(asked(top)[:2], ("three/three/one/x", "three/three/two"), did="asked, wrapped in a chain")


def top_of(impl: Implementation, chain: Any) -> Any:
    """A chain whose only step is that chain."""
    top = impl.Chain()
    top.add("three", chain)
    return top


@check("P8", kind="behaviour")
def test_generated_cycles(impl: Implementation) -> None:
    """40 generated programs (seed 3): seven chains, 25 times one becomes a step of another, or is taken out."""
    for number in range(40):
        chance = random.Random(3_000 + number)
        chains = [impl.Chain() for _ in range(7)]
        below: list[dict[str, int]] = [{} for _ in chains]
        for _ in range(25):
            upper, lower = chance.randrange(7), chance.randrange(7)
            name = f"to{lower}"
            did = f"program {number}: chain {upper} gets chain {lower} as a step"
            if name in below[upper]:
                chains[upper].remove(name)
                del below[upper][name]
            elif upper == lower or leads(below, lower, upper):
                job = partial(chains[upper].add, name, chains[lower])
                error = raises(CycleError, job, did=did)
                ensure(
                    error.path[:1] == (name,) and walk(below, lower, error.path[1:]) == upper,
                    did=did,
                    want="a path of steps that leads back to the chain",
                    got=error.path,
                )
            else:
                chains[upper].add(name, chains[lower])
                below[upper][name] = lower
        got = [chain.names() for chain in chains]
        equal(
            got, [tuple(each) for each in below], did=f"program {number}: names() of all at the end"
        )


def leads(below: list[dict[str, int]], start: int, goal: int) -> bool:
    """Whether a chain leads to another."""
    return start == goal or any(leads(below, each, goal) for each in below[start].values())


def walk(below: list[dict[str, int]], start: int, path: tuple[str, ...]) -> int | None:
    """Where the steps of that name lead."""
    for name in path:
        if name not in below[start]:
            return None
        start = below[start][name]
    return start
