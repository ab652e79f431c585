"""The navigator shared by threads, under explored schedules."""

import threading
import time
from collections.abc import Callable
from typing import Any

from contracts.patterns.strategy import NoRoute, Road, UnknownPlace
from graders.kit import Implementation, Sim, check, equal, explore, simulate
from graders.patterns.strategy.given import way

HOUR = 3_600


def names(route: Any) -> list[str]:
    """Names of its roads."""
    return [road.name for road in route.roads]


def needs(name: str) -> Callable[..., list[Road]]:
    """A strategy that wants a road of this name from the start, and else says NoRoute."""

    def strategy(network: Any, start: Any, goal: Any) -> list[Road]:
        for road in network[start]:
            if road.name == name:
                return [road]
        raise NoRoute(start, goal)

    return strategy


@check("P10", kind="concurrency")
def test_the_strategy_that_a_route_began_with(impl: Implementation) -> None:
    """A route is computed; meanwhile another thread exchanges the strategy."""

    def scene(sim: Sim) -> None:
        begun = threading.Event()

        def slow(network: Any, start: Any, goal: Any) -> Any:
            begun.set()
            sim.sleep(HOUR)
            return needs("ab1")(network, start, goal)

        navigator = impl.Navigator([way("ab1"), way("ab2")], slow)
        job = sim.spawn(lambda: names(navigator.route("a", "b")))
        begun.wait()
        navigator.use(needs("ab2"))
        equal(
            names(navigator.route("a", "b")),
            ["ab2"],
            did="the road of a route that begins after use()",
        )
        equal(job.result(), ["ab1"], did="the road of the route that had begun before")

    simulate(scene)


@check("P10", kind="concurrency")
def test_the_map_that_a_route_began_with(impl: Implementation) -> None:
    """A route is computed; meanwhile its road is closed, a better one is opened, and another takes its name."""

    def scene(sim: Sim) -> None:
        begun, seen = threading.Event(), []

        def slow(network: Any, start: Any, goal: Any) -> Any:
            begun.set()
            sim.sleep(HOUR)
            seen.append({place: sorted(road.name for road in network[place]) for place in network})
            yield from impl.fastest(network, start, goal)
            sim.sleep(HOUR)

        old = way("ab", 2, 3, 4)
        navigator = impl.Navigator([old])
        job = sim.spawn(lambda: navigator.route("a", "b", slow))
        begun.wait()
        navigator.change(close=["ab"], add=[way("ab", 9, 9, 9), way("bc")])
        sim.sleep(HOUR + 1)  # the answer is being read
        navigator.change(close=["ab"])
        route = job.result()
        equal(route.roads, (old,), did="the roads of a route whose road was closed on the way")
        equal((route.metres, route.seconds, route.cents), (2, 3, 4), did="its sums")
        equal(seen, [{"a": ["ab"], "b": []}], did="the network that the strategy saw an hour later")

    simulate(scene)


@check("P10", kind="concurrency")
def test_strategy_and_map_of_one_instant(impl: Implementation) -> None:
    """B opens a road, then uses a strategy that needs it, then closes the old one; A asks for a route."""

    def scene(sim: Sim) -> None:
        navigator = impl.Navigator([way("ab1")], needs("ab1"))

        def change() -> None:
            navigator.change(add=[way("ab2")])
            navigator.use(needs("ab2"))
            navigator.change(close=["ab1"])

        got, _ = sim.together(lambda: names(navigator.route("a", "b")), change)
        equal(got in (["ab1"], ["ab2"]), True, did=f"whether a route ({got}) fits one instant")

    explore(scene, schedules=200)


@check("P3", "P10", kind="concurrency")
def test_a_place_that_has_just_become_known(impl: Implementation) -> None:
    """B opens the first road to c; A asks for a route from a to c."""

    def scene(sim: Sim) -> None:
        navigator = impl.Navigator([way("ab")])

        def ask() -> str:
            try:
                return " ".join(names(navigator.route("a", "c")))
            except UnknownPlace:
                return "unknown"

        def change() -> str:
            navigator.change(add=[way("ac")])
            return ask()

        got = sim.together(ask, change)
        equal(got[1], "ac", did="the road of a route that begins after the change")
        equal(
            got[0] in ("unknown", "ac"),
            True,
            did=f"whether the other one ({got[0]!r}) fits one instant",
        )

    explore(scene, schedules=100)


@check("P6", "P10", kind="concurrency")
def test_a_route_by_another_strategy_beside_others(impl: Implementation) -> None:
    """A asks for one route by a strategy of its own, B for one by the strategy in force."""

    def scene(sim: Sim) -> None:
        def own(network: Any, start: Any, goal: Any) -> Any:
            sim.point()
            return needs("ab2")(network, start, goal)

        navigator = impl.Navigator([way("ab1"), way("ab2"), way("ab3")], needs("ab1"))
        got = sim.together(
            lambda: names(navigator.route("a", "b", own)),
            lambda: names(navigator.route("a", "b")),
        )
        equal(got, [["ab2"], ["ab1"]], did="the roads of A and of B")
        equal(names(navigator.route("a", "b")), ["ab1"], did="the road of the next route")

    explore(scene, schedules=100)


