"""Routes: the best ones, their form and their sums, on maps of every shape."""

import random
from collections.abc import Iterator
from typing import Any

from contracts.patterns.strategy import NoRoute, Place, Road, Route, UnknownPlace
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic

COSTS = {
    "fastest": lambda road: (road.seconds, road.cents),
    "shortest": lambda road: (road.metres, road.seconds),
    "fewest_tolls": lambda road: (road.cents, road.seconds),
}
PLACES: tuple[Place, ...] = ("a", "", 0, ("x", 1), "b", frozenset({2}))
HUGE = 10**18
Cost = tuple[int, int]


def way(name: str, metres: int, seconds: int, cents: int = 0) -> Road:
    """A road named by its two ends and a number: `ab1` leads from a to b."""
    return Road(name, name[0], name[1], metres, seconds, cents)


def cost_of(by: str, roads: tuple[Road, ...]) -> Cost:
    """What the strategy of this name is to make small."""
    pairs = [COSTS[by](road) for road in roads]
    return sum(first for first, _ in pairs), sum(second for _, second in pairs)


def simple_ways(
    roads: list[Road], here: Place, passed: tuple[Place, ...]
) -> Iterator[tuple[Road, ...]]:
    """Every way from here that passes no place twice, the empty one included."""
    yield ()
    for road in roads:
        if road.start == here and road.end not in passed:
            for rest in simple_ways(roads, road.end, (*passed, road.end)):
                yield (road, *rest)


def brute_force(roads: list[Road], start: Place, by: str) -> dict[Place, Cost]:
    """The least cost to every place that can be reached, by trying all ways."""
    best: dict[Place, Cost] = {}
    for some in simple_ways(roads, start, (start,)):
        end = some[-1].end if some else start
        cost = cost_of(by, some)
        best[end] = min(best.get(end, cost), cost)
    return best


def judge(route: Any, roads: list[Road], start: Place, goal: Place, did: str) -> None:
    """The form of a route: real roads, one behind the other, exact sums, no place twice."""
    equal(type(route), Route, did=f"type of {did}")
    equal(type(route.roads), tuple, did=f"type of the roads of {did}")
    ensure(all(any(r == known for known in roads) for r in route.roads), did=f"the roads of {did}",
           want="roads of the map", got=route.roads)  # fmt: skip
    ends = [start, *(road.end for road in route.roads)]
    equal([road.start for road in route.roads], ends[:-1], did=f"where the roads of {did} begin")
    equal((ends[-1], route.start, route.goal), (goal, start, goal), did=f"the ends of {did}")
    ensure(len(set(ends)) == len(ends), did=f"the places of {did}", want="none twice", got=ends)
    sums = tuple(sum(getattr(r, f) for r in route.roads) for f in ("metres", "seconds", "cents"))
    equal((route.metres, route.seconds, route.cents), sums, did=f"the sums of {did}")


def random_map(rng: random.Random, places: int, roads: int, numbers: tuple[int, ...]) -> list[Road]:
    """Parallel roads, loops, zeros, dead ends, parts without connection: whatever comes."""
    ends = PLACES[:places]
    return [
        Road(f"r{n}", rng.choice(ends), rng.choice(ends), *(rng.choice(numbers) for _ in range(3)))
        for n in range(roads)
    ]


def compare(impl: Implementation, seed: int, roads: list[Road], start: Place) -> None:
    """All goals by all three strategies on one map against trying all ways."""
    navigator = impl.Navigator(roads)
    known = {place for road in roads for place in (road.start, road.end)}
    for by in COSTS:
        best, strategy = brute_force(roads, start, by), getattr(impl, by)
        for goal in known:
            did = f"the route from {start!r} to {goal!r}, {by}, on map {seed}: {roads}"
            if goal not in best:
                raises(NoRoute, lambda g=goal, s=strategy: navigator.route(start, g, s), did=did)
                continue
            route = navigator.route(start, goal, strategy)
            judge(route, roads, start, goal, did)
            equal(cost_of(by, route.roads), best[goal], did=f"the cost of {did}")


