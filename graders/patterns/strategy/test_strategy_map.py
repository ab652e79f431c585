"""The map: what it takes, and changes that happen wholly or not at all."""

from collections.abc import Iterator
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

from contracts.patterns.strategy import BadRoad, NoRoute, Road, Route, UnknownRoad
from graders.kit import Implementation, Sim, check, equal, explore, raises
from graders.patterns.strategy.given import way

NAN = float("nan")


class Index:
    """What can be an index, and is no int."""

    def __index__(self) -> int:
        return 3


NO_NUMBERS = (
    -1,
    True,
    False,
    1.0,
    NAN,
    float("inf"),
    "1",
    None,
    Decimal(1),
    Fraction(1),
    -(10**30),
    Index(),
)
FIELDS = ("metres", "seconds", "cents")


def bad_road(field: str, value: Any) -> Road:
    """A road from b to c with one wrong number."""
    return Road("bc", "b", "c", **{**dict.fromkeys(FIELDS, 3), field: value})


def known_roads(navigator: Any) -> dict[Any, list[str]]:
    """What a strategy is handed, as names."""
    seen: dict[Any, list[str]] = {}

    def look(network: Any, start: Any, goal: Any) -> list[Road]:
        seen.update({place: sorted(road.name for road in network[place]) for place in network})
        raise NoRoute(start, goal)

    raises(NoRoute, lambda: navigator.route("a", "b", look), did="a route by a strategy that looks")
    return seen


@check("P4", kind="contract")
def test_numbers_that_are_none(impl: Implementation) -> None:
    """Negative numbers, bool, float, NaN, texts, None, Decimal as metres, seconds or cents: in change."""
    navigator = impl.Navigator([way("ab")])
    for field in FIELDS:
        for value in NO_NUMBERS:
            road = bad_road(field, value)
            error = raises(
                BadRoad, lambda r=road: navigator.change(add=[r]), did=f"change(add=[{road}])"
            )
            equal((error.road is road, error.field), (True, field),
                  did=f"whether BadRoad holds the road, and its field, for {field}={value!r}")  # fmt: skip
    equal(known_roads(navigator), {"a": ["ab"], "b": []}, did="the map after all these mistakes")


@check("P4", kind="contract")
def test_numbers_that_are_none_in_the_constructor(impl: Implementation) -> None:
    """The same in the constructor, on a road that no route would ever pass."""
    for field in FIELDS:
        for value in NO_NUMBERS:
            roads = [way("ab"), Road("yz", "y", "z", **{**dict.fromkeys(FIELDS, 3), field: value})]
            error = raises(BadRoad, lambda r=roads: impl.Navigator(r), did=f"Navigator({roads})")
            equal(error.field, field, did=f"the field that BadRoad names, for {field}={value!r}")


@check("P4", kind="contract")
def test_whole_numbers_of_every_kind(impl: Implementation) -> None:
    """Zero, a number of 40 digits and a member of an IntEnum are whole numbers."""

    class Toll(IntEnum):
        LORRY = 7

    navigator = impl.Navigator([Road("ab", "a", "b", 0, 10**40, Toll.LORRY)])
    route = navigator.route("a", "b")
    equal((route.metres, route.seconds, int(route.cents)), (0, 10**40, 7), did="sums of the route")


@check("P4", kind="contract")
def test_names_are_given_once(impl: Implementation) -> None:
    """A name that an open road has; one name twice in a change; a name given again after closing."""
    navigator = impl.Navigator([way("ab")])
    again = Road("ab", "x", "y", 5, 5, 5)
    twice = [way("bc1"), Road("bc1", "b", "d", 1, 1, 1)]
    for add, guilty in (([again], [again]), ([way("bc"), again], [again]), (twice, twice)):
        error = raises(BadRoad, lambda a=add: navigator.change(add=a), did=f"change(add={add})")
        equal((any(error.road is road for road in guilty), error.field),
            (True, "name"),
            did="whether BadRoad holds a road of that name that was to be added, and its field")  # fmt: skip
        equal(known_roads(navigator), {"a": ["ab"], "b": []}, did="the map after that")
    raises(BadRoad, lambda: impl.Navigator([way("ab"), again]), did="Navigator of two roads 'ab'")
    navigator.change(close=["ab"])
    navigator.change(add=[again])
    equal(known_roads(navigator)["x"], ["ab"], did="roads from x, 'ab' was closed and added anew")


