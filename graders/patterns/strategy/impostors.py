"""Navigators that are almost right: one wrong idea each, and the promise it breaks."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from heapq import heappop, heappush
from itertools import count
from types import MappingProxyType
from typing import Any

from contracts.patterns.strategy import (
    BadRoad,
    NoRoute,
    Road,
    Route,
    StrategyFailed,
    UnknownPlace,
    WrongRoute,
)
from solutions.patterns import strategy as reference

Key = Callable[[Road], tuple[int, int]]
Search = Callable[[Any, Any, Any, Key], list[Road]]


def fast(road: Road) -> tuple[int, int]:
    """What `fastest` makes small."""
    return road.seconds, road.cents


def short(road: Road) -> tuple[int, int]:
    """What `shortest` makes small."""
    return road.metres, road.seconds


def cheap(road: Road) -> tuple[int, int]:
    """What `fewest_tolls` makes small."""
    return road.cents, road.seconds


def by(search: Search, key: Key) -> Any:
    """A built-in strategy with this search."""
    return staticmethod(lambda network, start, goal: search(network, start, goal, key))


def plus(cost: tuple[int, int], more: tuple[int, int]) -> tuple[int, int]:
    """The sum of two costs."""
    return cost[0] + more[0], cost[1] + more[1]


def back(last: Mapping[Any, Road], start: Any, goal: Any) -> list[Road]:
    """The roads that were remembered, from the start."""
    roads: list[Road] = []
    while goal != start:
        roads.append(last[goal])
        goal = roads[-1].start
    return roads[::-1]


class InSteps(reference.Navigator):
    """The reference, its route cut into steps that can be exchanged."""

    def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
        state = self._state
        chosen = state.strategy if strategy is None else reference._callable(strategy)
        for place in (start, goal):
            if place not in state.network:
                raise UnknownPlace(place)
        roads = self.ask(chosen, state.network, start, goal) if start != goal else ()
        if not self.leads(roads, state, start, goal):
            raise WrongRoute(chosen, start, goal)
        return self.made(roads, state, start, goal)

    def ask(self, strategy: Any, network: Any, start: Any, goal: Any) -> Any:
        """The strategy's answer."""
        return reference._answer(strategy, network, start, goal)

    def leads(self, roads: Any, state: Any, start: Any, goal: Any) -> bool:
        """Whether it is a route."""
        return reference._leads(roads, state.network, start, goal)

    def made(self, roads: Any, state: Any, start: Any, goal: Any) -> Route:
        """The route."""
        sums = (
            sum(getattr(road, name) for road in roads) for name in ("metres", "seconds", "cents")
        )
        return Route(start, goal, roads, *sums)


def first_of_parallel(network: Any, start: Any, goal: Any, key: Key) -> list[Road]:
    """Of several roads between two places only the first is looked at."""
    ends = {place: {r.end: r for r in reversed(list(network[place]))} for place in network}
    some = {place: list(roads.values()) for place, roads in ends.items()}
    return reference._cheapest(some, start, goal, key)


class FirstOfParallelRoads:
    """Between two places it knows one road, the first. As pgRouting issue 34."""

    breaks = "P1"

    fastest, shortest, fewest_tolls = (by(first_of_parallel, k) for k in (fast, short, cheap))


def parallel_by_length(network: Any, start: Any, goal: Any, key: Key) -> list[Road]:
    """Of several roads between two places the shortest is looked at, whatever is asked for."""
    some = {
        place: list(
            {r.end: r for r in sorted(network[place], key=short, reverse=True)}.values()
        )
        for place in network
    }  # fmt: skip
    return reference._cheapest(some, start, goal, key)


class ParallelRoadsByLength:
    """Of parallel roads the shortest is taken, also by the fastest route. As networkx issue 376."""

    breaks = "P1"

    fastest, fewest_tolls = by(parallel_by_length, fast), by(parallel_by_length, cheap)


def settles_when_seen(network: Any, start: Any, goal: Any, key: Key) -> list[Road]:
    """A place is done when it is found, not when its turn comes."""
    numbers, last, seen = count(), {}, {start}
    heap = [((0, 0), next(numbers), start)]
    while heap:
        cost, _, place = heappop(heap)
        if place == goal:
            return back(last, start, goal)
        for road in sorted(network[place], key=key):
            if road.end not in seen:
                seen.add(road.end)
                last[road.end] = road
                heappush(heap, (plus(cost, key(road)), next(numbers), road.end))
    raise NoRoute(start, goal)


