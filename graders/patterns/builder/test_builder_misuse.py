"""Wrong types, unknown names, threads, and what a builder costs."""

import gc
import weakref
from collections import UserDict
from decimal import Decimal
from enum import IntEnum
from types import SimpleNamespace
from typing import Any

from contracts.patterns.builder import InvalidServer, Rule, UnknownOptions
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate
from graders.kit.growth import count_steps


def base_of(impl: Implementation) -> Any:
    """A builder that is valid."""
    return impl.ServerBuilder().host("example.org").port(8080).labels({"a": "1"})


@check("P12", kind="contract")
def test_wrong_types(impl: Implementation) -> None:
    """Each option gets values of several wrong types, by its method and by load."""
    texts: list[Any] = [3, b"text", ["text"], True, 1.5]
    whole: list[Any] = ["80", 80.0, None, True, False, [80], Decimal(80), 1j]
    real: list[Any] = ["5", None, True, [5], Decimal(5), 1j]
    maps: list[Any] = [None, 3, "text", [("a", "b")], {"/a": 1}, {1: "b"}, {"/a": None}, {b"/a": "b"},
                       {"/a": "b", "/c": ["d"]}]  # fmt: skip
    wrong = {"host": [*texts, None], "port": whole, "certificate": texts, "key": texts, "workers": whole,
             "connections": whole, "timeout": real, "keep_alive": real, "routes": maps,
             "labels": maps}  # fmt: skip
    base = base_of(impl)
    before = base.build()
    for name, values in wrong.items():
        for value in values:
            raises(TypeError, lambda n=name, v=value: getattr(base, n)(v), did=f"{name}({value!r})")
            raises(TypeError, lambda n=name, v=value: base.load({"host": "h", n: v}),
                   did=f"load({{'host': 'h', {name!r}: {value!r}}})")  # fmt: skip
    ensure(base.build() == before, did="build() after all this", want="as before")


@check("P12", kind="contract")
def test_wrong_things_for_load_rule_and_like(impl: Implementation) -> None:
    """A load gets no mapping, rule no Rule, like no Server."""
    base = base_of(impl)
    server = base.build()
    for values in (None, 3, "host", [("host", "h")], [], {"host"}):
        raises(TypeError, lambda v=values: base.load(v), did=f"load({values!r})")
    fake = SimpleNamespace(name="r", fields=(), holds=len)
    for rule in (None, len, "required", ("r", (), len), fake, Rule):
        raises(TypeError, lambda r=rule: base.rule(r), did=f"rule({rule!r})")
    alike = SimpleNamespace(host="h", port=1, certificate=None, key=None, workers=1, connections=1,
                            timeout=2.0, keep_alive=1.0, routes={}, labels={})  # fmt: skip
    for other in (None, base, {"host": "h", "port": 1}, alike, type(server)):
        raises(TypeError, lambda o=other: base.like(o), did=f"like({other!r})")
    ensure(base.build() == server, did="build() after all this", want="as before")
    ensure(base.load({}).build() == server, did="load({})", want="the same values")


@check("P12", kind="contract")
def test_unknown_names(impl: Implementation) -> None:
    """A load and a rule have names that are no options, some of them slips."""
    base = base_of(impl)
    before = base.build()
    cases: list[dict[str, Any]] = [
        {"prot": 1},
        {"Host": "h"},
        {"hots": 1, "port": 80, "zzz": 2, "worker": 3},
        {"build": 1, "load": {}, "rule": 1, "like": 1},
        {"__class__": 1, "_values": {}, "": 1},
    ]
    for values in cases:
        for did, job in (
            (f"load({values})", lambda v=values: base.load(v)),
            (f"a rule over {tuple(values)}", lambda v=values: base.rule(Rule("r", tuple(v), len))),
        ):
            error = raises(UnknownOptions, job, did=did)
            unknown = [name for name in values if name != "port"]
            equal(sorted(error.suggestions), sorted(unknown), did=f"{did}: the unknown names")
    error = raises(UnknownOptions, lambda: base.load({"prot": 1}), did="load({'prot': 1})")
    equal(error.suggestions, {"prot": "port"}, did="load({'prot': 1}): suggestions")
    ensure(base.build() == before, did="build() after all this", want="as before")


class Text(str):
    """A text that can be watched being let go."""

    __slots__ = ("__weakref__",)


class Port(IntEnum):
    """Ports by name."""

    HTTP = 80


