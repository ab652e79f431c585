"""What is set is what is built, whatever the order, and a base stays as it was."""

import itertools
import random
from collections.abc import Callable
from typing import Any

from contracts.patterns.builder import OPTIONS, InvalidServer, Rule
from graders.kit import Implementation, check, ensure, equal
from graders.kit.shape import test_shape  # noqa: F401 - P0, the first check of every topic

DEFAULTS = {
    "certificate": None,
    "key": None,
    "workers": 1,
    "connections": 100,
    "timeout": 30.0,
    "keep_alive": 5.0,
    "routes": {},
    "labels": {},
}
FULL: dict[str, Any] = {
    "host": "example.org",
    "port": 443,
    "certificate": "cert.pem",
    "key": "the key",
    "workers": 8,
    "connections": 1_000,
    "timeout": 12.5,
    "keep_alive": 2.25,
    "routes": {"/": "home", "/users": "users"},
    "labels": {"team": "blue", "": "empty"},
}


def values_of(server: Any) -> dict[str, Any]:
    """Every option of a server, its mappings as dicts."""
    values = {name: getattr(server, name) for name in OPTIONS}
    return {**values, "routes": dict(server.routes), "labels": dict(server.labels)}


def outcome(builder: Any) -> Any:
    """The values of what is built, or the violations."""
    try:
        return values_of(builder.build())
    except InvalidServer as error:
        return [(each.fields, each.rule) for each in error.violations]


@check("P1", kind="behaviour")
def test_defaults(impl: Implementation) -> None:
    """Only host and port are set."""
    server = impl.ServerBuilder().host("localhost").port(8080).build()
    equal(values_of(server), {"host": "localhost", "port": 8080, **DEFAULTS},
          did="ServerBuilder().host('localhost').port(8080).build()")  # fmt: skip


@check("P1", kind="behaviour")
def test_every_option_is_set(impl: Implementation) -> None:
    """All options are set, each by its method; then all of them by one load."""
    builder = impl.ServerBuilder()
    for name, value in FULL.items():
        builder = getattr(builder, name)(value)
    equal(values_of(builder.build()), FULL, did="all ten methods, then build()")
    equal(
        values_of(impl.ServerBuilder().load(FULL).build()), FULL, did="load(all ten), then build()"
    )
    by_name = impl.ServerBuilder()
    for name, value in FULL.items():
        by_name = getattr(by_name, name)(**{name: value})
    equal(values_of(by_name.build()), FULL, did="all ten methods with the argument's name")


@check("P1", "P3", kind="behaviour")
def test_routes_and_labels_add_up(impl: Implementation) -> None:
    """Labels and routes are called three times each, and one key comes twice; load adds as well."""
    builder = impl.ServerBuilder().host("h").port(1)
    builder = builder.labels({"a": "1", "b": "1"}).routes({"/x": "one"}).labels({})
    builder = builder.labels({"b": "2"}).load({"labels": {"c": "3"}, "routes": {"/y": "two"}})
    server = builder.routes({"/x": "three"}).build()
    equal(dict(server.labels), {"a": "1", "b": "2", "c": "3"}, did="labels of several calls")
    equal(dict(server.routes), {"/x": "three", "/y": "two"}, did="routes of several calls")


@check("P3", "P1", kind="behaviour")
def test_the_last_call_counts(impl: Implementation) -> None:
    """Every option is set twice; the certificate and the key are taken back by None."""
    builder = impl.ServerBuilder().load(FULL)
    second: dict[str, Any] = {"host": "b", "port": 80, "workers": 2, "connections": 3,
                              "timeout": 9.5, "keep_alive": 0.5}  # fmt: skip
    for name, value in {**second, "certificate": None, "key": None}.items():
        builder = getattr(builder, name)(value)
    want = {**FULL, **second, "certificate": None, "key": None}
    equal(values_of(builder.build()), want, did="every option set twice")
    equal(outcome(builder.port(0).port(81)), {**want, "port": 81}, did="port(0).port(81), build()")
    equal(
        outcome(builder.port(81).port(0)), [(("port",), "range")], did="port(81).port(0), build()"
    )