class SettlesWhenSeen:
    """The first way to a place is kept for ever."""

    breaks = "P1"

    fastest, shortest, fewest_tolls = (by(settles_when_seen, k) for k in (fast, short, cheap))


class NoTieBreak:
    """Looks at the first number only: of equally cheap routes any will do."""

    breaks = "P1"

    fewest_tolls = by(reference._cheapest, lambda road: (road.cents, 0))


class WeighedSum:
    """Adds both numbers up, the first one a million times."""

    breaks = "P1"

    fastest = by(reference._cheapest, lambda road: (road.seconds * 1_000_000 + road.cents, 0))
    shortest = by(reference._cheapest, lambda road: (road.metres * 1_000_000 + road.seconds, 0))
    fewest_tolls = by(reference._cheapest, lambda road: (road.cents * 1_000_000 + road.seconds, 0))


class Floats:
    """Reckons in floats: beyond 2**53 it cannot tell numbers apart."""

    breaks = "P1"

    fastest = by(reference._cheapest, lambda road: (float(road.seconds), road.cents))
    shortest = by(reference._cheapest, lambda road: (float(road.metres), road.seconds))
    fewest_tolls = by(reference._cheapest, lambda road: (float(road.cents), road.seconds))


def roads_in_heap(network: Any, start: Any, goal: Any, key: Key) -> list[Road]:
    """Without a number between cost and place, equal costs make the heap compare places."""
    best: dict[Any, Any] = {start: (0, 0)}
    last: dict[Any, Road] = {}
    heap: list[Any] = [((0, 0), start)]
    while heap:
        cost, place = heappop(heap)
        if place == goal:
            return back(last, start, goal)
        for road in network[place] if cost <= best[place] else ():
            longer = plus(cost, key(road))
            if road.end not in best or longer < best[road.end]:
                best[road.end], last[road.end] = longer, road
                heappush(heap, (longer, road.end))
    raise NoRoute(start, goal)


class HeapComparesPlaces:
    """Two places at the same cost are compared with each other. As networkx issue 1111, pyvisgraph issue 22."""

    breaks = "P1"

    fastest, shortest, fewest_tolls = (by(roads_in_heap, k) for k in (fast, short, cheap))


class SumsOverParallelRoads:
    """A route's sums count the cheapest of the parallel roads, not the one taken.

    A relative of evenfurther/pathfinding issue 796, which counts all of them.
    """

    breaks = "P2"

    class Navigator(InSteps):
        def made(self, roads: Any, state: Any, start: Any, goal: Any) -> Route:
            toll = 0
            for road in roads:
                toll += min(r.cents for r in state.network[road.start] if r.end == road.end)
            return replace(super().made(roads, state, start, goal), cents=toll)


class AsksForNothing:
    """From a place to itself the strategy is asked as always."""

    breaks = "P2"

    class Navigator(InSteps):
        def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
            state = self._state
            if start == goal and start in state.network:
                self.ask(
                    state.strategy if strategy is None else strategy, state.network, start, goal
                )
            return super().route(start, goal, strategy)


class HandsTheAnswerOn:
    """The route holds the list that the strategy answered with. It changes when the strategy changes it."""

    breaks = "P2"

    class Navigator(InSteps):
        def ask(self, strategy: Any, network: Any, start: Any, goal: Any) -> Any:
            answers: list[Any] = []

            def listening(*way: Any) -> Any:
                answers.append(strategy(*way))
                return answers[0]

            try:
                roads = super().ask(listening, network, start, goal)
            except StrategyFailed as error:
                raise type(error)(strategy, start, goal) from error.__cause__
            return answers[0] if isinstance(answers[0], list) else roads


class ForgetsPlaces:
    """A place without open roads is unknown."""

    breaks = "P3"

    class Navigator(reference.Navigator):
        def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
            roads = [road for some in self._state.network.values() for road in some]
            for place in (start, goal):
                if not any(place in (road.start, road.end) for road in roads):
                    raise UnknownPlace(place)
            return super().route(start, goal, strategy)


class TrueIsOne:
    """A bool is an int, Python says."""

    breaks = "P4"

    class Navigator(reference.Navigator):
        def change(self, add: Iterable[Road] = (), close: Iterable[str] = ()) -> None:
            fields = ("metres", "seconds", "cents")
            super().change(
                [
                    replace(r, **{f: int(getattr(r, f)) for f in fields if isinstance(getattr(r, f), bool)})
                    for r in add
                ],
                close,
            )  # fmt: skip


