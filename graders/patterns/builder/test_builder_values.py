"""What a Server is: a value that cannot change, shares nothing, and does not tell its key."""

import copy
import dataclasses
import io
import pickle
import sys
from collections import ChainMap, UserDict
from collections.abc import Callable, Mapping
from types import FunctionType, MappingProxyType, SimpleNamespace
from typing import Any

from contracts.patterns.builder import OPTIONS, InvalidServer, Rule
from graders.kit import Implementation, check, ensure, equal, raises

SECRET = "hunter2-0451-xyzzy"  # noqa: S105 - nobody's
FULL: dict[str, Any] = {
    "host": "example.org",
    "port": 443,
    "certificate": "cert.pem",
    "key": SECRET,
    "workers": 8,
    "connections": 1_000,
    "timeout": 12.5,
    "keep_alive": 2.25,
    "routes": {"/users": "users", "/": "home"},
    "labels": {"team": "blue", "area": "north"},
}


def server_of(impl: Implementation, **changes: Any) -> Any:
    """A Server with all options set."""
    return impl.ServerBuilder().load({**FULL, **changes}).build()


@check("P7", kind="behaviour")
def test_a_builder_can_be_used_again(impl: Implementation) -> None:
    """One builder builds, fails when something is derived, and builds again."""
    builder = impl.ServerBuilder().load(FULL)
    first = builder.build()
    raises(InvalidServer, builder.port(0).build, did="port(0) of it is built")
    second = builder.build()
    ensure(
        first == second, did="one builder, build() twice", want="equal Servers", got=(first, second)
    )
    broken = impl.ServerBuilder().host("h").labels({"a": "1"})
    for turn in ("first", "second"):
        error = raises(InvalidServer, broken.build, did=f"the {turn} build() without a port")
        equal(len(error.violations), 1, did=f"violations of the {turn} build()")
    equal(dict(broken.port(1).labels({"b": "2"}).build().labels), {"a": "1", "b": "2"},
          did="labels after the failed builds")  # fmt: skip


@check("P7", kind="behaviour")
def test_mappings_of_the_caller_are_copied(impl: Implementation) -> None:
    """The caller's dicts change after the call, after another call, and after build."""
    labels, routes, more = {"a": "1"}, {"/": "h"}, {"m": "1"}
    values = {"host": "h", "port": 1, "labels": labels}
    builder = impl.ServerBuilder().load(values).routes(routes).labels(more)
    labels["b"], routes["/b"], values["port"], more["m"] = "2", "x", 2, "2"
    first = builder.build()
    labels.clear()
    routes.clear()
    more.clear()
    second = builder.labels({"c": "3"}).build()
    equal([dict(first.labels), dict(first.routes), first.port], [{"a": "1", "m": "1"}, {"/": "h"}, 1],
          did="a Server, when the caller's dicts have changed")  # fmt: skip
    equal(
        dict(second.labels), {"a": "1", "c": "3", "m": "1"}, did="labels of a Server derived later"
    )
    equal([labels, routes, more], [{}, {}, {}], did="the caller's dicts, which nobody else changes")


@check("P7", "P1", kind="behaviour")
def test_builders_share_nothing(impl: Implementation) -> None:
    """New builders after others have got labels, routes and rules."""
    impl.ServerBuilder().labels({"a": "1"}).routes({"/": "x"}).rule(Rule("no", (), lambda: False))
    server = impl.ServerBuilder().host("h").port(1).build()
    equal(
        [dict(server.labels), dict(server.routes)],
        [{}, {}],
        did="labels and routes of a new builder",
    )


@check("P7", "P12", kind="behaviour")
def test_every_mapping_will_do(impl: Implementation) -> None:
    """Labels come as a UserDict, a ChainMap, a proxy, another Server's labels, a mapping that is false."""

    class Falsy(UserDict[str, str]):
        def __bool__(self) -> bool:
            return False

    server = server_of(impl)
    blue = {"team": "blue", "area": "north"}
    given: list[Mapping[str, str]] = [UserDict(blue), ChainMap({"team": "blue"}, {"area": "north"}),
                                      MappingProxyType(blue), server.labels, Falsy(blue)]  # fmt: skip
    for labels in given:
        got = impl.ServerBuilder().host("h").port(1).labels(labels).build().labels
        equal(dict(got), blue, did=f"labels given as {type(labels).__name__}")


@check("P8", kind="behaviour")
def test_no_attribute_changes(impl: Implementation) -> None:
    """Every attribute of a Server is set and deleted, and a new one is added."""
    server = server_of(impl)

    def put(name: str, value: Any) -> Callable[[], None]:
        return lambda: setattr(server, name, value)

    for name in OPTIONS:
        raises(AttributeError, put(name, FULL[name]), did=f"server.{name} = what it is")
        raises(AttributeError, lambda name=name: delattr(server, name), did=f"del server.{name}")
    raises(AttributeError, put("extra", 1), did="server.extra = 1")
    raises(AttributeError, put("hots", "x"), did="server.hots = 'x'")
    equal([server.host, server.port], ["example.org", 443], did="host and port after all this")


