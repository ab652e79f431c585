"""The built-in strategies by themselves: on anybody's networks, and what they cost."""

import gc
import random
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, ClassVar

from contracts.patterns.strategy import NoRoute, Road
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.growth import CountedKey, costs_at_most
from graders.patterns.strategy.given import way

BUILT_IN = ("fastest", "shortest", "fewest_tolls")
Net = dict[Any, Any]


def link(start: Any, end: Any, number: int) -> Road:
    """A road whose three numbers are the same."""
    return Road(f"{start} to {end}", start, end, number, number, number)


def network(roads: list[Road]) -> Net:
    """The roads by their start; every place is a key."""
    net: Net = {place: [] for road in roads for place in (road.start, road.end)}
    for road in roads:
        net[road.start].append(road)
    return net


def line(places: int) -> Net:
    """One road after the other, from the last place to place 0."""
    return network([link(n + 1, n, 1) for n in range(places)])


def fan(leaves: int, number: Callable[[int], int] = int) -> Net:
    """A place that reaches all others at once, in no order, and all of them a last one."""
    far = list(range(1, leaves + 1))
    random.Random(7).shuffle(far)
    roads = [link("start", n, number(far[n])) for n in range(leaves)]
    return network(roads + [link(n, "goal", number(3 * leaves)) for n in range(leaves)])


def ladder(places: int, *, nearest_first: bool) -> Net:
    """A dear road to every place, and a cheap one from each to the next: what is found first is never right."""
    direct = [link("start", n, 2 * places + 3 * n) for n in range(1, places)]
    rungs = [link("start", 0, 1)] + [link(n, n + 1, 1) for n in range(places)]
    return network([*rungs, *(direct if nearest_first else direct[::-1])])


def hub(ways: int) -> Net:
    """Many ways to one place, each found later and better than the one before; it has many ways out."""
    roads = [link("start", n, n) for n in range(ways)]
    roads += [link(n, "hub", 3 * (ways - n)) for n in range(ways)]
    roads += [link("hub", f"out {n}", 5 * ways) for n in range(ways)]
    return network([*roads, link("out 0", "goal", 1)])


class Only(dict[Any, Any]):
    """A mapping whose values are views of dicts."""

    def __getitem__(self, place: Any) -> Any:
        return super().__getitem__(place).values()

    def items(self) -> Any:
        """As a mapping of this kind has them."""
        return [(place, self[place]) for place in self]

    def values(self) -> Any:
        """The same."""
        return [self[place] for place in self]

    def get(self, place: Any, default: Any = None) -> Any:
        """The same."""
        return super().get(place, {}).values() if place in self else default


@check("P12", kind="behaviour")
def test_networks_of_all_kinds(impl: Implementation) -> None:
    """Lists, tuples, sets and dict views of roads; none of them may change."""
    roads = [way("ab", 1, 9, 5), way("ab1", 9, 1, 5), way("ab2", 5, 5, 1), way("bc"), way("ca")]
    lists = network(roads)
    kinds: dict[str, Any] = {
        "lists": lists,
        "tuples": {place: tuple(some) for place, some in lists.items()},
        "frozen sets": {place: frozenset(some) for place, some in lists.items()},
        "views": Only({place: dict(enumerate(some)) for place, some in lists.items()}),
    }
    for kind, net in kinds.items():
        before = {place: list(net[place]) for place in net}
        for by, first in zip(BUILT_IN, ("ab1", "ab", "ab2"), strict=True):
            got = [road.name for road in getattr(impl, by)(net, "a", "c")]
            equal(got, [first, "bc"], did=f"roads from a to c, {by}, of a network of {kind}")
            equal(list(getattr(impl, by)(net, "b", "b")), [], did=f"roads from b to b, {by}")
        equal(
            {place: list(net[place]) for place in net},
            before,
            did=f"the network of {kind} afterwards",
        )


