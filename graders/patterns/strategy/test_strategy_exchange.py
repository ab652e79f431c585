"""Strategies of all kinds: chosen, exchanged, failing, answering nonsense, curious."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from contracts.patterns.strategy import NoRoute, Road, StrategyFailed, UnknownPlace, WrongRoute
from graders.kit import Implementation, check, ensure, equal, raises
from graders.patterns.strategy.given import way

FAST, SHORT, CHEAP, SCENIC = (
    way("ab1", 9, 1, 9),
    way("ab2", 1, 9, 5),
    way("ab3", 5, 5, 0),
    way("ab4", 99, 99, 99),
)
ROADS = [FAST, SHORT, CHEAP, SCENIC]


def scenic(network: Any, start: Any, goal: Any) -> list[Road]:
    """The last road there is."""
    return [max(network[start], key=lambda road: road.name)]


def lazily(network: Any, start: Any, goal: Any) -> Iterator[Road]:
    """The same as a generator."""
    yield from scenic(network, start, goal)


class Picks:
    """An object that is called, has no name, is false, equals everything and cannot be hashed."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, network: Any, start: Any, goal: Any) -> Iterable[Road]:
        return {road.name: road for road in network[start] if road.name == self.name}.values()

    def __len__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return True

    def pick(self, network: Any, start: Any, goal: Any) -> Iterable[Road]:
        """As a method."""
        return (road for road in network[start] if road.name == self.name)


def pick(name: str, network: Any, start: Any, goal: Any) -> list[Road]:
    """For functools.partial."""
    return list(Picks(name)(network, start, goal))


def taken(navigator: Any, strategy: Any = None) -> list[str]:
    """Names of the roads from a to b."""
    return [road.name for road in navigator.route("a", "b", strategy).roads]


@check("P6", kind="behaviour")
def test_strategies_of_all_kinds(impl: Implementation) -> None:
    """A function, a generator function, an object that is false, a method, a partial, a lambda."""
    kinds: dict[str, Any] = {
        "a function": (scenic, "ab4"),
        "a generator function": (lazily, "ab4"),
        "an object that is false": (Picks("ab2"), "ab2"),
        "a method": (Picks("ab3").pick, "ab3"),
        "a partial": (partial(pick, "ab2"), "ab2"),
        "a lambda": (lambda network, start, goal: iter([CHEAP]), "ab3"),
    }
    navigator = impl.Navigator(ROADS)
    for kind, (strategy, name) in kinds.items():
        equal(taken(navigator, strategy), [name], did=f"the road by {kind}, for one route")
        navigator.use(strategy)
        equal(taken(navigator), [name], did=f"the road by {kind}, from use() on")
        ensure(navigator.strategy is strategy, did=f"`strategy` after use() of {kind}",
               want="the object that was given", got=navigator.strategy)  # fmt: skip
        made = impl.Navigator(ROADS, strategy)
        equal(taken(made), [name], did=f"the road by {kind}, given to the constructor")
        ensure(made.strategy is strategy, did=f"`strategy` of a navigator made with {kind}",
               want="the object that was given", got=made.strategy)  # fmt: skip