@check("P8", kind="behaviour")
def test_no_entry_changes(impl: Implementation) -> None:
    """Entries of routes and labels are set, deleted, and changed by the methods that a dict has."""
    server = server_of(impl)
    before = hash(server)
    for name in ("routes", "labels"):
        entries, key = getattr(server, name), next(iter(FULL[name]))
        changes: dict[str, Callable[[], Any]] = {
            "[key] = 'x'": lambda e=entries, k=key: e.__setitem__(k, "x"),
            "['new'] = 'x'": lambda e=entries: e.__setitem__("new", "x"),
            "del [key]": lambda e=entries, k=key: e.__delitem__(k),
            "update": lambda e=entries: e.update({"new": "x"}),
            "clear": lambda e=entries: e.clear(),
            "pop": lambda e=entries, k=key: e.pop(k),
            "popitem": lambda e=entries: e.popitem(),
            "setdefault": lambda e=entries: e.setdefault("new", "x"),
            "|=": lambda e=entries: e.__ior__({"new": "x"}),
        }
        for did, change in changes.items():
            try:
                change()
            except (TypeError, AttributeError):
                continue
            equal(
                dict(getattr(server, name)),
                FULL[name],
                did=f"server.{name}: {did}, which raises nothing",
            )
            ensure(
                did == "|=", did=f"server.{name}: {did}", want="raises TypeError or AttributeError"
            )
        equal(dict(getattr(server, name)), FULL[name], did=f"server.{name} after all this")
    equal(hash(server), before, did="hash of the Server after all this")


@check("P9", kind="behaviour")
def test_equality_and_hash(impl: Implementation) -> None:
    """Two Servers with the same values; one other for each option; what is no Server."""
    server, same = server_of(impl), server_of(impl)
    ensure((server == same) is True and (server != same) is False and hash(server) == hash(same),
           did="two Servers with the same values", want="equal, with one hash")  # fmt: skip
    others: dict[str, Any] = {"host": "b", "port": 444, "certificate": "c", "key": "k", "workers": 9,
                              "connections": 9, "timeout": 13.5, "keep_alive": 1.5,
                              "routes": {"/": "h"}, "labels": {"team": "red"}}  # fmt: skip
    for name, value in others.items():
        other = impl.ServerBuilder().load(FULL).load({name: value}).build()
        ensure((server == other) is False and (server != other) is True,
               did=f"two Servers that differ in {name}", want="not equal")  # fmt: skip
    values = {name: getattr(server, name) for name in OPTIONS}
    for thing in (values, tuple(values.values()), SimpleNamespace(**values), repr(server), None):
        ensure((server == thing) is False and (server != thing) is True,
               did=f"a Server compared with a {type(thing).__name__} of its values",
               want="not equal")  # fmt: skip
    one, other = (server_of(impl, timeout=seconds) for seconds in (12, 12.0))
    ensure(one == other and hash(one) == hash(other), did="two Servers with timeouts of 12 and 12.0",
           want="equal, with one hash", got=(one, other))  # fmt: skip
    equal(
        len({server, same, server_of(impl, port=444)}), 2, did="a set of three Servers, two equal"
    )


@check("P9", kind="behaviour")
def test_what_a_server_tells(impl: Implementation) -> None:
    """The repr of a Server, and its routes and labels as mappings."""
    server = server_of(impl)
    for name, value in FULL.items():
        texts = [*value, *value.values()] if isinstance(value, dict) else [str(value)]
        ensure(name == "key" or all(text in repr(server) for text in texts), did="repr(server)",
               want=f"it tells {name}: {', '.join(texts)}", got=repr(server))  # fmt: skip
    equal(list(server.routes), ["/", "/users"], did="keys of routes that were set in another order")
    labels = server_of(impl, labels={name: name for name in "hgfbcade"}).labels
    ensure(isinstance(labels, Mapping), did="server.labels", want="a collections.abc.Mapping")
    equal([list(labels), list(labels.items())[:1], len(labels)], [list("abcdefgh"), [("a", "a")], 8],
          did="keys, first item and length of labels set in another order")  # fmt: skip
    equal([labels["h"], labels.get("x"), "a" in labels, "x" in labels], ["h", None, True, False],
          did="labels['h'], labels.get('x'), 'a' in labels, 'x' in labels")  # fmt: skip
    raises(KeyError, lambda: labels["x"], did="labels['x']")


def pickled(thing: Any, protocol: int) -> Any:
    """To bytes and back. What is graded cannot be imported by name: its classes and functions are noted instead."""
    noted: list[Any] = []

    class Writes(pickle.Pickler):
        def persistent_id(self, obj: Any) -> int | None:
            own = isinstance(obj, type | FunctionType) and obj.__module__ not in sys.modules
            if not own or "<locals>" in obj.__qualname__:
                return None
            noted.append(obj)
            return len(noted) - 1

    class Reads(pickle.Unpickler):
        def persistent_load(self, pid: Any) -> Any:
            return noted[pid]

    written = io.BytesIO()
    Writes(written, protocol).dump(thing)
    return Reads(io.BytesIO(written.getvalue())).load()


