"""Which violations there are, and which are not looked for."""

import math
from typing import Any

from contracts.patterns.builder import OPTIONS, InvalidServer, Rule, Violation
from graders.kit import Implementation, check, ensure, equal, raises


def base_of(impl: Implementation) -> Any:
    """A builder that is valid."""
    return impl.ServerBuilder().host("example.org").port(8080)


def violations(builder: Any) -> list[tuple[tuple[str, ...], str]]:
    """What build reports; [] if it builds."""
    try:
        builder.build()
    except InvalidServer as error:
        return [(each.fields, each.rule) for each in error.violations]
    return []


@check("P4", kind="behaviour")
def test_each_rule_of_one_option(impl: Implementation) -> None:
    """Each option in turn has values at its limits, and values beyond them."""
    inf, nan = math.inf, math.nan
    cases: list[tuple[str, str, list[Any], list[Any]]] = [
        ("host", "syntax", ["h", "::1", "a-b.c", "ä"], ["", " ", "a b", "a ", " a", "a\tb", "a\n"]),
        ("port", "range", [1, 2, 65_535], [0, -1, 65_536, 10**9]),
        ("workers", "positive", [1, 100], [0, -1]),
        ("connections", "positive", [1, 10_000], [0, -1]),
        ("timeout", "positive", [5.001, 3_600, 10**9, 10**400], [0, 0.0, -1.0, inf, -inf, nan]),
        ("keep_alive", "positive", [1e-9, 29.9, 29], [0, 0.0, -1.0, inf, -inf, nan]),
        ("routes", "path", [{"/": ""}, {"/a/b": "x"}, {"//": "y"}],
         [{"a": "x"}, {"": "x"}, {"/a": "x", "b": "x"}, {" /": "x"}, {"a/": "x"}]),
        ("labels", "", [{"": ""}, {"no path": "x"}], []),
    ]  # fmt: skip
    for name, rule, good, bad in cases:
        for value in good:
            builder = getattr(base_of(impl), name)(value)
            equal(violations(builder), [], did=f"{name}({value!r}), the rest is right")
        for value in bad:
            builder = getattr(base_of(impl), name)(value)
            equal(
                violations(builder), [((name,), rule)], did=f"{name}({value!r}), the rest is right"
            )


@check("P4", kind="behaviour")
def test_everything_that_is_wrong_at_once(impl: Implementation) -> None:
    """Nothing is set; then all options have bad values, set twice."""
    equal(violations(impl.ServerBuilder()), [(("host",), "required"), (("port",), "required")],
          did="ServerBuilder().build()")  # fmt: skip
    bad = {"host": "", "port": 0, "certificate": "", "key": "", "workers": 0, "connections": 0,
           "timeout": 0.0, "keep_alive": -1.0, "routes": {"x": "y", "z": "y"}}  # fmt: skip
    want = [(("certificate",), "empty"), (("connections",), "positive"), (("host",), "syntax"),
            (("keep_alive",), "positive"), (("key",), "empty"), (("port",), "range"),
            (("routes",), "path"), (("timeout",), "positive"), (("workers",), "positive")]  # fmt: skip
    equal(
        violations(impl.ServerBuilder().load(bad).load(bad)), want, did="nine bad values, build()"
    )
    error = raises(
        InvalidServer, impl.ServerBuilder().load(bad).build, did="nine bad values, build()"
    )
    equal(error.violations, tuple(Violation(*each) for each in want), did="violations of the error")


@check("P5", "P4", kind="behaviour")
def test_each_rule_of_two_options(impl: Implementation) -> None:
    """Certificate and key, port 443, connections times workers, keep_alive and timeout, at their limits."""
    pair, tls = (("certificate", "key"), "pair"), (("certificate", "port"), "tls")
    capacity = (("connections", "workers"), "capacity")
    shorter = (("keep_alive", "timeout"), "shorter")
    cases: list[tuple[dict[str, Any], list[Any]]] = [
        ({"certificate": "c"}, [pair]),
        ({"key": "k"}, [pair]),
        ({"certificate": "c", "key": "k"}, []),
        ({"port": 443}, [tls]),
        ({"port": 443, "key": "k"}, [pair, tls]),
        ({"port": 443, "certificate": "c"}, [pair]),
        ({"port": 443, "certificate": "c", "key": "k"}, []),
        ({"connections": 100, "workers": 100}, []),
        ({"connections": 101, "workers": 100}, [capacity]),
        ({"workers": 101}, [capacity]),
        ({"connections": 10_001}, [capacity]),
        ({"timeout": 5.0}, [shorter]),
        ({"timeout": 5.5}, []),
        ({"keep_alive": 30.0}, [shorter]),
        ({"keep_alive": 31}, [shorter]),
        ({"port": 443, "key": "k", "workers": 999, "timeout": 1}, [pair, tls, capacity, shorter]),
    ]
    for values, want in cases:
        equal(
            violations(base_of(impl).load(values)), want, did=f"load({values}), the rest is right"
        )