@check("P6", "P10", kind="concurrency")
def test_an_exchange_beside_a_route_by_another_strategy(impl: Implementation) -> None:
    """A asks for one route by a strategy of its own while B calls use()."""

    def scene(sim: Sim) -> None:
        navigator = impl.Navigator([way("ab1"), way("ab2"), way("ab3")], needs("ab1"))
        sim.together(
            lambda: navigator.route("a", "b", needs("ab2")) and None,
            lambda: navigator.use(needs("ab3")),
        )
        equal(names(navigator.route("a", "b")), ["ab3"], did="the road of the next route")

    explore(scene, schedules=100)


@check("P11", kind="concurrency")
def test_nobody_waits_for_a_strategy(impl: Implementation) -> None:
    """A strategy takes an hour; meanwhile another thread changes the map, asks for routes and uses another strategy."""

    def scene(sim: Sim) -> None:
        begun = threading.Event()

        def slow(network: Any, start: Any, goal: Any) -> Any:
            begun.set()
            time.sleep(HOUR)
            return needs("ab1")(network, start, goal)

        navigator = impl.Navigator([way("ab1")], slow)
        job = sim.spawn(lambda: navigator.route("a", "b"))
        begun.wait()
        before = sim.now()
        navigator.change(add=[way("ab2", 0, 0)])
        equal(names(navigator.route("a", "b", impl.fastest)), ["ab2"], did="a route by fastest")
        navigator.use(impl.shortest)
        equal(names(navigator.route("a", "b")), ["ab2"], did="a route after use(shortest)")
        equal(sim.now() - before, 0.0, did="seconds that all this took")
        equal(job.done, False, did="whether the slow route is there already")
        job.result()

    simulate(scene)


@check("P11", kind="concurrency")
def test_slow_strategies_run_beside_each_other(impl: Implementation) -> None:
    """Three threads ask for routes; the strategy takes an hour, half of it while its answer is read."""

    def scene(sim: Sim) -> None:
        def slow(network: Any, start: Any, goal: Any) -> Any:
            sim.sleep(HOUR / 2)
            yield from network[start]
            sim.sleep(HOUR / 2)

        navigator, before = impl.Navigator([way("ab")], slow), sim.now()
        sim.together(*[lambda: navigator.route("a", "b")] * 3)
        equal(sim.now() - before, float(HOUR), did="seconds until three routes were there")

    simulate(scene)


@check("P11", kind="concurrency")
def test_a_strategy_that_calls_its_navigator(impl: Implementation) -> None:
    """A strategy asks for two legs, closes a road and exchanges itself; then it has another thread ask."""

    def scene(sim: Sim) -> None:
        roads = [way("ab"), way("bc"), way("ac", 9, 9)]
        navigator = impl.Navigator(roads)

        def by_b(network: Any, start: Any, goal: Any) -> list[Road]:
            legs = [
                navigator.route(start, "b", impl.shortest),
                navigator.route("b", goal, impl.fastest),
            ]
            navigator.change(close=["ab"])
            navigator.use(impl.shortest)
            other = sim.spawn(lambda: names(navigator.route(start, goal)))
            equal(other.result(), ["ac"], did="a route that another thread asks for meanwhile")
            return [road for leg in legs for road in leg.roads]

        navigator.use(by_b)
        equal(
            names(navigator.route("a", "c")),
            ["ab", "bc"],
            did="the roads by b, 'ab' closed on the way",
        )
        equal(names(navigator.route("a", "c")), ["ac"], did="the next route")

    simulate(scene)


@check("P12", kind="concurrency")
def test_one_strategy_in_several_threads(impl: Implementation) -> None:
    """A and B call the same built-in strategy on two different networks."""
    one = {"a": [way("ab"), way("ac", 9, 9, 9)], "b": [way("bd")], "c": [way("cd")], "d": []}
    two = {"a": [way("ac"), way("ab", 9, 9, 9)], "b": [way("bd")], "c": [way("cd")], "d": []}

    def scene(sim: Sim) -> None:
        got = sim.together(
            lambda: [road.name for road in impl.fewest_tolls(one, "a", "d")],
            lambda: [road.name for road in impl.fewest_tolls(two, "a", "d")],
        )
        equal(got, [["ab", "bd"], ["ac", "cd"]], did="roads from a to d on two networks")

    explore(scene, schedules=100)


@check("P12", kind="concurrency")
def test_two_strategies_in_two_threads(impl: Implementation) -> None:
    """A asks for the fastest, B for the shortest route of one navigator."""

    def scene(sim: Sim) -> None:
        roads = [way("ab", 1, 9), way("bd", 1, 9), way("ac", 9, 1), way("cd", 9, 1)]
        navigator = impl.Navigator(roads)
        got = sim.together(
            lambda: names(navigator.route("a", "d", impl.fastest)),
            lambda: names(navigator.route("a", "d", impl.shortest)),
        )
        equal(got, [["ac", "cd"], ["ab", "bd"]], did="roads from a to d: fastest, shortest")

    explore(scene, schedules=100)
