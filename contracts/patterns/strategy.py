"""Strategy: a navigator that finds routes in ways which are exchanged while it is in use.

Seen in production wherever the "how" is a parameter: the key of `sorted`, retry and routing
policies, load balancers, pricing rules, authentication back ends. The pattern is one argument; what
breaks in practice is what surrounds it: a strategy swapped while others use it, one that fails or
answers nonsense, a map that changes under its feet.

Decided here, because real navigators disagree:

* A strategy is anything that can be called with (network, start, goal) and answers with the roads
  to take. There is no base class and no registry: a table of names is a dict, and belongs to whoever
  reads the configuration.
* Weights are whole numbers: metres, seconds, cents. No float means no rounding, and no NaN.
* Roads are one-way and have names. Between two places there may be several, and a road may lead
  back to where it begins. Where equally good routes remain, either is right.
* Fewest tolls means fewest cents, not fewest toll stations.
* A place is known from the first road that names it, for ever: when its last road is closed it is
  unreachable, not unknown.
* A route belongs to one instant: it is computed, and judged, by the strategy and on the map that
  were in force then. A road that is closed on the way does not disturb it.
* The navigator trusts no strategy. It looks at each answer before it hands it on.
* Left open: what else a strategy does with its time, an answer that never ends, what the built-in
  strategies do with a place that the network does not hold, and which of several faults of one call
  is reported.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

TITLE: Final = "Strategy"
LEVEL: Final = "medium"
MINUTES: Final = 60
IMPLEMENT: Final = ("Navigator", "fastest", "shortest", "fewest_tolls")
PROMISES: Final = {
    "P1": "Whatever the network, `fastest` finds a route of least seconds and among those of least"
    " cents, `shortest` one of least metres and then seconds, `fewest_tolls` one of least cents and"
    " then seconds; numbers of any size are exact, and no place is passed twice.",
    "P2": "A route holds the roads of the strategy's answer as a tuple of its own, with their exact"
    " sums of metres, seconds and cents; from a known place to itself it has no roads, and no"
    " strategy is asked.",
    "P3": "A goal that cannot be reached is NoRoute with start and goal; a start or goal that no"
    " road has ever named is UnknownPlace with that place, whatever the strategy.",
    "P4": "Metres, seconds or cents that are no int, are a bool or are negative, and a name that an"
    " open road has already, are BadRoad with the road and the field, in the constructor and in"
    " change; no route is needed to find out.",
    "P5": "A change closes roads, then adds roads, wholly or not at all: a refused one leaves"
    " everything as it was, no route sees half of one, and none is lost when several threads change"
    " the map; closing a road that is not open is UnknownRoad with its name.",
    "P6": "Any callable is a strategy, a false one and a generator function included; it is used as"
    " it is, from `use` on or for the one route that it is given to, which changes nothing for other"
    " routes; without any the navigator uses `fastest`; what cannot be called is a TypeError, and"
    " nothing changes.",
    "P7": "An Exception that a strategy raises, also while its answer is read, is StrategyFailed with"
    " strategy, start, goal and the exception as its __cause__; NoRoute and what is no Exception"
    " pass as they are, and the navigator stays usable.",
    "P8": "An answer that does not lead along open roads of the map, each beginning where the one"
    " before ends, from the start to the goal, is WrongRoute with strategy, start and goal; so is one"
    " that cannot be iterated, such as None.",
    "P9": "A strategy is handed a network that holds every known place and exactly the open roads;"
    " it never changes afterwards, and whatever the strategy tries to do to it changes nothing for"
    " the navigator and for other routes.",
    "P10": "Each route is computed and judged by the strategy and on the map of one instant of the"
    " call, whatever other threads change before it returns.",
    "P11": "While a strategy computes, other threads and the strategy itself can ask for routes,"
    " change the map and exchange the strategy without waiting for it.",
    "P12": "The built-in strategies can be called by anybody with any mapping of places to roads,"
    " by several threads at once; they leave it as it is, keep nothing, and raise NoRoute.",
    "P13": "With n places and roads, a built-in strategy takes about n log n steps and memory of"
    " about n, also if all of them lie in one line or are reached at once; a route takes no more.",
}

Place: TypeAlias = Hashable
"""Texts, numbers, coordinates: whatever can be a key. Places need not be comparable by order."""


@dataclass(frozen=True, slots=True)
class Road:
    """A one-way road, as it was surveyed. Whether its numbers make sense is the navigator's question."""

    name: str
    start: Place
    end: Place
    metres: int
    seconds: int
    cents: int = 0


Network: TypeAlias = Mapping[Place, Iterable[Road]]
"""Every place with the roads that leave it, in any order; a place without ways out is a key, too."""


@dataclass(frozen=True, slots=True)
class Route:
    """The roads from start to goal, and their sums."""

    start: Place
    goal: Place
    roads: tuple[Road, ...]
    metres: int
    seconds: int
    cents: int


