"""Values and order of use: what is found, and who has to go when the cache is full."""

from contracts.services.cache import Cache
from graders.kit import Implementation, Sim, check, ensure, equal, simulate
from graders.kit.shape import test_shape  # noqa: F401

ABSENT = "the default"


def found(cache: Cache, keys: str) -> str:
    """The keys (one letter each) that are in the cache, asked in a way that is no use."""
    return "".join(key for key in keys if key in cache)


@check("P1", kind="behaviour")
def test_get_returns_what_was_put_last(impl: Implementation) -> None:
    """put("a", 1), put("b", 2), put("a", 3), then get of each."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(10)
        equal(cache.get("a"), None, did='get("a") from an empty cache')
        equal(cache.get("a", ABSENT), ABSENT, did='get("a", default) from an empty cache')
        for key, value in (("a", 1), ("b", 2), ("a", 3)):
            cache.put(key, value)
        did = 'put("a", 1), put("b", 2), put("a", 3), then '
        equal(cache.get("a"), 3, did=did + 'get("a")')
        equal(cache.get("b", ABSENT), 2, did=did + 'get("b", default)')
        equal(cache.get("c", ABSENT), ABSENT, did=did + 'get("c", default)')
        equal(len(cache), 2, did=did + "len")

    simulate(scene)


@check("P1", kind="behaviour")
def test_get_returns_the_very_object(impl: Implementation) -> None:
    """A list is put, changed by its owner, and read back."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(1)
        value = ["old"]
        cache.put("k", value)
        value.append("new")
        ensure(
            cache.get("k") is value,
            did="put a list, appended to it, then get",
            want="the same list object",
            got=cache.get("k"),
        )
        equal_value = ["old", "new"]
        cache.put("k", equal_value)
        ensure(
            cache.get("k") is equal_value,
            did="put a list, put another list that equals it, then get",
            want="the list that was put last",
            got=cache.get("k"),
        )

    simulate(scene)


@check("P1", kind="behaviour")
def test_delete_says_whether_there_was_an_entry(impl: Implementation) -> None:
    """An entry is deleted, twice, and of a key never seen."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(3)
        cache.put("a", None)
        cache.put("b", 2)
        equal(cache.delete("a"), True, did='put("a", None), then delete("a")')
        equal(cache.get("a", ABSENT), ABSENT, did='get("a", default) after delete("a")')
        equal(cache.delete("a"), False, did='delete("a") for the second time')
        equal(cache.delete("x"), False, did='delete("x"), never put')
        equal(found(cache, "ab"), "b", did="keys left after the deletes")
        equal(len(cache), 1, did="len after the deletes")
        cache.put("a", 5)
        equal(cache.get("a"), 5, did='get("a") after delete("a") and put("a", 5)')

    simulate(scene)


@check("P1", kind="behaviour")
def test_empty_values_are_values(impl: Implementation) -> None:
    """None, 0, "", False and [] are put and asked for in every way."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(10)
        for value in (None, 0, "", False, []):
            key = repr(value)
            cache.put(key, value)
            equal(
                cache.get(key, ABSENT), value, did=f"put the value {key}, then get with a default"
            )
            equal(key in cache, True, did=f"put the value {key}, then `in`")
            equal(
                cache.get_or_load(key, lambda: ABSENT),
                value,
                did=f"put the value {key}, then get_or_load",
            )
            equal(cache.delete(key), True, did=f"put the value {key}, then delete")

    simulate(scene)


@check("P1", kind="behaviour")
def test_a_loaded_none_is_kept(impl: Implementation) -> None:
    """A loader returns None; the key is asked for again."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(10)
        calls: list[str] = []
        for _ in range(3):
            equal(
                cache.get_or_load("k", lambda: calls.append("called")),
                None,
                did="get_or_load with a loader that returns None",
            )
        equal(len(calls), 1, did="loader calls in three get_or_load, the loader returning None")
        equal(cache.get("k", ABSENT), None, did="get with a default after None was loaded")

    simulate(scene)


@check("P1", kind="behaviour")
def test_keys_compare_as_in_a_dict(impl: Implementation) -> None:
    """Keys of several types: 1, 1.0 and True are one key; "1", None and tuples are others."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(10)
        cache.put(1, "int")
        cache.put(True, "bool")
        equal(cache.get(1.0), "bool", did='put(1, "int"), put(True, "bool"), then get(1.0)')
        equal(len(cache), 1, did="len after put(1), put(True)")
        cache.put("1", "text")
        cache.put(None, "nothing")
        cache.put((1, "a"), "tuple")
        equal(cache.get(1), "bool", did='get(1) after put("1", ...)')
        equal(
            cache.get(None, ABSENT), "nothing", did='put(None, "nothing"), then get(None, default)'
        )
        equal(cache.get((1, "a")), "tuple", did='put((1, "a"), "tuple"), then get((1, "a"))')
        equal(len(cache), 4, did="len after putting 1, True, '1', None and (1, 'a')")
        equal(cache.delete(True), True, did="delete(True), the entry having been put under 1")
        cache.put(-1, "one")
        cache.put(-2, "two")  # its hash is that of -1
        got = cache.get(-1), cache.get(-2), cache.delete(-2), cache.get(-1)
        equal(got, ("one", "two", True, "one"), did="put -1 and -2, get both, delete -2, get -1")

    simulate(scene)