@check("P1", "P2", kind="behaviour")
def test_three_ways_to_the_same_goal(impl: Implementation) -> None:
    """Motorway, forest track and toll road lead from a to d; each strategy is asked."""
    motorway = [way("ab", 5_000, 100, 0), way("bd", 5_000, 100, 300)]
    track, toll = way("ad1", 4_000, 900, 0), way("ad2", 6_000, 150, 700)
    navigator = impl.Navigator([*motorway, track, toll])
    got = [navigator.route("a", "d", getattr(impl, by)) for by in COSTS]
    want = [
        Route("a", "d", (toll,), 6_000, 150, 700),
        Route("a", "d", (track,), 4_000, 900, 0),
        Route("a", "d", (track,), 4_000, 900, 0),
    ]
    equal(got, want, did="routes from a to d: fastest, shortest, fewest_tolls")
    navigator.change(close=["ad1"])
    got = navigator.route("a", "d", impl.fewest_tolls)
    equal(got, Route("a", "d", tuple(motorway), 10_000, 200, 300),
          did="fewest_tolls from a to d when the track is closed")  # fmt: skip


@check("P1", kind="behaviour")
def test_ties_are_broken_by_the_second_number(impl: Implementation) -> None:
    """Two ways that differ in one number only, in both orders, for each strategy."""
    pairs = {
        "fastest": (way("ab1", 9, 5, 1), way("ab2", 1, 5, 2)),
        "shortest": (way("ab1", 5, 1, 9), way("ab2", 5, 2, 1)),
        "fewest_tolls": (way("ab1", 9, 1, 5), way("ab2", 1, 2, 5)),
    }
    for by, (better, worse) in pairs.items():
        for roads in ([better, worse], [worse, better]):
            navigator = impl.Navigator([*roads, way("bc", 1, 1, 1)])
            route = navigator.route("a", "c", getattr(impl, by))
            equal(route.roads[0], better, did=f"first road of the route from a to c, {by}, {roads}")


@check("P1", kind="behaviour")
def test_the_second_number_never_outweighs_the_first(impl: Implementation) -> None:
    """One unit less of the first number against a huge second one; then numbers that floats cannot tell apart."""
    small, large = way("ab1", 7, 7, 7), way("ab2", 7, 7, 7)
    cases = {
        "fastest": (way("ab1", 0, 6, HUGE), small),
        "shortest": (way("ab1", 6, HUGE, 0), large),
        "fewest_tolls": (way("ab1", 0, HUGE, 6), small),
    }
    for by, (better, other) in cases.items():
        worse = Road("ab2", "a", "b", other.metres, other.seconds, other.cents)
        route = impl.Navigator([worse, better]).route("a", "b", getattr(impl, by))
        equal(route.roads, (better,), did=f"the route from a to b, {by}, of {better} and {worse}")
    near, far = way("ab1", HUGE, HUGE, HUGE), way("ab2", HUGE + 1, HUGE + 1, HUGE + 1)
    for by in COSTS:
        route = impl.Navigator([far, near, way("bc", 1, 1, 1)]).route("a", "c", getattr(impl, by))
        want = (HUGE + 1,) * 3
        equal((route.metres, route.seconds, route.cents), want, did=f"sums of a route, {by}")


@check("P1", kind="behaviour")
def test_the_first_way_found_is_not_the_best(impl: Implementation) -> None:
    """A direct road that is dear, and many short ones that are cheap together; three orders of roads."""
    roads = [way("ae", 9, 9, 9), way("ab", 1, 1, 1), way("bc", 1, 1, 1), way("cd", 1, 1, 1)]
    roads += [way("de", 1, 1, 1), way("ac", 5, 5, 5), way("ad", 7, 7, 7), way("ef", 1, 1, 1)]
    for order in (roads, roads[::-1], sorted(roads, key=lambda road: road.end)):
        for by in COSTS:
            route = impl.Navigator(order).route("a", "f", getattr(impl, by))
            names = [road.name for road in route.roads]
            equal(names, ["ab", "bc", "cd", "de", "ef"], did=f"roads from a to f, {by}")