class BadRoad(ValueError):
    """A road that the map cannot take. `field` is "metres", "seconds", "cents" or "name"."""

    def __init__(self, road: Road, field: str) -> None:
        super().__init__(road, field)
        self.road, self.field = road, field

    def __str__(self) -> str:
        value = getattr(self.road, self.field, None)
        needed = "must be new" if self.field == "name" else "must be a whole number, 0 or more"
        ends = f"{self.road.start!r} -> {self.road.end!r}"
        return f"road {self.road.name!r} ({ends}): {self.field} {needed}, got {value!r}"


class UnknownRoad(LookupError):
    """No open road has this name."""

    def __init__(self, name: object) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"no open road is named {self.name!r}"


class UnknownPlace(LookupError):
    """No road, open or closed, begins or ends here."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.place = place

    def __str__(self) -> str:
        return f"no road has ever named {self.place!r}"


class NoRoute(Exception):
    """The goal cannot be reached from the start. Strategies raise it, of their own kind, too."""

    def __init__(self, start: Place, goal: Place) -> None:
        super().__init__(start, goal)
        self.start, self.goal = start, goal

    def __str__(self) -> str:
        return f"no route from {self.start!r} to {self.goal!r}"


class StrategyFailed(RuntimeError):
    """The strategy raised; `__cause__` is what. `strategy` is the callable itself."""

    def __init__(self, strategy: object, start: Place, goal: Place) -> None:
        super().__init__(strategy, start, goal)
        self.strategy, self.start, self.goal = strategy, start, goal

    def __str__(self) -> str:
        name = getattr(self.strategy, "__qualname__", type(self.strategy).__qualname__)
        return f"strategy {name} failed on the way from {self.start!r} to {self.goal!r}"


class WrongRoute(StrategyFailed):
    """The strategy answered with something that is no route on this map."""

    def __str__(self) -> str:
        return f"{super().__str__()}: its answer does not lead there along open roads"


class RouteStrategy(Protocol):
    """A way to choose a route. The navigator may call it in several threads at once."""

    def __call__(self, network: Network, start: Place, goal: Place, /) -> Iterable[Road]:
        """The roads to take, in order: a list, a tuple, or whatever else can be iterated once.

        The navigator calls it with three arguments by position, in the thread that asked for the
        route, with nothing locked. Raises NoRoute if there is none.
        """
        ...


def fastest(network: Network, start: Place, goal: Place) -> Iterable[Road]:
    """The roads of a route of least seconds, and among those of least cents.

    `network` is any mapping whose values can be iterated more than once, not only a navigator's.
    From a place to itself there are no roads to take. Raises NoRoute.
    """
    raise NotImplementedError


def shortest(network: Network, start: Place, goal: Place) -> Iterable[Road]:
    """The roads of a route of least metres, and among those of least seconds; else as `fastest`."""
    raise NotImplementedError


def fewest_tolls(network: Network, start: Place, goal: Place) -> Iterable[Road]:
    """The roads of a route of least cents, and among those of least seconds; else as `fastest`."""
    raise NotImplementedError


class Navigator(Protocol):
    """A map, and the strategy that finds routes on it. Thread-safe."""

    @property
    def strategy(self) -> RouteStrategy:
        """The strategy in force: the object that was given."""
        ...

    def use(self, strategy: RouteStrategy) -> None:
        """Let routes that begin from now on be found by `strategy`. Never waits for a route.

        Raises TypeError if it cannot be called.
        """
        ...

    def change(self, add: Iterable[Road] = (), close: Iterable[str] = ()) -> None:
        """Close the roads with these names, then add roads, as one change. Never waits for a route.

        So a road is replaced by closing and adding its name in one call. Both may be anything that
        can be iterated once. Numbers are instances of int: a subclass other than bool will do.
        No name is given twice in `close`; two roads of one name in `add` are a BadRoad.

        Raises BadRoad, UnknownRoad, or what iterating raises; then nothing has changed.
        """
        ...

    def route(self, start: Place, goal: Place, strategy: RouteStrategy | None = None) -> Route:
        """The route that `strategy`, or else the strategy in force, chooses.

        The roads of the answer count as roads of the map if they are equal to them.

        Raises UnknownPlace, NoRoute, StrategyFailed, WrongRoute; TypeError if `strategy` is neither
        None nor callable.
        """
        ...


class NewNavigator(Protocol):
    """How a navigator is made."""

    def __call__(
        self, roads: Iterable[Road] = (), strategy: RouteStrategy | None = None
    ) -> Navigator:
        """Make a navigator of a map with these roads; `strategy` None is `fastest`.

        Raises BadRoad as `change` does; TypeError if `strategy` is neither None nor callable.
        """
        ...