@check("P2", kind="behaviour")
def test_the_least_recently_used_goes(impl: Implementation) -> None:
    """Capacity 3: five puts and no reads."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(3)
        for number, key in enumerate("abcde", start=1):
            cache.put(key, number)
            equal(
                len(cache), min(number, 3), did=f"len after {number} puts of new keys, capacity 3"
            )
        equal(found(cache, "abcde"), "cde", did="put a, b, c, d, e with capacity 3: keys left")

    simulate(scene)


@check("P2", kind="behaviour")
def test_capacity_one(impl: Implementation) -> None:
    """Capacity 1: put "a", "b", overwrite "b", then load "c"."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(1)
        cache.put("a", 1)
        cache.put("b", 2)
        equal(found(cache, "ab"), "b", did="put a, b with capacity 1: keys left")
        cache.put("b", 3)
        equal(cache.get("b"), 3, did="put a, b, b again with capacity 1, then get b")
        cache.get_or_load("c", lambda: 4)
        equal(found(cache, "abc"), "c", did="then get_or_load of c: keys left")

    simulate(scene)


@check("P2", kind="behaviour")
def test_a_read_is_a_use(impl: Implementation) -> None:
    """Capacity 3: a, b, c put; a and then b read several times; two new keys."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(3)
        for key in "abc":
            cache.put(key, key)
        for key in "aabab":
            cache.get(key)
        cache.put("d", "d")
        equal(found(cache, "abcd"), "abd", did="put a, b, c; get a, a, b, a, b; put d: keys left")
        cache.put("e", "e")
        equal(found(cache, "abcde"), "bde", did="then put e: keys left")
        cache.put("f", "f")
        equal(found(cache, "abcdef"), "def", did="then put f: keys left")

    simulate(scene)


@check("P2", kind="behaviour")
def test_get_or_load_is_a_use(impl: Implementation) -> None:
    """Capacity 3: a hit by get_or_load, then a value loaded into the full cache."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(3)
        for key in "abc":
            cache.put(key, key)
        cache.get_or_load("a", lambda: "not called")
        cache.get_or_load("d", lambda: "d")
        did = "put a, b, c; get_or_load a (a hit); get_or_load d (loaded)"
        equal(found(cache, "abcd"), "acd", did=did + ": keys left")
        cache.put("e", "e")
        cache.put("f", "f")
        equal(found(cache, "abcdef"), "def", did=did + "; put e, f: keys left")

    simulate(scene)


@check("P2", kind="behaviour")
def test_overwriting_evicts_nobody_and_is_a_use(impl: Implementation) -> None:
    """A full cache of 3: the oldest key is overwritten, then a new key is put."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(3)
        for key in "abc":
            cache.put(key, key)
        cache.put("a", "again")
        equal(found(cache, "abc"), "abc", did="capacity 3: put a, b, c, then a again: keys left")
        equal(len(cache), 3, did="len after put a, b, c, a")
        cache.put("d", "d")
        equal(found(cache, "abcd"), "acd", did="then put d: keys left")

    simulate(scene)


@check("P2", kind="behaviour")
def test_asking_is_no_use(impl: Implementation) -> None:
    """Capacity 2: between the puts, "a" is asked for with `in`, len, stats and a failed delete."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(2)
        cache.put("a", 1)
        cache.put("b", 2)
        equal("a" in cache, True, did='put a, b; "a" in cache')
        len(cache)
        cache.stats()
        cache.get("x")
        cache.delete("x")
        cache.put("c", 3)
        did = "capacity 2: put a, b; `in` a, len, stats, get x (a miss), delete x, put c: keys left"
        equal(found(cache, "abc"), "bc", did=did)

    simulate(scene)


@check("P2", kind="behaviour")
def test_a_deleted_entry_makes_room(impl: Implementation) -> None:
    """Capacity 3: the newest, the middle and the oldest entry are deleted and replaced."""

    def scene(sim: Sim) -> None:
        for gone, left in (("a", "bcd"), ("b", "acd"), ("c", "abd")):
            cache = impl.Cache(3)
            for key in "abc":
                cache.put(key, key)
            cache.delete(gone)
            cache.put("d", "d")
            did = f"capacity 3: put a, b, c; delete {gone}; put d"
            equal(found(cache, "abcd"), left, did=did + ": keys left")
            cache.put("e", "e")
            equal(found(cache, "abcde"), left[1:] + "e", did=did + "; put e: keys left")

    simulate(scene)


@check("P2", kind="behaviour")
def test_a_large_cache_keeps_the_order(impl: Implementation) -> None:
    """Capacity 100, full: all are used from the newest to the oldest, then 100 new keys come."""

    def scene(sim: Sim) -> None:
        cache = impl.Cache(100)
        for key in range(100):
            cache.put(key, key)
        order = range(99, -1, -1)
        uses = (cache.get, lambda key: cache.put(key, 0), lambda key: cache.get_or_load(key, dict))
        for number, key in enumerate(order):
            uses[number % 3](key)
        did = "capacity 100: 100 keys put, then used by get, put or get_or_load from the newest on"
        equal(len(cache), 100, did=did + "; len")
        for number, oldest in enumerate(order):
            equal(oldest in cache, True, did=f"{did}; {number} new keys put: the next one to go")
            cache.put(1_000 + number, 0)
            equal(oldest in cache, False, did=f"{did}; then one more: the one used longest ago")
        equal(len(cache), 100, did=did + "; then 100 new keys put; len")

    simulate(scene)