@check("P1", kind="behaviour")
def test_circles_that_cost_nothing(impl: Implementation) -> None:
    """Roads of zero metres, seconds and cents lead round in circles and back to where they begin."""
    roads = [way(name, 0, 0, 0) for name in ("aa", "ab", "ba", "bb", "bc", "ca", "cb", "cc", "cd")]
    navigator = impl.Navigator(roads)
    for by in COSTS:
        for goal in "abcd":
            route = navigator.route("a", goal, getattr(impl, by))
            judge(route, roads, "a", goal, f"the route from a to {goal}, {by}")


@check("P1", kind="behaviour")
def test_one_way_roads_are_one_way(impl: Implementation) -> None:
    """A short road leads from b to a only; from a to b there is a long one."""
    navigator = impl.Navigator([way("ba", 1, 1), way("ac", 10, 10), way("cb", 10, 10)])
    for by in COSTS:
        route = navigator.route("a", "b", getattr(impl, by))
        equal([road.name for road in route.roads], ["ac", "cb"], did=f"roads from a to b, {by}")


@check("P1", kind="behaviour")
def test_places_that_cannot_be_ordered(impl: Implementation) -> None:
    """Places are a text, a number, a pair and a set; all ways to them cost the same."""
    middle = (1, "1", (1, 1), frozenset({1}), 1.5, "1.5")
    roads = [Road(f"to {p!r}", "a", p, 1, 1, 1) for p in middle]
    roads += [Road(f"from {p!r}", p, "z", 1, 1, 1) for p in middle]
    navigator = impl.Navigator(roads)
    for by in COSTS:
        route = navigator.route("a", "z", getattr(impl, by))
        judge(route, roads, "a", "z", f"the route from a to z, {by}")


