"""A library behind the contract, and right navigators in other styles."""

import importlib
import threading
from abc import ABC, abstractmethod
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from heapq import heappop, heappush
from itertools import pairwise
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from contracts.patterns.strategy import (
    BadRoad,
    NoRoute,
    Road,
    Route,
    StrategyFailed,
    UnknownPlace,
    UnknownRoad,
    WrongRoute,
)

WEIGHTS: Mapping[str, tuple[str, str]] = {
    "fastest": ("seconds", "cents"),
    "shortest": ("metres", "seconds"),
    "fewest_tolls": ("cents", "seconds"),
}


def must_be_callable(strategy: Any) -> Any:
    """TypeError if it cannot be called."""
    if callable(strategy):
        return strategy
    raise TypeError(f"{strategy!r} is no strategy: it cannot be called")


def refuse(road: Road, taken: Mapping[str, Road]) -> None:
    """The BadRoads of a change."""
    for field in ("metres", "seconds", "cents"):
        number = getattr(road, field)
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise BadRoad(road, field)
    if road.name in taken:
        raise BadRoad(road, "name")


def route_of(roads: Iterable[Road], start: Any, goal: Any) -> Route:
    """The route with its sums."""
    some = tuple(roads)
    totals = [sum(getattr(road, f) for road in some) for f in ("metres", "seconds", "cents")]
    return Route(start, goal, some, *totals)


class Textbook:
    """Classes: an abstract strategy with a template of the search, one subclass for each; read and write under a lock.

    The map is one dict of roads by name; each route is handed a copy of its own, made when it begins.
    """

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Cheapest(ABC):
        """The search; what is cheap, the subclasses say. Places wait in a sorted list."""

        @abstractmethod
        def cost(self, road: Road) -> tuple[int, int]:
            """What the road costs."""

        def __call__(self, network: Mapping[Any, Any], start: Any, goal: Any) -> Iterator[Road]:
            way = self.search(network, start, goal)
            if way is None:
                raise NoRoute(start, goal)
            return iter(way)

        def search(self, network: Mapping[Any, Any], start: Any, goal: Any) -> list[Road] | None:
            """Settle places in the order of their cost until the goal is settled."""
            came_by: dict[Any, Road | None] = {}
            queue: list[Any] = [(0, 0, 0, None, start)]
            serial = 0
            while queue:
                first, second, _, road, place = queue.pop()
                if place in came_by:
                    continue
                came_by[place] = road
                if place == goal:
                    break
                for out in network[place]:
                    if out.end not in came_by:
                        serial += 1
                        one, two = self.cost(out)
                        insort(queue, (first - one, second - two, -serial, out, out.end))
            else:
                return None
            way: list[Road] = []
            while (last := came_by[goal]) is not None:
                way.append(last)
                goal = last.start
            way.reverse()
            return way

    class Fastest(Cheapest):
        def cost(self, road: Road) -> tuple[int, int]:
            return road.seconds, road.cents

    class Shortest(Cheapest):
        def cost(self, road: Road) -> tuple[int, int]:
            return road.metres, road.seconds

    class FewestTolls(Cheapest):
        def cost(self, road: Road) -> tuple[int, int]:
            return road.cents, road.seconds

    fastest, shortest, fewest_tolls = Fastest(), Shortest(), FewestTolls()

    class Navigator:
        """Copies on reading: a change is cheap, a route pays for its map."""

        def __init__(self, roads: Iterable[Road] = (), strategy: Any = None) -> None:
            self.guard = threading.RLock()
            self.by = Textbook.fastest if strategy is None else must_be_callable(strategy)
            self.open: dict[str, Road] = {}
            self.places: dict[Any, None] = {}
            self.change(roads)

        @property
        def strategy(self) -> Any:
            with self.guard:
                return self.by

        def use(self, strategy: Any) -> None:
            with self.guard:
                self.by = must_be_callable(strategy)

        def change(self, add: Iterable[Road] = (), close: Iterable[str] = ()) -> None:
            new, gone = [*add], [*close]
            with self.guard:
                after = dict(self.open)
                for name in gone:
                    if after.pop(name, None) is None:
                        raise UnknownRoad(name)
                for road in new:
                    refuse(road, after)
                    after[road.name] = road
                self.open = after
                self.places.update(dict.fromkeys(p for road in new for p in (road.start, road.end)))

        def _copy(self) -> tuple[Any, dict[Any, list[Road]]]:
            with self.guard:
                net: dict[Any, list[Road]] = {place: [] for place in self.places}
                for road in self.open.values():
                    net[road.start].append(road)
                return self.by, net

        def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
            by, net = self._copy()
            if strategy is not None:
                by = must_be_callable(strategy)
            for place in (start, goal):
                if place not in net:
                    raise UnknownPlace(place)
            if start == goal:
                return route_of((), start, goal)
            roads = asked(by, net, start, goal)
            if roads is None or not hangs_together(roads, start, goal):
                raise WrongRoute(by, start, goal)
            mine = {road.name: road for some in net.values() for road in some}
            if any(mine.get(road.name) != road for road in roads):
                raise WrongRoute(by, start, goal)
            return route_of(roads, start, goal)


def asked(by: Any, network: Any, start: Any, goal: Any) -> list[Any] | None:
    """The answer as a list, None if it cannot be iterated. The strategy is handed a copy of its own."""
    try:
        answer = by({place: list(roads) for place, roads in network.items()}, start, goal)
        return list(answer) if hasattr(type(answer), "__iter__") else None
    except NoRoute:
        raise
    except Exception as error:
        raise StrategyFailed(by, start, goal) from error