class FoundOutOnTheWay:
    """Numbers are looked at by the search that meets them. As networkx issue 4314, rustworkx issue 525."""

    breaks = "P4"

    class Navigator(reference.Navigator):
        def change(self, add: Iterable[Road] = (), close: Iterable[str] = ()) -> None:
            add, close = list(add), list(close)
            bad = [road for road in add if not self._is_right(road)]
            super().change([road for road in add if road not in bad], close)
            self._bad = [*getattr(self, "_bad", ()), *bad]

        @staticmethod
        def _is_right(road: Road) -> bool:
            try:
                reference._added({}, road)
            except BadRoad:
                return False
            return True

        def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
            for road in self._bad:
                reference._added({}, road)
            return super().route(start, goal, strategy)


class NamesTwice:
    """A second road of a name takes the place of the first in the index; both stay on the map."""

    breaks = "P4"

    class Navigator(reference.Navigator):
        def change(self, add: Iterable[Road] = (), close: Iterable[str] = ()) -> None:
            add = list(add)
            names = {road.name: road for road in add}
            super().change(
                names.values(), [*close, *(names.keys() & self._state.names.keys() - {*close})]
            )


class OneByOne:
    """Closes and adds road by road, each a change of its own."""

    breaks = "P5"

    class Navigator(reference.Navigator):
        def change(self, add: Iterable[Road] = (), close: Iterable[str] = ()) -> None:
            for name in list(close):
                super().change(close=[name])
            for road in list(add):
                super().change(add=[road])


class ClosedThenAdded:
    """Everything is looked at first, then closed, then added: between the two a route sees half."""

    breaks = "P5"

    class Navigator(reference.Navigator):
        def __init__(self, roads: Iterable[Road] = (), strategy: Any = None) -> None:
            self._whole = threading.Lock()
            super().__init__(roads, strategy)

        def change(self, add: Iterable[Road] = (), close: Iterable[str] = ()) -> None:
            add, close = list(add), list(close)
            with self._whole:
                names = dict(self._state.names)
                for name in close:
                    reference._closed(names, name)
                for road in add:
                    reference._added(names, road)
                super().change(close=close)
                super().change(add=add)


class ChangesGetLost:
    """Reads the state, builds a new one and swaps it in, without a lock around."""

    breaks = "P5"

    class Navigator(reference.Navigator):
        def change(self, add: Iterable[Road] = (), close: Iterable[str] = ()) -> None:
            add, close = list(add), list(close)
            state = self._state
            names, network = dict(state.names), dict(state.network)
            closed = [reference._closed(names, name) for name in close]
            for road in closed:
                network[road.start] = tuple(r for r in network[road.start] if r != road)
            added = [reference._added(names, road) for road in add]
            for place, roads in reference._by_start(added).items():
                network[place] = (*network.get(place, ()), *roads)
            self._state = replace(self._state, network=MappingProxyType(network), names=names)


class UseUndoesAChange:
    """`use` swaps the state without the lock: a change at the same time is lost."""

    breaks = "P5"

    class Navigator(reference.Navigator):
        def use(self, strategy: Any) -> None:
            reference._callable(strategy)
            self._state = replace(self._state, strategy=strategy)


class ClosesAllParallels:
    """Closing a road closes whatever leads between the same places."""

    breaks = "P5"

    class Navigator(reference.Navigator):
        def change(self, add: Iterable[Road] = (), close: Iterable[str] = ()) -> None:
            add, close, names = list(add), list(close), self._state.names
            ends = {(names[n].start, names[n].end) for n in close if n in names}
            more = [
                n for n, road in names.items() if (road.start, road.end) in ends and n not in close
            ]
            super().change(add, [*close, *more])


class TrueStrategies:
    """`strategy or self.strategy`: a strategy that is false counts as none."""

    breaks = "P6"

    class Navigator(reference.Navigator):
        def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
            return super().route(start, goal, strategy or None)


class AskedForNothingLate:
    """From a place to itself it answers before it looks at what it was given as a strategy."""

    breaks = "P6"

    class Navigator(reference.Navigator):
        def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
            return super().route(start, goal, None if start == goal else strategy)