@check("P12", kind="behaviour")
def test_a_strategy_inside_another(impl: Implementation) -> None:
    """A strategy without tolls hands a built-in one what is left of the network; there may be no way left."""

    def free_of_charge(inner: Callable[..., Any]) -> Callable[..., Any]:
        def strategy(net: Any, start: Any, goal: Any) -> Any:
            return inner({p: [r for r in net[p] if not r.cents] for p in net}, start, goal)

        return strategy

    navigator = impl.Navigator(
        [way("ab", 9, 1, 100), way("ab1", 1, 9), way("ab2", 8, 2), way("bc", 1, 1, 1)]
    )
    for by, name in (("fastest", "ab2"), ("shortest", "ab1")):
        route = navigator.route("a", "b", free_of_charge(getattr(impl, by)))
        equal([r.name for r in route.roads], [name], did=f"roads from a to b, {by} without tolls")
    error = raises(NoRoute, lambda: list(free_of_charge(impl.fastest)(network([way("ab", 1, 1, 1)]), "a", "b")),
                   did="fastest without tolls where all roads have one")  # fmt: skip
    equal((error.start, error.goal), ("a", "b"), did="start and goal of NoRoute")


@check("P12", kind="behaviour")
def test_nothing_is_remembered(impl: Implementation) -> None:
    """A network that the caller changes between two calls; then 50 networks, one after the other."""
    net = network([way("ab", 1, 1, 1), way("ab1", 2, 2, 2), way("bc")])
    for by in BUILT_IN:
        strategy = getattr(impl, by)
        equal(
            [r.name for r in strategy(net, "a", "c")], ["ab", "bc"], did=f"roads from a to c, {by}"
        )
        first = net["a"].pop(0)
        equal([r.name for r in strategy(net, "a", "c")], ["ab1", "bc"], did="when 'ab' has gone")
        net["a"].insert(0, first)
        net["a"].append(way("ac", 0, 0, 0))
        equal([r.name for r in strategy(net, "a", "c")], ["ac"], did="when 'ac' has come")
        net["a"].pop()
    for number in range(50):
        net = network([link("a", "b", 1), link("b", number, 1)])
        got = [road.end for road in impl.fastest(net, "a", number)]
        equal(got, ["b", number], did=f"places on the way to {number}")


@check("P12", kind="behaviour")
def test_a_network_is_let_go(impl: Implementation) -> None:
    """Each built-in strategy is called with a network and places that nobody else keeps."""

    class Somewhere:
        pass

    class Lent(dict[Any, Any]):
        pass

    def lend(by: str) -> list[weakref.ref[Any]]:
        start, goal = Somewhere(), Somewhere()
        net = Lent(network([Road("way", start, goal, 1, 1, 1)]))
        equal(len(list(getattr(impl, by)(net, start, goal))), 1, did=f"how many roads {by} takes")
        return [weakref.ref(each) for each in (net, start, goal)]

    lent = {by: lend(by) for by in BUILT_IN}
    gc.collect()
    for by, refs in lent.items():
        left = [type(ref()).__name__ for ref in refs if ref() is not None]
        equal(left, [], did=f"what is still in memory of what {by} was called with")


@check("P13", kind="throughput")
def test_a_line_of_20_000_places(plain: Implementation) -> None:
    """20,000 roads, one behind the other: fastest by itself, then a route of 5,000 by each."""
    net = network([link(n, n + 1, 1) for n in range(20_000)])
    roads = list(plain.fastest(net, 0, 20_000))
    equal(len(roads), 20_000, did="how many roads lead along a line of 20,000")
    navigator = plain.Navigator([link(n, n + 1, 1) for n in range(2_500)])
    for by in BUILT_IN:
        route = navigator.route(0, 2_500, getattr(plain, by))
        equal(
            (len(route.roads), route.metres),
            (2_500, 2_500),
            did=f"roads and metres of a line, {by}",
        )


def cheap_enough(
    impl: Implementation, reference: Implementation, net: Net, *ends: Any, did: str
) -> None:
    """One search; a heap written in Python takes up to 10 times the steps of one that is written in C."""
    costs_at_most(
        lambda: list(impl.fastest(net, *ends)),
        lambda: list(reference.fastest(net, *ends)),
        times=20,
        did=f"fastest on {did}",
    )


@check("P13", kind="throughput")
def test_steps_on_long_and_wide_maps(impl: Implementation, reference: Implementation) -> None:
    """A line of 300 places, whose numbers go down, and a fan of 600."""
    cheap_enough(impl, reference, line(300), 300, 0, did="a line of 300 places")
    cheap_enough(impl, reference, fan(600), "start", "goal", did="a fan of 600 places")


@check("P13", kind="throughput")
def test_steps_where_better_ways_are_found_later(
    impl: Implementation, reference: Implementation
) -> None:
    """Places are found by dear roads first, in both orders, and by cheap ones later."""
    for nearest_first in (True, False):
        net = ladder(250, nearest_first=nearest_first)
        cheap_enough(impl, reference, net, "start", 250, did="a ladder of 250 places")