@check("P5", kind="behaviour")
def test_a_change_closes_then_adds(impl: Implementation) -> None:
    """Roads are closed, added, and one is replaced by another of its name in a single change."""
    navigator = impl.Navigator([way("ab", 5, 5), way("ab1", 6, 6), way("bc")])
    navigator.change(close=["ab"])
    equal(navigator.route("a", "c").seconds, 7, did="seconds from a to c when 'ab' is closed")
    navigator.change(add=[way("ab2", 2, 2)])
    equal(navigator.route("a", "c").seconds, 3, did="seconds from a to c when 'ab2' is open")
    navigator.change(close=["ab2"], add=[way("ab2", 9, 90), way("ab", 8, 80)])
    equal(navigator.route("a", "c").seconds, 7, did="seconds when 'ab2' has become slow")
    navigator.change(add=(way(name) for name in ("ac", "cd")), close=iter(["ab1"]))
    equal(
        known_roads(navigator),
        {"a": ["ab", "ab2", "ac"], "b": ["bc"], "c": ["cd"], "d": []},
        did="the map after a change whose parts are iterators",
    )
    navigator.change()
    equal(navigator.route("a", "d").metres, 2, did="metres from a to d after a change of nothing")


@check("P5", kind="behaviour")
def test_only_the_named_road_is_closed(impl: Implementation) -> None:
    """Of three equal roads from a to b two are closed, one after the other."""
    navigator = impl.Navigator([way("ab1"), way("ab2"), way("ab3")])
    for name, left in (("ab2", ["ab1", "ab3"]), ("ab1", ["ab3"])):
        navigator.change(close=[name])
        equal(known_roads(navigator), {"a": left, "b": []}, did=f"the map when {name!r} is closed")
        route = navigator.route("a", "b")
        equal([r.name in left for r in route.roads], [True], did="whether the route's road is open")


@check("P5", kind="behaviour")
def test_closing_what_is_not_open(impl: Implementation) -> None:
    """A name that was never given, and one whose road is closed already; beside others that are right."""
    navigator = impl.Navigator([way("ab"), way("ab1"), way("bc")])
    navigator.change(close=["bc"])
    for name in ("zz", "bc"):
        error = raises(
            UnknownRoad, lambda n=name: navigator.change(close=["ab", n], add=[way("cd")]),
            did=f"change(close=['ab', {name!r}], add=[a road])")  # fmt: skip
        equal(error.name, name, did="the name that UnknownRoad holds")
        want = {"a": ["ab", "ab1"], "b": [], "c": []}
        equal(known_roads(navigator), want, did="the map after the refused change")


@check("P5", kind="behaviour")
def test_a_refused_change_changes_nothing(impl: Implementation) -> None:
    """The last road of three is bad, or the iterator raises; also in the middle of closing."""

    def breaks_off(*good: Any) -> Iterator[Any]:
        yield from good
        raise OSError("the file of roads ends here")

    navigator = impl.Navigator([way("ab", 1, 4), way("ab1", 1, 5)])
    bad = bad_road("seconds", -1)
    jobs = {
        BadRoad: [{"close": ["ab"], "add": [way("ac"), way("cb"), bad]}, {"add": [way("ac"), bad]}],
        OSError: [{"close": ["ab"], "add": breaks_off(way("ab2"))}, {"close": breaks_off("ab")},
                  {"close": breaks_off("ab"), "add": [way("ab2")]}],
    }  # fmt: skip
    for error, changes in jobs.items():
        for change in changes:
            raises(error, lambda c=change: navigator.change(**c), did=f"change of {change}")
            want = {"a": ["ab", "ab1"], "b": []}
            equal(known_roads(navigator), want, did=f"the map after the refused change of {change}")
    route = navigator.route("a", "b")
    equal(route, Route("a", "b", (way("ab", 1, 4),), 1, 4, 0), did="the route after all of them")
    navigator.change(close=["ab", "ab1"], add=[way("ab2", 7, 7)])
    equal(navigator.route("a", "b").seconds, 7, did="seconds after a change that is right")