@check("P2", kind="behaviour")
def test_a_base_stays_as_it_was(impl: Implementation) -> None:
    """From one base something is derived with each method; then the base is built."""
    base = impl.ServerBuilder().load(FULL)
    before = base.build()
    other = impl.ServerBuilder().load({**FULL, "host": "other", "labels": {"x": "y"}}).build()
    never = Rule("never", (), lambda: False)
    changes: dict[str, Any] = {"host": "b", "port": 1, "certificate": "c", "key": "k", "workers": 2,
                               "connections": 2, "timeout": 99.0, "keep_alive": 1.5,
                               "routes": {"/": "b"}, "labels": {"team": "red"}}  # fmt: skip
    calls = list(changes.items())
    for name, value in [*calls, ("load", changes), ("rule", never), ("like", other)]:
        derived = getattr(base, name)(value)
        ensure(derived is not base, did=f"{name}(...) of a base", want="another builder")
        equal(outcome(base), FULL, did=f"the base is built after base.{name}(...)")
        ensure(outcome(derived) != FULL, did=f"what is derived by {name}(...) is built",
               want="other values than the base has")  # fmt: skip
    equal(values_of(before), FULL, did="a Server that was built before all this")


@check("P2", "P7", kind="behaviour")
def test_branches_are_independent(impl: Implementation) -> None:
    """Two branches of one base, each extended once the other is there; the base is valid in neither."""
    base = impl.ServerBuilder().host("h").labels({"from": "base"})
    one = base.port(1).labels({"one": "1"})
    two = base.port(2).rule(Rule("few", ("workers",), lambda workers: workers < 4))
    one, two = one.workers(5).routes({"/one": "1"}), two.labels({"two": "2"})
    want = {"host": "h", **DEFAULTS}
    equal(outcome(one), {**want, "port": 1, "workers": 5, "routes": {"/one": "1"},
                         "labels": {"from": "base", "one": "1"}}, did="the first branch")  # fmt: skip
    equal(outcome(two), {**want, "port": 2, "labels": {"from": "base", "two": "2"}},
          did="the second branch")  # fmt: skip
    equal(outcome(two.workers(5)), [(("workers",), "few")], did="the rule of the second branch")
    equal(outcome(base), [(("port",), "required")], did="the base, for which no port was set")


@check("P2", "P6", kind="behaviour")
def test_rules_stay_with_what_is_derived(impl: Implementation) -> None:
    """A rule is added first, then every other method is called, and another rule is added."""
    base = impl.ServerBuilder().rule(Rule("never", (), lambda: False))
    good = impl.ServerBuilder().load(FULL).build()
    builders = {name: getattr(base.load(FULL), name)(value) for name, value in FULL.items()}
    builders["load"], builders["like"] = base.load(FULL), base.like(good)
    for name, builder in builders.items():
        equal(outcome(builder), [((), "never")], did=f"rule(never), then {name}(...), build()")
    twice = base.rule(Rule("nor", ("port",), lambda port: False)).load(FULL)
    equal(outcome(twice), [((), "never"), (("port",), "nor")], did="two rules that never hold")


@check("P2", kind="behaviour")
def test_a_subclass_keeps_its_class(impl: Implementation) -> None:
    """A subclass has a method of its own, which is called after each of the others."""
    base: Any = impl.ServerBuilder

    class Local(base):
        def local(self, port: int) -> Any:
            return self.host("localhost").port(port)

    builder = Local()
    calls = [*FULL.items(), ("load", FULL), ("rule", Rule("fine", (), lambda: True))]
    calls.append(("like", Local().load(FULL).build()))
    for name, value in calls:
        builder = getattr(builder, name)(value)
        ensure(type(builder) is Local, did=f"{name}(...) of a subclass of ServerBuilder",
               want="a builder of that subclass", got=type(builder))  # fmt: skip
    equal(outcome(builder.local(81)), {**FULL, "host": "localhost", "port": 81},
          did="a method of the subclass at the end of a chain")  # fmt: skip


def calls_of(impl: Implementation, calls: Any) -> Any:
    """A new builder on which these calls were made."""
    builder = impl.ServerBuilder()
    for name, value in calls:
        builder = getattr(builder, name)(value)
    return builder