@check("P12", "P1", kind="contract")
def test_subclasses_will_do(impl: Implementation) -> None:
    """Values are instances of subclasses of str, int, float and Mapping."""

    class Seconds(float):
        pass

    builder = (
        impl.ServerBuilder().host(Text("h")).port(Port.HTTP).timeout(Seconds(9.5)).keep_alive(2)
    )
    server = builder.labels(UserDict({Text("a"): Text("b")})).load(UserDict(workers=2)).build()
    ensure(server.host == "h" and server.port == 80 and server.timeout == 9.5 and server.keep_alive == 2,
           did="host, port, timeout and keep_alive of subclasses", want="equal to what was given")  # fmt: skip
    ensure(server.labels["a"] == "b" and server.workers == 2, did="labels and workers from a UserDict",
           want="what it holds")  # fmt: skip


@check("P13", kind="concurrency")
def test_threads_share_a_base(impl: Implementation) -> None:
    """Two threads derive from one base and build; a third builds the base itself."""

    def scene(sim: Sim) -> None:
        base = base_of(impl)

        def derive(port: int) -> Any:
            server = base.port(port).labels({"a": str(port)}).build()
            return server.port, dict(server.labels)

        def plain() -> Any:
            server = base.build()
            return server.port, dict(server.labels)

        got = sim.together(lambda: derive(1), lambda: derive(2), plain)
        equal(got, [(1, {"a": "1"}), (2, {"a": "2"}), (8080, {"a": "1"})],
              did="port and labels that three threads have built")  # fmt: skip
        equal(plain(), (8080, {"a": "1"}), did="the base afterwards")

    explore(scene, schedules=120)


@check("P13", kind="concurrency")
def test_threads_build_one_builder(impl: Implementation) -> None:
    """Two threads build the same builder, which is invalid for one of two reasons that a rule counts."""

    def scene(sim: Sim) -> None:
        asked: list[int] = []
        base = base_of(impl).rule(Rule("never", ("port",), asked.append))

        def broken(builder: Any) -> list[str]:
            error = raises(InvalidServer, builder.build, did="build() of an invalid builder")
            return [each.rule for each in error.violations]

        got = sim.together(lambda: broken(base), lambda: broken(base.workers(0).timeout(1.0)))
        equal(
            got,
            [["never"], ["shorter", "never", "positive"]],
            did="rules that two threads were told",
        )
        equal(asked, [8080, 8080], did="what the added rule was asked in two builds")

    explore(scene, schedules=120)


@check("P13", kind="concurrency")
def test_a_rule_may_wait_for_another_build(impl: Implementation) -> None:
    """A rule starts a thread that derives and builds, waits for it, and then builds something itself."""

    def scene(sim: Sim) -> None:
        base = base_of(impl)
        seen: list[int] = []

        def holds(port: int) -> bool:
            seen.append(sim.spawn(base.port(port + 1).build).result().port)
            seen.append(base.port(port + 2).build().port)
            return True

        server = base.rule(Rule("asks", ("port",), holds)).build()
        equal([server.port, *seen], [8080, 8081, 8082], did="ports that were built")

    simulate(scene)


@check("P13", kind="behaviour")
def test_what_no_longer_counts_is_let_go(impl: Implementation) -> None:
    """Host, a label and a route are set again; `like` replaces all; a base is dropped."""
    texts = [Text(f"text {number}") for number in range(4)]
    watches = [weakref.ref(text) for text in texts]
    builder = base_of(impl).load(
        {"host": texts[0], "labels": {"b": texts[1]}, "routes": {"/": texts[2]}}
    )
    builder = builder.certificate(texts[3])
    texts.clear()
    builder = builder.host("h").labels({"b": "2"}).routes({"/": "x"}).certificate(None)
    gc.collect()
    equal([watch() for watch in watches], [None] * 4, did="values that were set again")
    text = Text("text")
    watch, server = weakref.ref(text), builder.build()
    builder = builder.host(text).like(server)
    del text
    gc.collect()
    equal(watch(), None, did="the host of a builder, after like(server)")
    equal(builder.build().host, "h", did="host of what is built")


@check("P13", kind="throughput")
def test_calls_cost_the_same_after_many(impl: Implementation) -> None:
    """A call and a build after 3 calls for the same options and after 300, on the way of which some were built."""
    steps: dict[int, list[int]] = {}
    for turns in (3, 300):
        builder = base_of(impl)
        for turn in range(turns):
            builder = builder.port(turn + 1).labels({"a": str(turn)}).routes({"/": "x"})
            if turn % 100 == 2:
                builder = builder.like(builder.build())
        steps[turns] = [count_steps(lambda b=builder: b.port(1)), count_steps(builder.build),
                        count_steps(lambda b=builder: b.labels({"a": "2"}))]  # fmt: skip
    fine = all(large <= small * 1.5 + 10 for small, large in zip(steps[3], steps[300], strict=True))
    ensure(fine, did="steps of port(1), build() and labels(a) after 3 rounds of calls, and after 300",
           want="the same", got=(steps[3], steps[300]))  # fmt: skip