@check("P5", kind="behaviour")
def test_the_map_does_not_hang_on_the_callers_list(impl: Implementation) -> None:
    """The caller empties the list of roads that it made the navigator of; two navigators have one list."""
    roads = [way("ab"), way("bc")]
    one, two = impl.Navigator(roads), impl.Navigator(roads)
    roads.clear()
    two.change(close=["bc"])
    equal(known_roads(one), {"a": ["ab"], "b": ["bc"], "c": []}, did="the first navigator's map")
    equal(known_roads(two), {"a": ["ab"], "b": [], "c": []}, did="the second navigator's map")


@check("P5", kind="concurrency")
def test_no_change_is_lost(impl: Implementation) -> None:
    """A adds a road, B closes another, C adds a third, on the same place."""

    def scene(sim: Sim) -> None:
        navigator = impl.Navigator([way("ab"), way("ac")])
        sim.together(
            lambda: navigator.change(add=[way("ad")]),
            lambda: navigator.change(close=["ab"]),
            lambda: navigator.change(add=[way("ae"), way("ef")]),
        )
        want = {"a": ["ac", "ad", "ae"], "b": [], "c": [], "d": [], "e": ["ef"], "f": []}
        equal(known_roads(navigator), want, did="the map after the changes of three threads")

    explore(scene, schedules=100)


@check("P5", kind="concurrency")
def test_a_strategy_exchanged_while_the_map_changes(impl: Implementation) -> None:
    """A adds a road, B exchanges the strategy."""

    def scene(sim: Sim) -> None:
        navigator = impl.Navigator([way("ab", 1, 9)])
        sim.together(
            lambda: navigator.change(add=[way("ab1", 9, 1)]), lambda: navigator.use(impl.shortest)
        )
        route = navigator.route("a", "b")
        equal(route.metres, 1, did="metres of the route, after use(shortest)")
        equal(known_roads(navigator)["a"], ["ab", "ab1"], did="roads from a after the change")

    explore(scene, schedules=100)


@check("P5", kind="concurrency")
def test_two_changes_that_exclude_each_other(impl: Implementation) -> None:
    """A and B both close the same road and put a diversion in its place."""

    def scene(sim: Sim) -> None:
        navigator = impl.Navigator([way("ab")])

        def divert(name: str) -> str:
            try:
                navigator.change(close=["ab"], add=[way(name)])
            except UnknownRoad:
                return "refused"
            return name

        got = sim.together(lambda: divert("ab1"), lambda: divert("ab2"))
        equal(got.count("refused"), 1, did="how many of two threads were refused")
        left = [name for name in got if name != "refused"]
        equal(known_roads(navigator), {"a": left, "b": []}, did="the map after that")

    explore(scene, schedules=100)


@check("P5", kind="concurrency")
def test_no_route_sees_half_a_change(impl: Implementation) -> None:
    """A replaces the way by b with one by c, road by road the same time; B asks for two routes."""

    def scene(sim: Sim) -> None:
        navigator = impl.Navigator([way("ab"), way("bd")])

        def ask() -> list[list[str]]:
            return [[road.name for road in navigator.route("a", "d").roads] for _ in range(2)]

        def change() -> list[list[str]]:
            navigator.change(close=["ab", "bd"], add=[way("ac"), way("cd")])
            return []

        got, _ = sim.together(ask, change)
        old, new = ["ab", "bd"], ["ac", "cd"]
        equal(
            got in ([old, old], [old, new], [new, new]),
            True,
            did=f"whether routes {got} are old, then new",
        )

    explore(scene, schedules=120)