class SameAsBefore:
    """A strategy that is equal to the one in force is not put in force."""

    breaks = "P6"

    class Navigator(reference.Navigator):
        def use(self, strategy: Any) -> None:
            if strategy != self.strategy:
                super().use(strategy)


class SetAndReset:
    """A strategy for one route is put in force, and the old one put back afterwards."""

    breaks = "P6"

    class Navigator(reference.Navigator):
        def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
            if strategy is None:
                return super().route(start, goal)
            before = self.strategy
            self.use(strategy)
            try:
                return super().route(start, goal)
            finally:
                self.use(before)


class RemembersRoutes:
    """Keeps the answer of each strategy for start and goal until the map changes."""

    breaks = "P6"

    class Navigator(reference.Navigator):
        def __init__(self, roads: Iterable[Road] = (), strategy: Any = None) -> None:
            self._known: dict[Any, Any] = {}
            super().__init__(roads, strategy)

        def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
            state = self._state
            key = (start, goal, id(state.network), state.strategy if strategy is None else strategy)
            try:
                if key not in self._known:
                    self._known[key] = super().route(start, goal, strategy)
                return self._known[key]
            except TypeError:  # a strategy that cannot be hashed
                return super().route(start, goal, strategy)


class ReadsOutside:
    """Only the call is guarded; what a generator raises comes while its answer is read, unguarded."""

    breaks = "P7"

    class Navigator(InSteps):
        def ask(self, strategy: Any, network: Any, start: Any, goal: Any) -> Any:
            try:
                found = strategy(network, start, goal)
            except NoRoute:
                raise
            except Exception as error:
                raise StrategyFailed(strategy, start, goal) from error
            if not isinstance(found, Iterable):
                raise WrongRoute(strategy, start, goal)
            return tuple(found)


class BeginsOutside:
    """The call is guarded, and each road that is read; the first step, `iter(answer)`, is not."""

    breaks = "P7"

    class Navigator(InSteps):
        def ask(self, strategy: Any, network: Any, start: Any, goal: Any) -> Any:
            try:
                found = strategy(network, start, goal)
            except NoRoute:
                raise
            except Exception as error:
                raise StrategyFailed(strategy, start, goal) from error
            if not isinstance(found, Iterable):
                raise WrongRoute(strategy, start, goal)
            steps = iter(found)
            try:
                return tuple(steps)
            except NoRoute:
                raise
            except Exception as error:
                raise StrategyFailed(strategy, start, goal) from error


class OwnErrorsPass:
    """What looks like an error of this navigator is let through, also if a strategy raised it."""

    breaks = "P7"

    class Navigator(InSteps):
        def ask(self, strategy: Any, network: Any, start: Any, goal: Any) -> Any:
            try:
                return super().ask(strategy, network, start, goal)
            except StrategyFailed as error:
                if isinstance(error.__cause__, StrategyFailed | UnknownPlace):
                    raise error.__cause__ from None
                raise


class CatchesInterrupts:
    """Ctrl-C in a strategy is a failure of that strategy."""

    breaks = "P7"

    class Navigator(InSteps):
        def ask(self, strategy: Any, network: Any, start: Any, goal: Any) -> Any:
            try:
                return super().ask(strategy, network, start, goal)
            except Exception:
                raise
            except BaseException as error:
                raise StrategyFailed(strategy, start, goal) from error


class CauseLost:
    """`from None`: what the strategy raised is gone."""

    breaks = "P7"

    class Navigator(reference.Navigator):
        def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
            try:
                return super().route(start, goal, strategy)
            except StrategyFailed as error:
                raise error from None


class NoRouteIsAFailure:
    """A strategy that finds no way has failed, like any that raises."""

    breaks = "P7"

    class Navigator(InSteps):
        def ask(self, strategy: Any, network: Any, start: Any, goal: Any) -> Any:
            try:
                return super().ask(strategy, network, start, goal)
            except NoRoute as error:
                if strategy in (reference.fastest, reference.shortest, reference.fewest_tolls):
                    raise
                raise StrategyFailed(strategy, start, goal) from error


class BlamesTheStrategyInForce:
    """The error names the strategy in force, also if the route had one of its own."""

    breaks = "P7"

    class Navigator(InSteps):
        def ask(self, strategy: Any, network: Any, start: Any, goal: Any) -> Any:
            try:
                return super().ask(strategy, network, start, goal)
            except StrategyFailed as error:
                raise type(error)(self.strategy, start, goal) from error.__cause__