@check("P5", kind="behaviour")
def test_no_mistake_follows_from_a_mistake(impl: Implementation) -> None:
    """One of two values is missing or wrong in itself, and the rule over both would not hold."""
    cases: list[tuple[dict[str, Any], list[Any]]] = [
        ({"certificate": ""}, [(("certificate",), "empty")]),
        ({"certificate": "", "port": 443}, [(("certificate",), "empty")]),
        ({"certificate": "c", "key": ""}, [(("key",), "empty")]),
        ({"workers": 0, "connections": 20_000}, [(("workers",), "positive")]),
        ({"workers": 20_000, "connections": -1}, [(("connections",), "positive")]),
        ({"timeout": 0.0}, [(("timeout",), "positive")]),
        ({"timeout": -1.0, "keep_alive": -1.0},
         [(("keep_alive",), "positive"), (("timeout",), "positive")]),
        ({"timeout": math.nan}, [(("timeout",), "positive")]),
        ({"keep_alive": math.inf}, [(("keep_alive",), "positive")]),
        ({"key": "", "port": 443}, [(("certificate", "port"), "tls"), (("key",), "empty")]),
    ]  # fmt: skip
    for values, want in cases:
        equal(
            violations(base_of(impl).load(values)), want, did=f"load({values}), the rest is right"
        )
    equal(violations(impl.ServerBuilder().host("h").key("k")),
          [(("certificate", "key"), "pair"), (("port",), "required")],
          did="host and key are set, and no port")  # fmt: skip


@check("P6", kind="behaviour")
def test_an_added_rule_gets_its_values_in_order(impl: Implementation) -> None:
    """Rules with the fields in several orders, with none, and with all; two builds."""
    seen: list[Any] = []
    builder = base_of(impl).load({"key": "k", "certificate": "c", "labels": {"a": "b"}})
    fields = [("port", "host"), ("host", "port"), ("workers", "key", "timeout"), (), ("labels",)]
    for each in fields:
        builder = builder.rule(Rule("any", each, lambda *values: seen.append(values) or True))
    builder.build()
    want = [("example.org", 8080), (8080, "example.org"), (1, "k", 30.0), ()]
    first = sorted([each for each in seen if len(each) != 1], key=str)
    equal(first, sorted(want, key=str), did="what four rules got in one build")
    maps = [dict(each[0]) for each in seen if len(each) == 1]
    equal(maps, [{"a": "b"}], did="what a rule for labels got in one build")
    seen.clear()
    whole = builder.rule(Rule("all", OPTIONS[::-1], lambda *values: seen.append(values) or True))
    server = whole.build()
    got = [(dict(each[0]), dict(each[1]), *each[2:]) for each in seen if len(each) == len(OPTIONS)]
    want = [({"a": "b"}, {}, *(getattr(server, name) for name in OPTIONS[-3::-1]))]
    equal(got, want, did="what a rule over all options, from the last to the first, got")
    equal(len(seen), len(fields) + 1, did="calls of six rules in the second build")


