"""Strategy with functions: a way to find a route is a callable, and the navigator holds one.

Map and strategy are two fields of one immutable state. A change builds a new state under a lock and swaps it in; a
route reads the state once and then works on what nobody can change. So nothing is locked while a strategy computes,
and no route ever sees half a change, or a new strategy on an old map.

Trade-offs: a change copies the table of places, so many single changes cost what one big change would not. With
millions of places a persistent map, or one copy for each batch of changes, takes its place. The search is Dijkstra's
without decrease-key: an entry that has been overtaken stays in the heap and is skipped when its turn comes.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count
from types import MappingProxyType
from typing import Any, TypeAlias

from contracts.patterns.strategy import (
    BadRoad,
    Network,
    NoRoute,
    Place,
    Road,
    Route,
    RouteStrategy,
    StrategyFailed,
    UnknownPlace,
    UnknownRoad,
    WrongRoute,
)

Cost: TypeAlias = tuple[int, int]


def fastest(network: Network, start: Place, goal: Place) -> list[Road]:
    """The roads of least seconds, then of least cents."""
    return _cheapest(network, start, goal, lambda road: (road.seconds, road.cents))


def shortest(network: Network, start: Place, goal: Place) -> list[Road]:
    """The roads of least metres, then of least seconds."""
    return _cheapest(network, start, goal, lambda road: (road.metres, road.seconds))


def fewest_tolls(network: Network, start: Place, goal: Place) -> list[Road]:
    """The roads of least cents, then of least seconds."""
    return _cheapest(network, start, goal, lambda road: (road.cents, road.seconds))


def _cheapest(
    network: Network, start: Place, goal: Place, cost_of: Callable[[Road], Cost]
) -> list[Road]:
    """Dijkstra's search with a pair as the cost. Cost: O(roads * log roads), memory O(roads)."""
    numbers = count()  # breaks ties in the heap: places have no order
    best: dict[Place, Cost] = {start: (0, 0)}
    last: dict[Place, Road] = {}
    heap: list[tuple[Cost, int, Place]] = [((0, 0), next(numbers), start)]
    while heap:
        cost, _, place = heappop(heap)
        if place == goal:
            return _backwards(last, start, goal)
        if cost > best[place]:
            continue
        for road in network[place]:
            first, second = cost_of(road)
            longer = (cost[0] + first, cost[1] + second)
            if road.end not in best or longer < best[road.end]:
                best[road.end], last[road.end] = longer, road
                heappush(heap, (longer, next(numbers), road.end))
    raise NoRoute(start, goal)


def _backwards(last: Mapping[Place, Road], start: Place, goal: Place) -> list[Road]:
    roads: list[Road] = []
    while goal != start:
        roads.append(last[goal])
        goal = roads[-1].start
    return roads[::-1]


@dataclass(frozen=True)
class _State:
    """What a route works on; never changed, only replaced."""

    strategy: RouteStrategy
    network: Mapping[Place, tuple[Road, ...]]
    names: Mapping[str, Road]


class Navigator:
    """A map, and the strategy that finds routes on it."""

    def __init__(self, roads: Iterable[Road] = (), strategy: RouteStrategy | None = None) -> None:
        chosen = fastest if strategy is None else _callable(strategy)
        self._changing = threading.Lock()
        self._state = _State(chosen, MappingProxyType({}), {})
        self.change(add=roads)

    @property
    def strategy(self) -> RouteStrategy:
        """The strategy in force."""
        return self._state.strategy

    def use(self, strategy: RouteStrategy) -> None:
        """Exchange the strategy for routes that begin from now on."""
        _callable(strategy)
        with self._changing:
            self._state = replace(self._state, strategy=strategy)

    def change(self, add: Iterable[Road] = (), close: Iterable[str] = ()) -> None:
        """Close roads, then add roads, wholly or not at all. Cost: O(places + roads)."""
        add, close = list(add), list(close)
        with self._changing:
            names, network = dict(self._state.names), dict(self._state.network)
            closed = {name: _closed(names, name) for name in close}
            for place in {road.start for road in closed.values()}:
                network[place] = tuple(r for r in network[place] if r.name not in closed)
            added = [_added(names, road) for road in add]
            for place, roads in _by_start(added).items():
                network[place] = (*network.get(place, ()), *roads)
            self._state = replace(self._state, network=MappingProxyType(network), names=names)

    def route(self, start: Place, goal: Place, strategy: RouteStrategy | None = None) -> Route:
        """The route that the strategy chooses; computed with nothing locked."""
        state = self._state
        chosen = state.strategy if strategy is None else _callable(strategy)
        for place in (start, goal):
            if place not in state.network:
                raise UnknownPlace(place)
        roads = _answer(chosen, state.network, start, goal) if start != goal else ()
        if not _leads(roads, state.network, start, goal):
            raise WrongRoute(chosen, start, goal)
        return Route(
            start,
            goal,
            roads,
            metres=sum(road.metres for road in roads),
            seconds=sum(road.seconds for road in roads),
            cents=sum(road.cents for road in roads),
        )


def _callable(strategy: RouteStrategy) -> RouteStrategy:
    if not callable(strategy):
        raise TypeError(f"a strategy must be callable, got {strategy!r}")
    return strategy


def _closed(names: dict[str, Road], name: str) -> Road:
    if name not in names:
        raise UnknownRoad(name)
    return names.pop(name)


def _added(names: dict[str, Road], road: Road) -> Road:
    for field in ("metres", "seconds", "cents"):
        value = getattr(road, field)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise BadRoad(road, field)
    if road.name in names:
        raise BadRoad(road, "name")
    names[road.name] = road
    return road


def _by_start(roads: Iterable[Road]) -> dict[Place, list[Road]]:
    """The roads by the place that they leave; where they only arrive, there are none."""
    leaving: dict[Place, list[Road]] = {}
    for road in roads:
        leaving.setdefault(road.start, []).append(road)
        leaving.setdefault(road.end, [])
    return leaving


def _answer(
    strategy: RouteStrategy, network: Network, start: Place, goal: Place
) -> tuple[Road, ...]:
    """What the strategy answers, read to its end: a generator raises only then."""
    try:
        answer = strategy(network, start, goal)
        if isinstance(answer, Iterable):
            return tuple(answer)
    except NoRoute:
        raise
    except Exception as error:
        raise StrategyFailed(strategy, start, goal) from error
    raise WrongRoute(strategy, start, goal)


def _leads(
    roads: tuple[Any, ...], network: Mapping[Place, tuple[Road, ...]], start: Place, goal: Place
) -> bool:
    """Whether these are roads of the map, one behind the other, from start to goal."""
    here = start
    for road in roads:
        if not isinstance(road, Road) or road.start != here or road not in network[here]:
            return False
        here = road.end
    return here == goal