class LooksAtNames:
    """A road of the answer is one of the map's if its name is."""

    breaks = "P8"

    class Navigator(InSteps):
        def leads(self, roads: Any, state: Any, start: Any, goal: Any) -> bool:
            if not all(isinstance(road, Road) and road.name in state.names for road in roads):
                return False
            return [start, *(r.end for r in roads)] == [*(r.start for r in roads), goal]


class LooksAtTheEnds:
    """The answer begins at the start and ends at the goal, on roads of the map; the joints are not looked at."""

    breaks = "P8"

    class Navigator(InSteps):
        def leads(self, roads: Any, state: Any, start: Any, goal: Any) -> bool:
            if not all(
                isinstance(road, Road) and state.names.get(road.name) == road for road in roads
            ):
                return False
            return bool(
                start == goal or (roads and roads[0].start == start and roads[-1].end == goal)
            )


class LooksAtTheJoints:
    """The answer hangs together and ends at the goal; where it begins is not looked at."""

    breaks = "P8"

    class Navigator(InSteps):
        def leads(self, roads: Any, state: Any, start: Any, goal: Any) -> bool:
            if not all(isinstance(road, Road) for road in roads):
                return False
            begin = roads[0].start if roads else start
            return begin in state.network and super().leads(roads, state, begin, goal)


class StopsAtTheGoal:
    """Reads the answer until it has come to the goal; what follows is not looked at."""

    breaks = "P8"

    class Navigator(InSteps):
        def leads(self, roads: Any, state: Any, start: Any, goal: Any) -> bool:
            judge = super().leads
            return any(judge(roads[:n], state, start, goal) for n in range(len(roads) + 1))


class LiveMap:
    """Strategies are handed a read-only view of the map as it is at the moment."""

    breaks = "P9"

    class Navigator(reference.Navigator):
        def __init__(self, roads: Iterable[Road] = (), strategy: Any = None) -> None:
            self._live: dict[Any, Any] = {}
            self._view = MappingProxyType(self._live)
            super().__init__(roads, strategy)

        def change(self, add: Iterable[Road] = (), close: Iterable[str] = ()) -> None:
            super().change(add, close)
            self._live.update(self._state.network)
            self._state = replace(self._state, network=self._view)


class ListsOfRoads:
    """The mapping is read-only, the lists in it are the navigator's own."""

    breaks = "P9"

    class Navigator(reference.Navigator):
        def change(self, add: Iterable[Road] = (), close: Iterable[str] = ()) -> None:
            with_tuples = {place: tuple(roads) for place, roads in self._state.network.items()}
            self._state = replace(self._state, network=MappingProxyType(with_tuples))
            try:
                super().change(add, close)
            finally:
                lists = {place: list(roads) for place, roads in self._state.network.items()}
                self._state = replace(self._state, network=MappingProxyType(lists))


class OnlyPlacesWithRoads:
    """A place that no road leaves is no key of the network."""

    breaks = "P9"

    class Navigator(InSteps):
        def ask(self, strategy: Any, network: Any, start: Any, goal: Any) -> Any:
            try:
                some = network if getattr(strategy, "__module__", "") == reference.__name__ else {
                    place: roads for place, roads in network.items() if roads
                }  # fmt: skip
                return super().ask(lambda _, *ends: strategy(some, *ends), network, start, goal)
            except StrategyFailed as error:
                raise type(error)(strategy, start, goal) from error.__cause__


class JudgesByTheNewMap:
    """The answer is looked at on the map as it is when the strategy has returned."""

    breaks = "P10"

    class Navigator(InSteps):
        def leads(self, roads: Any, state: Any, start: Any, goal: Any) -> bool:
            return super().leads(roads, self._state, start, goal)


class MapThenStrategy:
    """Reads the map, then the strategy: a strategy that came meanwhile works on a map that has gone."""

    breaks = "P10"

    class Navigator(reference.Navigator):
        def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
            frozen = reference.Navigator.__new__(reference.Navigator)
            frozen._state = self._state
            return frozen.route(start, goal, self.strategy if strategy is None else strategy)


class AsksUnderTheLock:
    """The strategy computes while the navigator is locked."""

    breaks = "P11"

    class Navigator(reference.Navigator):
        def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
            with self._changing:
                return super().route(start, goal, strategy)