@check("P3", "P9", kind="behaviour")
def test_the_order_of_calls_is_irrelevant(impl: Implementation) -> None:
    """Five calls in all 120 orders, for a Server and for five violations; two of them are for labels."""
    odd = Rule("odd", ("port",), lambda port: port % 2)
    even = Rule("odd", ("workers",), lambda workers: workers % 2 == 0)
    good: Any = [("host", "h"), ("load", {"port": 81, "workers": 2}), ("labels", {"b": "1", "d": "2"}),
                 ("labels", {"c": "3", "a": "4"}), ("rule", odd)]  # fmt: skip
    first = calls_of(impl, good).build()
    for calls in itertools.permutations(good):
        server = calls_of(impl, calls).build()
        did = f"calls in the order {', '.join(name for name, _ in calls)}"
        ensure(server == first and hash(server) == hash(first), did=did,
               want="equal Servers with equal hashes", got=(server, first))  # fmt: skip
        equal(repr(server), repr(first), did=f"{did}: repr of the Server")
    bad: Any = [("rule", even), ("port", 80), ("connections", 20_000), ("rule", odd), ("key", "k")]
    want = [(("certificate", "key"), "pair"), (("connections", "workers"), "capacity"),
            (("host",), "required"), (("port",), "odd"), (("workers",), "odd")]  # fmt: skip
    for calls in itertools.permutations(bad):
        equal(outcome(calls_of(impl, calls)), want,
              did=f"violations, calls in the order {', '.join(name for name, _ in calls)}")  # fmt: skip


CHOICES: dict[str, list[Any]] = {
    "host": ["a", "b.c", "", "a b", "\t"],
    "port": [1, 443, 65_535, 80, 0, 65_536, -1],
    "certificate": [None, "c", ""],
    "key": [None, "k", ""],
    "workers": [1, 4, 100, 0, -3],
    "connections": [1, 100, 101, 2_500, 0],
    "timeout": [1.0, 5.0, 0.0, float("inf")],
    "keep_alive": [0.5, 1.0, 5.0, -1.0],
    "routes": [{}, {"/": "h"}, {"/b": "b", "/a": "a"}, {"x": "no"}],
    "labels": [{}, {"a": "1"}, {"a": "2", "b": "2"}],
}
OWN: dict[str, Callable[[Any], bool]] = {
    "host.syntax": lambda host: bool(host) and not any(c.isspace() for c in host),
    "port.range": lambda port: 1 <= port <= 65_535,
    "certificate.empty": lambda text: text != "",
    "key.empty": lambda text: text != "",
    **{f"{name}.positive": lambda number: 0 < number < float("inf")
       for name in ("workers", "connections", "timeout", "keep_alive")},
    "routes.path": lambda routes: all(path[:1] == "/" for path in routes),
}  # fmt: skip
SEVERAL: list[tuple[str, str, str, Callable[[Any, Any], bool]]] = [
    ("certificate", "key", "pair", lambda c, k: (c is None) == (k is None)),
    ("certificate", "port", "tls", lambda c, p: p != 443 or c is not None),
    ("connections", "workers", "capacity", lambda c, w: c * w <= 10_000),
    ("keep_alive", "timeout", "shorter", lambda k, t: k < t),
]


def model(calls: list[tuple[str, Any]]) -> Any:
    """The contract, as plain as can be."""
    values: dict[str, Any] = {**DEFAULTS}
    for name, value in calls:
        values[name] = {**values[name], **value} if name in {"routes", "labels"} else value
    broken = {(name,): "required" for name in ("host", "port") if name not in values}
    for place, holds in OWN.items():
        name, rule = place.split(".")
        if name in values and not holds(values[name]):
            broken[name,] = rule
    found = list(broken.items())
    for one, two, rule, holds_both in SEVERAL:
        if not {(one,), (two,)} & broken.keys() and not holds_both(values[one], values[two]):
            found.append(((one, two), rule))
    return sorted(found) or values


@check("P1", "P4", "P5", "P3", kind="behaviour")
def test_generated_builds(impl: Implementation) -> None:
    """200 generated chains of up to 14 calls (seed 17), good and bad values; as a model says."""
    chance = random.Random(17)
    for number in range(200):
        names = chance.choices(OPTIONS, k=chance.randrange(12))
        calls = [(name, chance.choice(CHOICES[name][: chance.choice([2, 3, 9])])) for name in names]
        calls += [("host", "h"), ("port", 8)][: chance.randrange(3)]
        chance.shuffle(calls)
        want = model(calls)
        equal(outcome(calls_of(impl, calls)), want, did=f"chain {number}: {calls}")