@check("P6", "P4", kind="behaviour")
def test_what_an_added_rule_answers(impl: Implementation) -> None:
    """Rules answer with things that are true and false, break together, share a name, come twice."""
    for answer, broken in (
        (1, False),
        ("x", False),
        ([0], False),
        (0, True),
        (None, True),
        ("", True),
    ):
        rule = Rule("own", ("workers",), lambda _, answer=answer: answer)
        want = [(("workers",), "own")] if broken else []
        equal(violations(base_of(impl).rule(rule)), want, did=f"a rule that answers {answer!r}")
    holds, fails = (Rule("own", ("host",), lambda _, so=so: so) for so in (True, False))
    for two in ((holds, fails), (fails, holds)):
        did = f"two rules of one name and field, which answer {[rule is holds for rule in two]}"
        builder = base_of(impl).rule(two[0]).rule(two[1])
        equal(violations(builder), [(("host",), "own")], did=did)
    mild = Rule("tls", ("certificate", "port"), lambda *_: True)
    want = [(("certificate", "port"), "tls")]
    equal(
        violations(base_of(impl).port(443).rule(mild)),
        want,
        did="port(443), an added rule 'tls' holds",
    )
    calls: list[int] = []
    counted = Rule("b", ("workers", "host"), lambda *_: calls.append(1))
    builder = base_of(impl).rule(counted).rule(Rule("b", ("workers", "host"), lambda *_: False))
    builder = builder.rule(Rule("a", ("workers", "host"), lambda *_: False)).rule(counted)
    builder = builder.rule(Rule("c", ("workers", "host"), lambda *_: True)).timeout(0.0)
    want = [(("timeout",), "positive"), (("workers", "host"), "a"), (("workers", "host"), "b")]
    equal(
        violations(builder),
        want,
        did="five rules over (workers, host): b, b, a, the first b again, c",
    )
    equal(len(calls), 1, did="calls of the rule that was added twice")


@check("P6", kind="behaviour")
def test_an_added_rule_is_asked_in_each_build(impl: Implementation) -> None:
    """One builder is built three times, with a rule that holds the first two times."""
    answers = [False, True, True]
    builder = base_of(impl).rule(Rule("changes", (), answers.pop))
    got = [violations(builder) for _ in range(3)]
    equal(got, [[], [], [((), "changes")]], did="violations of build(), three times")


@check("P6", "P5", kind="behaviour")
def test_an_added_rule_is_asked_for_sound_values_only(impl: Implementation) -> None:
    """The port is missing, the workers are wrong, an added rule is broken, so is one over two options."""
    asked: list[str] = []

    def rule(name: str, *fields: str) -> Rule:
        return Rule(name, fields, lambda *_: asked.append(name))

    builder = impl.ServerBuilder().load({"host": "h", "workers": 0, "timeout": 1.0})
    for name, fields in (("p", ("port",)), ("hp", ("host", "port")), ("w", ("workers",)),
                         ("cw", ("connections", "workers")), ("h", ("host",)), ("hh", ("host", "key")),
                         ("t", ("timeout", "keep_alive")), ("none", ())):  # fmt: skip
        builder = builder.rule(rule(name, *fields))
    want = [((), "none"), (("host",), "h"), (("host", "key"), "hh"), (("keep_alive", "timeout"), "shorter"),
            (("port",), "required"), (("timeout", "keep_alive"), "t"), (("workers",), "positive")]  # fmt: skip
    equal(violations(builder), want, did="violations with eight added rules, none of which holds")
    equal(sorted(asked), ["h", "hh", "none", "t"], did="which of the added rules were asked")


class Interrupt(BaseException):
    """What is no Exception."""


@check("P6", "P7", kind="behaviour")
def test_what_a_rule_raises_passes_through(impl: Implementation) -> None:
    """A rule raises; other rules are broken; then the builder is used again."""
    for error in (ValueError("rule"), KeyError("port"), TypeError("x"), AttributeError("y"), Interrupt(),
                  InvalidServer([])):  # fmt: skip

        def holds(_: Any, error: BaseException = error) -> bool:
            raise error

        for builder in (base_of(impl), base_of(impl).timeout(0.0)):
            ruled = builder.rule(Rule("raises", ("host",), holds))
            caught = raises(type(error), ruled.build, did=f"build(), a rule raises {error!r}")
            ensure(caught is error, did=f"build(), a rule raises {error!r}",
                   want="that very exception", got=caught)  # fmt: skip
        equal(violations(ruled.host("")), [(("host",), "syntax"), (("timeout",), "positive")],
              did="the same builder, with a host for which that rule is not asked")  # fmt: skip


@check("P6", "P8", kind="behaviour")
def test_a_rule_cannot_change_the_values(impl: Implementation) -> None:
    """A rule tries to add a label to the mapping that it gets."""

    def holds(labels: Any) -> bool:
        try:
            labels["added"] = "by a rule"
        except (TypeError, AttributeError):
            return True
        return True

    builder = base_of(impl).labels({"a": "1"}).rule(Rule("meddles", ("labels",), holds))
    for turn in ("first", "second"):
        equal(dict(builder.build().labels), {"a": "1"}, did=f"labels of the {turn} Server")