class OneRouteAtATime:
    """A lock of its own for routes, one that its owner may take again."""

    breaks = "P11"

    class Navigator(reference.Navigator):
        def __init__(self, roads: Iterable[Road] = (), strategy: Any = None) -> None:
            self._turn = threading.RLock()
            super().__init__(roads, strategy)

        def route(self, start: Any, goal: Any, strategy: Any = None) -> Route:
            with self._turn:
                return super().route(start, goal, strategy)


_best: dict[Any, Any] = {}
_last: dict[Any, Road] = {}


def on_shared_paper(network: Any, start: Any, goal: Any, key: Key) -> list[Road]:
    """The search's notes are global, wiped before each search."""
    numbers = count()
    _best.clear()
    _last.clear()
    _best[start] = (0, 0)
    heap: list[Any] = [((0, 0), next(numbers), start)]
    while heap:
        cost, _, place = heappop(heap)
        if place == goal:
            return back(_last, start, goal)
        for road in network[place] if cost <= _best.get(place, cost) else ():
            longer = plus(cost, key(road))
            if road.end not in _best or longer < _best[road.end]:
                _best[road.end], _last[road.end] = longer, road
                heappush(heap, (longer, next(numbers), road.end))
    raise NoRoute(start, goal)


class SharedPaper:
    """All searches make their notes in one place. As RyanCarrier/dijkstra issue 16."""

    breaks = "P12"

    fastest, shortest, fewest_tolls = (by(on_shared_paper, k) for k in (fast, short, cheap))


_tables: dict[int, Any] = {}


def known_by_number(network: Any, start: Any, goal: Any, key: Key) -> list[Road]:
    """What a network looks like is remembered under its id."""
    if not isinstance(network, MappingProxyType):
        network = _tables.setdefault(id(network), {p: list(roads) for p, roads in network.items()})
    return reference._cheapest(network, start, goal, key)


class RemembersNetworks:
    """Prepares each network once, and knows it again by its id."""

    breaks = "P12"

    fastest, shortest, fewest_tolls = (by(known_by_number, k) for k in (fast, short, cheap))


_latest: list[Any] = []


def kept_for_later(network: Any, start: Any, goal: Any, key: Key) -> list[Road]:
    """Searches; the network of the latest search is kept, and never used again."""
    _latest[:] = [network]
    return reference._cheapest(network, start, goal, key)


class KeepsTheNetwork:
    """What a strategy was called with last stays in memory."""

    breaks = "P12"

    fastest, shortest, fewest_tolls = (by(kept_for_later, k) for k in (fast, short, cheap))


class SortsTheNetwork:
    """Sorts the roads of each place where they are, to find the good ones sooner."""

    breaks = "P12"

    @staticmethod
    def fastest(network: Any, start: Any, goal: Any) -> list[Road]:
        """Sort, then search."""
        for roads in network.values():
            if isinstance(roads, list):
                roads.sort(key=fast)
        return reference.fastest(network, start, goal)


def unsorted_queue(network: Any, start: Any, goal: Any, key: Key) -> list[Road]:
    """The place whose turn it is is looked for in a list."""
    best: dict[Any, Any] = {start: (0, 0)}
    last: dict[Any, Road] = {}
    waiting, done = {start: (0, 0)}, set()
    while waiting:
        place = min(waiting, key=waiting.__getitem__)
        cost = waiting.pop(place)
        done.add(place)
        if place == goal:
            return back(last, start, goal)
        for road in network[place]:
            longer = plus(cost, key(road))
            if road.end not in done and (road.end not in best or longer < best[road.end]):
                best[road.end], last[road.end] = longer, road
                waiting[road.end] = longer
    raise NoRoute(start, goal)


class UnsortedQueue:
    """Looks through all that wait for each place that it takes. As networkx issue 15."""

    breaks = "P13"

    fastest, shortest, fewest_tolls = (by(unsorted_queue, k) for k in (fast, short, cheap))


def done_is_a_list(network: Any, start: Any, goal: Any, key: Key) -> list[Road]:
    """Which places are done is written down in a list."""
    numbers, done, last = count(), [], dict[Any, Road | None]()
    heap: list[Any] = [((0, 0), next(numbers), start, None)]
    while heap:
        cost, _, place, came_by = heappop(heap)
        if place in done:
            continue
        done.append(place)
        last[place] = came_by
        if place == goal:
            return back(last, start, goal)  # type: ignore[arg-type]
        for road in network[place]:
            heappush(heap, (plus(cost, key(road)), next(numbers), road.end, road))
    raise NoRoute(start, goal)