@check("P1", "P2", kind="behaviour")
def test_places_are_the_same_if_they_are_equal(impl: Implementation) -> None:
    """Places are pairs of numbers; each road, start and goal brings a pair of its own."""

    def at(x: int) -> Place:
        return (x, 1_000_000 + x)

    roads = [Road(f"road {n}", at(n), at(n + 1), 1, 1, 1) for n in range(4)]
    navigator = impl.Navigator(roads)
    for by in COSTS:
        route = navigator.route(at(0), at(4), getattr(impl, by))
        equal(route.roads, tuple(roads), did=f"roads from {at(0)} to {at(4)}, {by}")
    nowhere = navigator.route(at(2), at(2), lambda *_: 1 // 0)
    equal(nowhere.roads, (), did=f"roads from {at(2)} to itself, by a strategy that would raise")


@check("P1", "P2", "P3", kind="behaviour")
def test_small_maps_against_trying_all_ways(plain: Implementation) -> None:
    """160 generated maps of up to 6 places and 10 roads, all goals (seeds 0 to 159)."""
    for seed in range(160):
        rng = random.Random(seed)
        numbers = [(0, 1, 2), (0, 1, 2, 3, 5, 9), (1, 10, 100), (0, HUGE, HUGE + 1)][seed % 4]
        roads = random_map(rng, rng.randint(2, 6), rng.randint(1, 10), numbers)
        compare(plain, seed, roads, roads[0].start)


@check("P1", "P2", kind="behaviour")
def test_dense_maps_against_trying_all_ways(plain: Implementation) -> None:
    """30 generated maps of 5 places and 16 roads, whose numbers have nothing to do with each other (seeds 0 to 29)."""
    for seed in range(30):
        rng = random.Random(1_000 + seed)
        roads = random_map(rng, 5, 16, tuple(range(0, 40, 3)))
        compare(plain, seed, roads, roads[0].start)


@check("P2", kind="behaviour")
def test_from_a_place_to_itself(impl: Implementation) -> None:
    """From a to a, where a road leads from a to a; the strategy would raise."""

    def stubborn(network: Any, start: Any, goal: Any) -> list[Road]:
        raise ValueError("asked")

    navigator = impl.Navigator([way("aa", 1, 1, 1), way("ab", 1, 1)])
    want = Route("a", "a", (), 0, 0, 0)
    for strategy in (None, impl.shortest, impl.fewest_tolls, stubborn):
        equal(navigator.route("a", "a", strategy), want, did=f"route('a', 'a', {strategy})")
    equal(navigator.route("b", "b"), Route("b", "b", (), 0, 0, 0),
          did="route('b', 'b'), where no road begins")  # fmt: skip


@check("P2", kind="behaviour")
def test_sums_are_those_of_the_roads_taken(impl: Implementation) -> None:
    """Three parallel roads from a to b; a strategy takes each in turn, then goes round in a circle."""
    roads = [way("ab1", 1, 20, 300), way("ab2", 2, 10, 200), way("ab3", 3, 30, 100)]
    back = way("ba", 7, 7, 7)
    navigator = impl.Navigator([*roads, back])
    for road in roads:
        got = navigator.route("a", "b", lambda *_, r=road: [r])
        want = Route("a", "b", (road,), road.metres, road.seconds, road.cents)
        equal(got, want, did=f"the route by a strategy that takes {road.name}")
    round_trip = [roads[0], back, roads[2]]
    got = navigator.route("a", "b", lambda *_: round_trip)
    want = Route("a", "b", tuple(round_trip), 11, 57, 407)
    equal(got, want, did="the route by a strategy that goes round in a circle first")


@check("P2", kind="behaviour")
def test_a_route_belongs_to_its_caller(impl: Implementation) -> None:
    """A strategy keeps the list that it answered with, and empties it later."""
    kept: list[Road] = []

    def keeps(network: Any, start: Any, goal: Any) -> list[Road]:
        kept.extend(network[start])
        return kept

    navigator = impl.Navigator([way("ab", 1, 2, 3)], keeps)
    route = navigator.route("a", "b")
    kept.clear()
    want = Route("a", "b", (way("ab", 1, 2, 3),), 1, 2, 3)
    equal(route, want, did="the route, after the strategy has emptied its list")


@check("P3", kind="behaviour")
def test_goals_that_cannot_be_reached(impl: Implementation) -> None:
    """Two parts of the map without connection; a road that leads the other way; a closed road."""
    navigator = impl.Navigator([way("ab", 1, 1), way("cd", 1, 1), way("da", 1, 1)])
    for by in COSTS:
        for start, goal in (("a", "c"), ("b", "a")):
            error = raises(NoRoute, lambda s=start, g=goal, by=by: navigator.route(s, g, getattr(impl, by)),
                           did=f"route({start!r}, {goal!r}, {by})")  # fmt: skip
            equal((error.start, error.goal), (start, goal), did="start and goal of NoRoute")
    navigator.change(close=["ab"])
    error = raises(NoRoute, lambda: navigator.route("a", "b"), did="route when its road is closed")
    equal((error.start, error.goal), ("a", "b"), did="start and goal of NoRoute")


@check("P3", kind="behaviour")
def test_places_that_nobody_knows(impl: Implementation) -> None:
    """Start or goal is on no road, also if they are the same; the strategy would raise."""

    def stubborn(network: Any, start: Any, goal: Any) -> list[Road]:
        raise ValueError("asked")

    navigator = impl.Navigator([way("ab", 1, 1)])
    for start, goal in (("a", "x"), ("x", "b"), ("x", "x")):
        for strategy in (None, impl.shortest, stubborn):
            error = raises(UnknownPlace, lambda s=start, g=goal, by=strategy: navigator.route(s, g, by),
                           did=f"route({start!r}, {goal!r})")  # fmt: skip
            equal(error.place, "x", did=f"the place that UnknownPlace names, {start!r} to {goal!r}")
    raises(UnknownPlace, lambda: impl.Navigator().route("a", "a"), did="a route on an empty map")


@check("P3", kind="behaviour")
def test_a_place_whose_roads_are_closed_stays_known(impl: Implementation) -> None:
    """All roads of b are closed; then it is asked for, and gets another road."""
    navigator = impl.Navigator([way("ab", 1, 1), way("bc", 1, 1), way("ca", 1, 1)])
    navigator.change(close=["ab", "bc"])
    for start, goal in (("a", "b"), ("b", "c"), ("c", "b")):
        raises(NoRoute, lambda s=start, g=goal: navigator.route(s, g),
               did=f"route({start!r}, {goal!r}), the roads of b are closed")  # fmt: skip
    equal(navigator.route("b", "b").roads, (), did="roads of the route from b to b")
    navigator.change(add=[way("bc2", 4, 5)])
    equal(navigator.route("b", "c").seconds, 5, did="seconds from b to c on a new road")
