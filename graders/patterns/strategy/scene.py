"""A drive to the sea: three strategies, a new one, a closed road, and one that cannot be trusted."""

from typing import Any

from contracts.patterns.strategy import Network, NoRoute, Place, Road, StrategyFailed
from graders.kit import Implementation

ROADS = [
    Road("motorway", "home", "sea", 90_000, 3_000, 950),
    Road("lane", "home", "village", 30_000, 2_400),
    Road("coast road", "village", "sea", 40_000, 3_600),
    Road("bridge", "village", "sea", 20_000, 1_500, 200),
]


def play(impl: Implementation) -> None:
    """Ask for the same route in several ways."""
    navigator = impl.Navigator(ROADS)

    def ask(by: str, strategy: Any) -> None:
        try:
            route = navigator.route("home", "sea", strategy)
        except (StrategyFailed, NoRoute) as error:
            print(f"  {by:<14} {type(error).__name__}: {error}")
            return
        roads = ", ".join(road.name for road in route.roads)
        print(
            f"  {by:<14} {roads}: {route.metres // 1000} km, {route.seconds // 60} min, {route.cents} cents"
        )

    def free_of_charge(network: Network, start: Place, goal: Place) -> Any:
        free = {place: [road for road in network[place] if not road.cents] for place in network}
        return impl.fastest(free, start, goal)

    print("from home to the sea")
    for by in ("fastest", "shortest", "fewest_tolls"):
        ask(by, getattr(impl, by))
    print("a new strategy is a function that hands a built-in one a smaller network")
    ask("free_of_charge", free_of_charge)
    print("a flood: the lane is closed")
    navigator.change(close=["lane"])
    ask("fastest", impl.fastest)
    ask("free_of_charge", free_of_charge)
    print("a strategy that still has an old map")
    ask("out of date", lambda *_: [ROADS[1], ROADS[2]])