class DoneIsAList:
    """Whether a place is done is looked up in a list."""

    breaks = "P13"

    fastest, shortest, fewest_tolls = (by(done_is_a_list, k) for k in (fast, short, cheap))


def overtaken_ones_too(network: Any, start: Any, goal: Any, key: Key) -> list[Road]:
    """Entries of the heap that have been overtaken are worked through like the others."""
    numbers = count()
    best: dict[Any, Any] = {start: (0, 0)}
    last: dict[Any, Road] = {}
    heap: list[Any] = [((0, 0), next(numbers), start)]
    while heap:
        cost, _, place = heappop(heap)
        if place == goal:
            return back(last, start, goal)
        for road in network[place]:
            longer = plus(cost, key(road))
            if road.end not in best or longer < best[road.end]:
                best[road.end], last[road.end] = longer, road
                heappush(heap, (longer, next(numbers), road.end))
    raise NoRoute(start, goal)


class OvertakenOnesToo:
    """Never asks whether an entry of the heap is still the best way to its place."""

    breaks = "P13"

    fastest, shortest, fewest_tolls = (by(overtaken_ones_too, k) for k in (fast, short, cheap))


def in_order_of_finding(network: Any, start: Any, goal: Any, key: Key) -> list[Road]:
    """A plain queue: every improvement sends a place to the end again."""
    best: dict[Any, Any] = {start: (0, 0)}
    last: dict[Any, Road] = {}
    waiting = deque([start])
    while waiting:
        place = waiting.popleft()
        for road in network[place]:
            longer = plus(best[place], key(road))
            if road.end not in best or longer < best[road.end]:
                best[road.end], last[road.end] = longer, road
                if road.end not in waiting:
                    waiting.append(road.end)
    if goal not in best:
        raise NoRoute(start, goal)
    return back(last, start, goal)


class InOrderOfFinding:
    """Corrects what it knows until nothing changes any more: right, and slow where dear ways are found first."""

    breaks = "P13"

    fastest, shortest, fewest_tolls = (by(in_order_of_finding, k) for k in (fast, short, cheap))


def in_rounds(network: Any, start: Any, goal: Any, key: Key) -> list[Road]:
    """All roads are looked at again and again, until nothing gets better."""
    best: dict[Any, Any] = {start: (0, 0)}
    last: dict[Any, Road] = {}
    better = True
    while better:
        better = False
        for place in network:
            for road in network[place] if place in best else ():
                longer = plus(best[place], key(road))
                if road.end not in best or longer < best[road.end]:
                    best[road.end], last[road.end], better = longer, road, True
    if goal not in best:
        raise NoRoute(start, goal)
    return back(last, start, goal)


class Rounds:
    """Bellman and Ford's search: right also for negative numbers, which do not occur, and slow."""

    breaks = "P13"

    fastest, shortest, fewest_tolls = (by(in_rounds, k) for k in (fast, short, cheap))


def with_whole_ways(network: Any, start: Any, goal: Any, key: Key) -> list[Road]:
    """Each entry of the heap holds its whole way."""
    numbers = count()
    done: set[Any] = set()
    heap: list[Any] = [((0, 0), next(numbers), start, [])]
    while heap:
        cost, _, place, way = heappop(heap)
        if place == goal:
            return list(way)
        if place not in done:
            done.add(place)
            for road in network[place]:
                if road.end not in done:
                    heappush(heap, (plus(cost, key(road)), next(numbers), road.end, [*way, road]))
    raise NoRoute(start, goal)


class WholeWays:
    """Every place that waits holds a list of all roads to it."""

    breaks = "P13"

    fastest, shortest, fewest_tolls = (by(with_whole_ways, k) for k in (fast, short, cheap))


def recursive_back(last: Mapping[Any, Road], start: Any, goal: Any) -> list[Road]:
    """One call for each road."""
    if goal == start:
        return []
    return [*recursive_back(last, start, last[goal].start), last[goal]]


class Recursive:
    """The way back is found by recursion: 1,000 roads are too many."""

    breaks = "P13"

    @staticmethod
    def fastest(network: Any, start: Any, goal: Any) -> list[Road]:
        """Search, then call oneself for each road."""
        roads = reference.fastest(network, start, goal)
        return recursive_back({road.end: road for road in roads}, start, goal)