@check("P6", kind="behaviour")
def test_one_route_by_another_strategy(impl: Implementation) -> None:
    """Without a strategy, then one route by another, then use(), then one route by yet another."""
    navigator = impl.Navigator(ROADS)
    equal(taken(navigator), ["ab1"], did="the road without any strategy")
    equal(taken(navigator, impl.shortest), ["ab2"], did="the road by shortest, for one route")
    equal(taken(navigator), ["ab1"], did="the road of the next route")
    navigator.use(impl.fewest_tolls)
    equal(taken(navigator), ["ab3"], did="the road after use(fewest_tolls)")
    raises(
        StrategyFailed, lambda: taken(navigator, lambda *_: 1 // 0), did="a route by one that fails"
    )
    equal(taken(navigator), ["ab3"], did="the road of the next route")
    equal(taken(impl.Navigator(ROADS, impl.shortest)), ["ab2"], did="the road by another navigator")
    equal(
        taken(navigator, strategy=impl.fastest), ["ab1"], did="the road by fastest, for one route"
    )


@check("P6", kind="behaviour")
def test_a_strategy_is_asked_once_for_each_route(impl: Implementation) -> None:
    """A strategy notes its calls and their thread, and takes the roads in turn; three routes from a to b."""
    asked: list[Any] = []

    def turns(*given: Any) -> list[Road]:
        asked.append((*given[1:], threading.get_ident()))
        return [ROADS[len(asked) - 1]]

    navigator = impl.Navigator(ROADS, turns)
    got = [taken(navigator) for _ in range(3)]
    equal(got, [["ab1"], ["ab2"], ["ab3"]], did="the roads of three routes, each asked anew")
    want = ("a", "b", threading.get_ident())
    equal(asked, [want] * 3, did="start, goal and thread of the calls")


@check("P6", kind="contract")
def test_what_cannot_be_called(impl: Implementation) -> None:
    """A name, a number, a list as strategy: in the constructor, in use and in route."""
    navigator = impl.Navigator(ROADS, scenic)
    for bad in ("fastest", 3, 0, "", [scenic], ROADS[0]):
        raises(TypeError, lambda b=bad: impl.Navigator(ROADS, b), did=f"Navigator(roads, {bad!r})")
        raises(TypeError, lambda b=bad: navigator.use(b), did=f"use({bad!r})")
        for goal in "ba":
            raises(TypeError, lambda b=bad, g=goal: navigator.route("a", g, b),
                   did=f"route('a', {goal!r}, {bad!r})")  # fmt: skip
    raises(TypeError, lambda: navigator.use(None), did="use(None)")
    equal(taken(navigator), ["ab4"], did="the road after all these mistakes")


class Raises:
    """A strategy that raises what it was given, at once or while its answer is read."""

    def __init__(self, error: BaseException, late: bool) -> None:
        self.error, self.late = error, late

    def __call__(self, network: Any, start: Any, goal: Any) -> Any:
        if not self.late:
            raise self.error
        return self.answer()

    def answer(self) -> Iterator[Road]:
        """A road, then the exception."""
        yield FAST
        raise self.error


@check("P7", kind="behaviour")
def test_a_strategy_that_raises(impl: Implementation) -> None:
    """Strategies raise various exceptions, at once or while their answer is read."""
    errors = [
        ValueError("x"),
        KeyError("b"),
        ZeroDivisionError(),
        RecursionError(),
        TypeError("odd"),
    ]
    errors += [
        StrategyFailed(scenic, "x", "y"),
        WrongRoute(scenic, "a", "b"),
        AttributeError("roads"),
        OSError(5, "maps"),
        UnknownPlace("b"),
        ExceptionGroup("g", [OSError()]),
    ]
    navigator = impl.Navigator(ROADS)
    for late in (False, True):
        for error in [*errors] + ([] if late else [StopIteration()]):
            strategy, did = Raises(error, late), f"a route by a strategy that raises {error!r}"
            failed = raises(
                StrategyFailed, lambda s=strategy: navigator.route("a", "b", s), did=did
            )
            equal(type(failed), StrategyFailed, did=f"the exception of {did}")
            ensure(failed.__cause__ is error, did=f"its __cause__, {did}", want="the very exception",
                   got=failed.__cause__)  # fmt: skip
            ensure(failed.strategy is strategy, did=f"its strategy, {did}", want="the object that was given",
                   got=failed.strategy)  # fmt: skip
            equal((failed.start, failed.goal), ("a", "b"), did=f"its start and goal, {did}")
    equal(taken(navigator), ["ab1"], did="the road after all these failures")


@check("P7", kind="behaviour")
def test_an_answer_that_cannot_be_begun(impl: Implementation) -> None:
    """A strategy answers with an object that raises ValueError, then NoRoute, as soon as it is iterated."""

    class Answer:
        def __init__(self, error: Exception) -> None:
            self.error = error

        def __iter__(self) -> Iterator[Road]:
            raise self.error

    navigator, did = impl.Navigator(ROADS), "a route whose answer raises as it is begun"
    bad, none = ValueError("x"), NoRoute("a", "b")
    failed = raises(StrategyFailed, lambda: taken(navigator, lambda *_: Answer(bad)), did=did)
    ensure(failed.__cause__ is bad, did=f"the __cause__ of {did}", want="the very exception",
           got=failed.__cause__)  # fmt: skip
    got = raises(NoRoute, lambda: taken(navigator, lambda *_: Answer(none)), did=did)
    ensure(got is none, did=did, want="the very NoRoute", got=got)


@check("P7", kind="behaviour")
def test_the_strategy_in_force_is_named(impl: Implementation) -> None:
    """The strategy in force raises; then it answers nonsense; then another one does for one route."""
    bad = Raises(ValueError("x"), late=False)
    navigator = impl.Navigator(ROADS, bad)
    failed = raises(StrategyFailed, lambda: navigator.route("a", "b"), did="a route, it raises")
    ensure(failed.strategy is bad, did="the strategy of StrategyFailed", want="the one in force")
    other = Raises(ValueError("y"), late=True)
    failed = raises(
        StrategyFailed, lambda: navigator.route("a", "b", other), did="one route by another"
    )
    ensure(failed.strategy is other, did="the strategy of StrategyFailed", want="that of the route")


@check("P7", kind="behaviour")
def test_what_passes_as_it_is(impl: Implementation) -> None:
    """Strategies raise NoRoute, a kind of NoRoute, KeyboardInterrupt, SystemExit, GeneratorExit."""

    class Forbidden(NoRoute):
        pass

    navigator = impl.Navigator(ROADS)
    errors = [
        NoRoute("x", "y"),
        Forbidden("a", "b"),
        KeyboardInterrupt(),
        SystemExit(3),
        GeneratorExit(),
    ]
    for late in (False, True):
        for error in errors:
            did = f"a route by a strategy that raises {error!r}"
            strategy = Raises(error, late)
            got = raises(type(error), lambda s=strategy: navigator.route("a", "b", s), did=did)
            ensure(got is error, did=did, want="the very exception", got=got)
            navigator.change(close=["ab4"])
            navigator.change(add=[SCENIC])
            navigator.use(impl.fastest)
            equal(taken(navigator), ["ab1"], did=f"the road after {did}")


def answers(roads: dict[str, Road]) -> dict[str, Callable[..., Any]]:
    """Nonsense, by name: strategies for the way from a to d on a map of ab, bc, cd, xd, ad, da, dd."""
    ab, bc, cd = roads["ab"], roads["bc"], roads["cd"]
    dear = Road("cd", "c", "d", 1, 1, 99)
    made: dict[str, Any] = {
        "None": None,
        "a number": 7,
        "a text": "ad",
        "names of roads": ["ab", "bc", "cd"],
        "places": ["a", "b", "c", "d"],
        "the mapping of names": {"ab": ab},
        "no roads": [],
        "a road and None": [ab, None],
        "a way that ends too early": [ab, bc],
        "a way that goes on too far": [ab, bc, cd, roads["da"]],
        "a way that begins elsewhere": [bc, cd],
        "a way with a gap": [ab, cd],
        "a way with a jump to the goal": [ab, roads["xd"]],
        "a way backwards": [cd, bc, ab],
        "a road driven the wrong way": [roads["da"]],
        "a closed road": [roads["closed"]],
        "a road that is on no map": [Road("new", "a", "d", 1, 1, 1)],
        "a road that was made cheaper": [ab, bc, dear],
        "a road whose ends were changed": [Road("ab", "a", "d", 1, 1, 1)],
        "a road twice": [ab, ab, bc, cd],
    }
    return {name: (lambda *_, a=answer: a) for name, answer in made.items()}


@check("P8", kind="behaviour")
def test_answers_that_are_no_route(impl: Implementation) -> None:
    """Twenty strategies answer with nonsense, from None to a road that was closed."""
    roads = {name: way(name) for name in ("ab", "bc", "cd", "xd", "da", "dd")}
    roads["closed"] = Road("closed", "a", "d", 1, 1, 1)
    navigator = impl.Navigator(roads.values())
    navigator.change(close=["closed"])
    for name, strategy in answers(roads).items():
        did = f"the route from a to d by a strategy that answers with {name}"
        wrong = raises(WrongRoute, lambda s=strategy: navigator.route("a", "d", s), did=did)
        ensure(
            wrong.strategy is strategy,
            did=f"the strategy of WrongRoute, {did}",
            want="the object given",
        )
        equal((wrong.start, wrong.goal), ("a", "d"), did=f"its start and goal, {did}")
    equal(navigator.route("a", "d").metres, 3, did="metres from a to d after all that")


@check("P8", kind="behaviour")
def test_answers_that_look_odd_and_are_right(impl: Implementation) -> None:
    """A route in a circle, over a loop, through the goal, and of roads that are equal to the map's."""
    roads = {name: way(name, 2, 3, 4) for name in ("ab", "ba", "bb", "bd", "db")}
    navigator = impl.Navigator(roads.values())
    for names in (
        ["ab", "bd"],
        ["ab", "ba", "ab", "bd"],
        ["ab", "bb", "bb", "bd"],
        ["ab", "bd", "db", "bd"],
    ):
        got = navigator.route("a", "d", lambda *_, n=names: [way(name, 2, 3, 4) for name in n])
        equal(
            [road.name for road in got.roads],
            names,
            did=f"the route by a strategy that answers {names}",
        )
        sums = (got.metres, got.seconds, got.cents)
        equal(sums, (2 * len(names), 3 * len(names), 4 * len(names)), did=f"the sums over {names}")


@check("P9", kind="behaviour")
def test_what_a_strategy_is_handed(impl: Implementation) -> None:
    """A strategy keeps the network; then the map changes three times."""
    kept: list[Any] = []

    def keeps(network: Any, start: Any, goal: Any) -> Any:
        kept.append(network)
        return impl.fastest(network, start, goal)

    def names(network: Any) -> dict[Any, list[str]]:
        return {place: sorted(road.name for road in network[place]) for place in network}

    navigator = impl.Navigator([way("ab1"), way("ab2"), way("bb"), way("bc")], keeps)
    maps = [{"a": ["ab1", "ab2"], "b": ["bb", "bc"], "c": []}]
    changes = [({}, [way("cd"), way("ab3")]), (["ab1", "bc"], [way("ac")]), (["ab2", "ac"], [])]
    maps += [
        {"a": ["ab1", "ab2", "ab3"], "b": ["bb", "bc"], "c": ["cd"], "d": []},
        {"a": ["ab2", "ab3", "ac"], "b": ["bb"], "c": ["cd"], "d": []},
        {"a": ["ab3"], "b": ["bb"], "c": ["cd"], "d": []},
    ]
    navigator.route("a", "b")
    for close, add in changes:
        navigator.change(close=close, add=add)
        navigator.route("a", "b")
    for number, want in enumerate(maps):
        equal(
            names(kept[number]),
            want,
            did=f"the network handed out after {number} changes, seen at the end",
        )
        equal(len(kept[number]), len(want), did="its length")
        equal({place: [r.name for r in roads] for place, roads in kept[number].items() if place == "c"},
              {"c": want["c"]}, did="what its items() say of c")  # fmt: skip


@check("P9", kind="behaviour")
def test_a_strategy_that_draws_on_the_map(impl: Implementation) -> None:
    """A strategy tries to delete places, to add roads to them, and to empty the network."""
    extra = way("ab", 0, 0, 0)

    def attempts(network: Any, start: Any) -> Iterator[Callable[[], object]]:
        yield lambda: network[start].append(extra)
        yield lambda: network[start].remove(next(iter(network[start])))
        yield lambda: network[start].add(extra)
        yield lambda: network[start].update({"ab": extra})
        yield lambda: network.__setitem__(start, [extra])
        yield lambda: network.__delitem__(start)
        yield lambda: network.__ior__({start: [extra]})
        yield lambda: [network.popitem() for _ in range(9)]

    def draws(network: Any, start: Any, goal: Any) -> Any:
        answer = list(impl.fastest(network, start, goal))
        for attempt in attempts(network, start):
            with suppress(Exception):
                attempt()
        return answer

    navigator = impl.Navigator(ROADS)
    before = taken(navigator)
    for by in (None, draws):
        taken(navigator, draws)
        equal(
            taken(navigator, by), before, did="the road after a strategy has drawn on its network"
        )
    equal(taken(navigator, impl.fewest_tolls), ["ab3"], did="the road of fewest tolls after that")
    navigator.change(close=["ab1"])
    equal(taken(navigator), ["ab3"], did="the fastest road when 'ab1' is closed")