@check("P13", kind="throughput")
def test_steps_at_a_place_with_many_ways_in_and_out(
    impl: Implementation, reference: Implementation
) -> None:
    """300 ways lead to one place, each better than the one before; 300 ways lead out of it."""
    cheap_enough(
        impl, reference, hub(300), "start", "goal", did="a hub of 300 ways in and 300 ways out"
    )


class Tally(int):
    """A whole number that counts how often any of its kind is compared."""

    calls: ClassVar[int] = 0

    def __add__(self, other: int) -> "Tally":
        return Tally(int(self) + int(other))

    __radd__ = __add__

    def __hash__(self) -> int:
        return int.__hash__(self)

    def _counted(name: str) -> Any:  # noqa: N805 - builds methods, is none
        plain = getattr(int, name)

        def method(self: "Tally", other: object) -> Any:
            Tally.calls += 1
            return plain(self, other)

        return method

    __eq__, __ne__ = _counted("__eq__"), _counted("__ne__")
    __lt__, __le__ = _counted("__lt__"), _counted("__le__")
    __gt__, __ge__ = _counted("__gt__"), _counted("__ge__")


def comparisons(job: Callable[[], object]) -> int:
    """How often numbers are compared, and places compared or hashed."""
    Tally.calls = CountedKey.calls = 0
    job()
    return Tally.calls + CountedKey.calls


@check("P13", kind="throughput")
def test_comparisons_when_many_places_wait(
    plain: Implementation, plain_reference: Implementation
) -> None:
    """A fan of 600 places; numbers and places count how often they are compared."""
    net, ends = fan(600, Tally), (CountedKey("start"), CountedKey("goal"))
    places = {place: CountedKey(place) for place in net}
    counted = {
        places[place]: [replace(r, start=places[place], end=places[r.end]) for r in roads]
        for place, roads in net.items()
    }
    for by in BUILT_IN:
        got, allowed = (
            comparisons(lambda i=i, by=by: list(getattr(i, by)(counted, *ends)))
            for i in (plain, plain_reference)
        )
        ensure(got <= 6 * allowed, did=f"comparisons of numbers and places for {by} on a fan of 600 places",
               want=f"at most {6 * allowed:,} (6 times the reference)", got=got)  # fmt: skip


class Name(str):
    """A name that counts how often any of its kind is compared."""

    __slots__ = ()
    calls: ClassVar[int] = 0

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        Name.calls += 1
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other


@check("P13", kind="throughput")
def test_a_route_is_looked_at_once(impl: Implementation) -> None:
    """A route along a line of 300 places, whose roads have names that count how often they are compared."""
    roads = [Road(Name(f"road {n}"), n, n + 1, 1, 1, 1) for n in range(300)]
    navigator = impl.Navigator(roads)
    Name.calls = 0
    equal(len(navigator.route(0, 300).roads), 300, did="how many roads lead along a line of 300")
    ensure(Name.calls <= 9_000, did="comparisons of names for a route of 300 roads",
           want="at most 30 for each road", got=Name.calls)  # fmt: skip


def peak(job: Callable[[], object]) -> int:
    """Bytes that the job has at most."""
    gc.collect()
    tracemalloc.start()
    try:
        job()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def broom(length: int) -> Net:
    """A line, and at its end a fan as wide."""
    stick = [link(n, n + 1, 1) for n in range(length)]
    roads: Iterator[Road] = (link(length, f"end {n}", n) for n in range(length))
    last = [link(f"end {n}", "goal", 2 * length) for n in range(length)]
    return network([*stick, *roads, *last])


@check("P13", kind="throughput")
def test_memory_when_many_places_wait_far_away(
    plain: Implementation, plain_reference: Implementation
) -> None:
    """A line of 1,200 places, and at its end a fan of 1,200."""
    net, small = broom(1_200), broom(2)

    def bytes_of(made: Implementation) -> int:
        list(made.fastest(small, 0, "goal"))  # whatever is imported or made once is there now
        return peak(lambda: list(made.fastest(net, 0, "goal")))

    got, allowed = bytes_of(plain), 8 * bytes_of(plain_reference)
    ensure(got <= allowed, did="bytes for fastest, on a line of 1,200 places with a fan of 1,200 at its end",
           want=f"at most {allowed:,} (8 times the reference)", got=got)  # fmt: skip
