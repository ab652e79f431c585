"""Arguments that are refused, and what that leaves untouched."""

import math
from collections.abc import Callable

from contracts.services.cache import Stats
from graders.kit import Implementation, Sim, check, equal, raises, simulate


@check("P14", kind="contract")
def test_bad_numbers_are_refused(impl: Implementation) -> None:
    """Capacity below 1; ttl zero, negative and NaN, wherever a ttl can be given."""

    def scene(sim: Sim) -> None:
        for capacity in (0, -1):
            raises(ValueError, lambda c=capacity: impl.Cache(c), did=f"Cache({capacity})")
        cache = impl.Cache(2)
        cache.put("k", "old", ttl=5)
        loads: list[str] = []
        for ttl in (0, -1, -0.5, math.nan, -math.inf):
            refused: dict[str, Callable[[], object]] = {
                f"Cache(1, ttl={ttl})": lambda t=ttl: impl.Cache(1, ttl=t),
                f"put(k, new, ttl={ttl})": lambda t=ttl: cache.put("k", "new", ttl=t),
                f"put(x, new, ttl={ttl})": lambda t=ttl: cache.put("x", "new", ttl=t),
                f"get_or_load(k, loader, ttl={ttl}), k being there": lambda t=ttl: (
                    cache.get_or_load("k", lambda: loads.append("called"), ttl=t)
                ),
                f"get_or_load(x, loader, ttl={ttl})": lambda t=ttl: cache.get_or_load(
                    "x", lambda: loads.append("called"), ttl=t
                ),
            }
            for did, call in refused.items():
                raises(ValueError, call, did=did)
        equal(loads, [], did="loaders called by get_or_load with a bad ttl")
        equal(
            cache.stats(), Stats(0, 0, 0, 0, 0, 0, size=1), did="stats() after calls with bad ttl"
        )
        cache.put("tiny", 1, ttl=2**-20)
        equal("tiny" in cache, True, did="put with ttl=2**-20, `in`")
        sim.sleep(4.75)
        equal(
            cache.get("k"), "old", did="get of the entry that a put with a bad ttl was to replace"
        )
        sim.sleep(0.25)
        equal("k" in cache, False, did="the entry keeps its own deadline after a refused put")

    simulate(scene)


@check("P14", kind="contract")
def test_unhashable_keys_are_refused(impl: Implementation) -> None:
    """A list as the key of every method, on a full cache."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(1)
        cache.put("k", 1)
        loads: list[str] = []
        key: list[str] = []
        refused: dict[str, Callable[[], object]] = {
            "get([])": lambda: cache.get(key),
            "put([], 2)": lambda: cache.put(key, 2),
            "put([], 2, ttl=3)": lambda: cache.put(key, 2, ttl=3),
            "delete([])": lambda: cache.delete(key),
            "[] in cache": lambda: key in cache,
            "get_or_load([], loader)": lambda: cache.get_or_load(
                key, lambda: loads.append("called")
            ),
        }
        for _ in range(2):
            for did, call in refused.items():
                raises(TypeError, call, did=did)
        equal(loads, [], did="loaders called by get_or_load([], loader)")
        equal(
            cache.stats(),
            Stats(0, 0, 0, 0, 0, 0, size=1),
            did="stats() after calls with an unhashable key",
        )
        equal(cache.get("k"), 1, did="get of the only entry after put([], 2)")

    simulate(scene)


@check("P14", kind="contract")
def test_a_refused_write_does_not_overtake_a_load(impl: Implementation) -> None:
    """During a load its key is put with a bad ttl."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(2)

        def load() -> str:
            raises(ValueError, lambda: cache.put("k", 1, ttl=0), did='put("k", 1, ttl=0)')
            return "loaded"

        cache.get_or_load("k", load)
        did = "during a load its key is put with ttl=0, which is refused; then get"
        equal(cache.get("k"), "loaded", did=did)

    simulate(scene)