@check("P10", kind="behaviour")
def test_copies_are_equal(impl: Implementation) -> None:
    """A Server is copied, deeply as well, and pickled; and what comes of it cannot change either."""
    server = server_of(impl)
    copies: dict[str, Callable[[], Any]] = {
        "copy.copy(server)": lambda: copy.copy(server),
        "copy.deepcopy(server)": lambda: copy.deepcopy(server),
        "copy.deepcopy([server])[0]": lambda: copy.deepcopy([server])[0],
    }
    for protocol in (2, pickle.HIGHEST_PROTOCOL):
        copies[f"pickle.loads(pickle.dumps(server, {protocol}))"] = lambda p=protocol: pickled(
            server, p
        )
    for did, make in copies.items():
        other = make()
        ensure(other == server and hash(other) == hash(server) and other.key == SECRET, did=did,
               want="an equal Server", got=other)  # fmt: skip
        equal(dict(other.labels), FULL["labels"], did=f"labels of {did}")
        raises(AttributeError, lambda other=other: setattr(other, "port", 1), did=f"{did}.port = 1")


@check("P10", kind="behaviour")
def test_nothing_replaces_a_value(impl: Implementation) -> None:
    """dataclasses.replace and copy.replace are tried with a port that is right, and with one that is not."""
    server = (
        impl.ServerBuilder().load(FULL).rule(Rule("fixed", ("port",), lambda p: p == 443)).build()
    )
    for name, replace in (("dataclasses", dataclasses.replace),
                          ("copy", getattr(copy, "replace", dataclasses.replace))):  # fmt: skip
        for changes in ({"port": 0}, {"port": 444}, {}):
            try:
                got = replace(server, **changes)
            except Exception:  # noqa: S112 - whatever says no
                continue
            ensure(False, did=f"{name}.replace(server, **{changes})", want="raises", got=got)


@check("P10", "P2", kind="behaviour")
def test_a_builder_like_a_server(impl: Implementation) -> None:
    """`like` of a builder that has other values and a rule; the result is changed and built."""
    server = server_of(impl)
    few = Rule("few", ("workers",), lambda workers: workers < 9)
    builder = impl.ServerBuilder().load({"host": "x", "labels": {"own": "1"}}).rule(few)
    same = builder.like(server)
    ensure(same.build() == server, did="builder.like(server).build()", want="an equal Server",
           got=same.build())  # fmt: skip
    other = same.port(444).labels({"team": "red"}).build()
    equal([other.host, other.port, dict(other.labels)], ["example.org", 444, {"team": "red", "area": "north"}],
          did="like(server).port(444).labels(team red)")  # fmt: skip
    error = raises(
        InvalidServer, same.workers(9).build, did="like(server).workers(9), a rule says < 9"
    )
    equal([each.rule for each in error.violations], ["few"], did="the rule of the builder")
    small = impl.ServerBuilder().host("h").port(1).build()
    ensure(impl.ServerBuilder().load(FULL).like(small).build() == small,
           did="like(a Server with defaults) of a builder with all options set",
           want="the defaults, and nothing of what the builder had")  # fmt: skip


@check("P11", kind="behaviour")
def test_the_key_is_not_told(impl: Implementation) -> None:
    """A Server, builders and all kinds of errors are turned to text, the key being known."""
    builder = impl.ServerBuilder().load(FULL)
    server = builder.build()
    equal(server.key, SECRET, did="server.key")
    texts = {"a Server": server, "a builder": builder, "a builder like a Server":
             impl.ServerBuilder().like(server), "its build": builder.build}  # fmt: skip
    wrong = [SECRET.encode(), [SECRET], {SECRET: SECRET}, type(SECRET, (), {})]
    failing: dict[str, Callable[[], Any]] = {
        "build() with nine mistakes": builder.load(
            {"port": 0, "host": "", "certificate": ""}
        ).build,
        "build() without certificate": builder.certificate(None).build,
        "load with an unknown name": lambda: builder.load({"kye": SECRET, "port": 1}),
        "load with a wrong port": lambda: builder.load({"key": SECRET, "port": "1"}),
        "like of no Server": lambda: builder.like({"key": SECRET}),
        "a rule with an unknown field": lambda: builder.rule(Rule("r", ("kye",), lambda _: True)),
    }
    for number, value in enumerate(wrong):
        failing[f"key(wrong type {number})"] = lambda value=value: builder.key(value)
        failing[f"load(key of wrong type {number})"] = lambda value=value: builder.load(
            {"key": value}
        )
    for name, job in failing.items():
        error: Any = raises((TypeError, ValueError), job, did=name)  # type: ignore[arg-type]
        while error is not None:
            texts[f"what {name} raises ({len(texts)})"] = error
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for name, thing in texts.items():
        told = f"{thing!r} {thing!s} {thing} {getattr(thing, '__notes__', '')}"
        ensure(SECRET not in told, did=f"repr and str of {name}", want="without the key", got=told)