def hangs_together(roads: list[Any], start: Any, goal: Any) -> bool:
    """Whether these are roads, one behind the other, from start to goal."""
    if not all(type(road) is Road for road in roads):
        return False
    return [start, *(r.end for r in roads)] == [*(r.start for r in roads), goal]


def by_buckets(fields: tuple[str, str], network: Any, start: Any, goal: Any) -> tuple[Road, ...]:
    """Dijkstra's search: the places that wait are in buckets by cost, only the costs in a heap."""
    buckets: dict[tuple[int, int], list[tuple[Any, Road | None]]] = {(0, 0): [(start, None)]}
    costs, tree = [(0, 0)], dict[Any, Road | None]()
    while costs and goal not in tree:
        here = heappop(costs)
        for place, road in buckets[here]:  # grows while it is walked: roads that cost nothing
            if place not in tree:
                tree[place] = road
                for out in network[place]:
                    there = here[0] + getattr(out, fields[0]), here[1] + getattr(out, fields[1])
                    if there not in buckets:
                        heappush(costs, there)
                    buckets.setdefault(there, []).append((out.end, out))
    if goal not in tree:
        raise NoRoute(start, goal)
    way: list[Road] = []
    while road := tree[goal]:
        way.append(road)
        goal = road.start
    return tuple(reversed(way))


class Now(NamedTuple):
    """All that there is at one instant."""

    by: Any
    net: Mapping[Any, tuple[Road, ...]]


class Closures:
    """Functions all the way down: a strategy is a partial of one search, the navigator's parts are closures.

    The answer is looked at road by road, while it comes.
    """

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    fastest, shortest, fewest_tolls = (partial(by_buckets, WEIGHTS[by]) for by in WEIGHTS)

    class Navigator:
        """A cell with the present, replaced as a whole; each write happens inside `edit`."""

        __slots__ = ("_cell", "_guard", "_names")

        def __init__(self, roads: Iterable[Road] = (), strategy: Any = None) -> None:
            first = Closures.fastest if strategy is None else must_be_callable(strategy)
            self._cell, self._guard = [Now(first, MappingProxyType({}))], threading.Lock()
            self._names: dict[str, Road] = {}
            self.change(roads)

        strategy = property(lambda self: self._cell[0].by)

        @contextmanager
        def _edit(self) -> Iterator[Callable[..., None]]:
            with self._guard:
                yield lambda **parts: self._cell.__setitem__(0, self._cell[0]._replace(**parts))

        def use(self, strategy: Any) -> None:
            chosen = must_be_callable(strategy)
            with self._edit() as put:
                put(by=chosen)

        def change(self, add: Iterable[Road] = (), close: Iterable[str] = ()) -> None:
            new, gone = list(add), list(close)
            with self._edit() as put:
                names, places = self._names.copy(), self._cell[0].net.keys()
                for name in gone:
                    try:
                        del names[name]
                    except KeyError:
                        raise UnknownRoad(name) from None
                for road in new:
                    refuse(road, names)
                    names[road.name] = road
                net: dict[Any, list[Road]] = {place: [] for place in places}
                for road in new:
                    net.setdefault(road.start, [])
                    net.setdefault(road.end, [])
                for road in names.values():
                    net[road.start].append(road)
                self._names = names
                put(net=MappingProxyType({place: tuple(roads) for place, roads in net.items()}))

        def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
            by, net = self._cell[0]
            by = by if strategy is None else must_be_callable(strategy)
            missing = [place for place in (start, goal) if place not in net]
            if missing:
                raise UnknownPlace(missing[0])
            if start == goal:
                return route_of((), start, goal)
            return route_of(_checked(by, net, start, goal), start, goal)


def _checked(by: Any, net: Any, start: Any, goal: Any) -> list[Road]:
    """The answer, road by road as it comes."""
    roads: list[Road] = []
    here, right = start, True
    try:
        answer = by(net, start, goal)
        for road in answer if isinstance(answer, Iterable) else ():
            right = right and type(road) is Road and road.start == here and road in net[here]
            here = road.end if right else here
            roads.append(road)
    except NoRoute:
        raise
    except Exception as error:
        raise StrategyFailed(by, start, goal) from error
    if right and here == goal:
        return roads
    raise WrongRoute(by, start, goal)


def by_networkx(fields: tuple[str, str], network: Any, start: Any, goal: Any) -> list[Road]:
    """The strategy as a call of networkx: a graph is built, both numbers are folded into one."""
    nx: Any = importlib.import_module("networkx")
    first, second = fields
    roads = [road for some in network.values() for road in some]
    fold = 1 + sum(getattr(road, second) for road in roads)
    graph = nx.DiGraph()
    graph.add_nodes_from(network)
    for road in roads:
        cost = getattr(road, first) * fold + getattr(road, second)
        known = graph.get_edge_data(road.start, road.end)
        if known is None or cost < known["cost"]:
            graph.add_edge(road.start, road.end, cost=cost, road=road)
    try:
        places = nx.dijkstra_path(graph, start, goal, weight="cost")
    except nx.NetworkXNoPath:
        raise NoRoute(start, goal) from None
    return [graph.edges[pair]["road"] for pair in pairwise(places)]


class Networkx:
    """networkx behind the contract: its search finds the places, the cheapest parallel road is chosen beforehand.

    A graph is built for each search, as a strategy that is handed a mapping has to.
    """

    requires = ("networkx",)
    fails: ClassVar[dict[str, str]] = {}

    fastest, shortest, fewest_tolls = (partial(by_networkx, WEIGHTS[by]) for by in WEIGHTS)

    class Navigator(Closures.Navigator):
        """The variant's, with other strategies."""

        __slots__ = ()

        def __init__(self, roads: Iterable[Road] = (), strategy: Any = None) -> None:
            super().__init__(roads, Networkx.fastest if strategy is None else strategy)
