"""Builders that are almost right: one wrong idea each, and the promise it breaks."""

import copy
import dataclasses
import sys
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from contracts.patterns.builder import (
    OPTIONS,
    InvalidServer,
    Rule,
    UnknownOptions,
    Violation,
)
from solutions.patterns import builder as reference
from solutions.patterns.builder import DEFAULTS, OF_ONE, OF_SEVERAL, Entries


def _found(
    values: dict[str, Any], of_one: Any, of_several: Any, sound: Any = None
) -> list[Violation]:
    """The violations under other rules, or with other values taken for sound."""
    broken = [Violation((name,), "required") for name in OPTIONS if name not in values]
    broken += reference._broken(tuple(of_one), values)
    unsound = {each.fields[0] for each in broken}
    fine = {name: value for name, value in values.items() if name not in unsound}
    return broken + list(
        reference._broken(tuple(of_several), fine if sound is None else sound(fine))
    )


def _instead(rules: tuple[Rule, ...], name: str, holds: Callable[..., Any]) -> list[Rule]:
    """The rules, one of them with another condition."""
    return [dataclasses.replace(rule, holds=holds) if rule.name == name else rule for rule in rules]


class _Builder(reference.ServerBuilder):
    """Builds what `found` has nothing against."""

    def found(self, values: dict[str, Any]) -> list[Violation]:
        return _found(values, OF_ONE, (*OF_SEVERAL, *self._rules))

    def make(self, values: dict[str, Any]) -> Any:
        return reference.Server(**values, built=None)

    def build(self) -> Any:
        values = {**DEFAULTS, **self._values}
        broken = self.found(values)
        if broken:
            raise InvalidServer(broken)
        return self.make(values)


class TheLastMappingOnly:
    """A second call of labels or routes replaces the first."""

    breaks = "P1"

    class ServerBuilder(_Builder):
        def load(self, values: Any) -> Any:
            builder = super().load(values)
            for name in ("routes", "labels"):
                if name in values:
                    builder._values[name] = Entries(values[name])
            return builder


class AnotherDefault:
    """Keeps idle connections for 15 seconds unless told otherwise."""

    breaks = "P1"

    class ServerBuilder(_Builder):
        def make(self, values: dict[str, Any]) -> Any:
            return super().make({**values, "keep_alive": self._values.get("keep_alive", 15.0)})


class ChangesItself:
    """Each method changes the builder and returns it: whoever keeps a base does not know what is in it."""

    breaks = "P2"

    class ServerBuilder(_Builder):
        def _with(self, values: Any, rules: Any) -> Any:
            self._values, self._rules = values, rules
            return self


class SharesTheListOfRules:
    """A derived builder adds its rules to the list of its base. As rholder/guava-retrying issue 48."""

    breaks = "P2"

    class ServerBuilder(_Builder):
        def __init__(self) -> None:
            super().__init__()
            self._rules: Any = []

        def rule(self, rule: Rule) -> Any:
            builder = super().rule(rule)
            self._rules.extend(builder._rules[len(self._rules) :])
            builder._rules = self._rules
            return builder

        def _with(self, values: Any, rules: Any) -> Any:
            if isinstance(rules, tuple):
                rules = list(rules)
            return super()._with(values, rules)

        def found(self, values: dict[str, Any]) -> list[Violation]:
            return _found(values, OF_ONE, (*OF_SEVERAL, *self._rules))


class LosesTheRules:
    """A setter makes a new builder and forgets to hand on the rules. As reactor/reactor-addons issue 150."""

    breaks = "P2"

    class ServerBuilder(_Builder):
        def keep_alive(self, keep_alive: float) -> Any:
            return self._with(super().keep_alive(keep_alive)._values, ())


class ForgetsItsClass:
    """Each method returns a plain ServerBuilder: after the first call a subclass has lost its methods."""

    breaks = "P2"

    class ServerBuilder(_Builder):
        def _with(self, values: Any, rules: Any) -> Any:
            builder = ForgetsItsClass.ServerBuilder()
            builder._values, builder._rules = values, rules
            return builder


class TheFirstCallCounts:
    """What is set stays set, so that a preset cannot be overruled."""

    breaks = "P3"

    class ServerBuilder(_Builder):
        def load(self, values: Any) -> Any:
            builder = super().load(values)
            for name, value in self._values.items():
                if not isinstance(value, Mapping):
                    builder._values[name] = value
            return builder


class LooksAtOnce:
    """Port 443 is refused at the call if there is no certificate yet."""

    breaks = "P3"

    class ServerBuilder(_Builder):
        def load(self, values: Any) -> Any:
            builder = super().load(values)
            now = builder._values
            if now.get("certificate") is None and now.get("key") is not None:
                raise InvalidServer([Violation(("certificate", "key"), "pair")])
            return builder


class InTheOrderOfCalls:
    """Labels and routes are kept in the order in which they came, and so are repr and hash."""

    breaks = "P3"

    class Kept(Entries):
        __slots__ = ()

        def __init__(self, entries: Mapping[str, str]) -> None:
            self._entries = dict(entries)

    class ServerBuilder(_Builder):
        def load(self, values: Any) -> Any:
            builder = super().load(values)
            for name in ("routes", "labels"):
                if name in values:
                    before = self._values.get(name, {})
                    builder._values[name] = InTheOrderOfCalls.Kept({**before, **values[name]})
            return builder


class OneMistakeAtATime:
    """Reports the first broken rule. As koding/multiconfig issue 73."""

    breaks = "P4"

    class ServerBuilder(_Builder):
        def found(self, values: dict[str, Any]) -> list[Violation]:
            return super().found(values)[:1]


class ZeroIsNotSet:
    """What is zero or empty is replaced by the default: `value or default`."""

    breaks = "P4"

    class ServerBuilder(_Builder):
        def build(self) -> Any:
            kept = {name: value for name, value in self._values.items() if value}
            return _Builder.build(self._with(kept, self._rules))


class AnyFreePort:
    """Port 0 is fine: the system chooses one."""

    breaks = "P4"

    class ServerBuilder(_Builder):
        def found(self, values: dict[str, Any]) -> list[Violation]:
            free = _instead(OF_ONE, "range", range(65_536).__contains__)
            return _found(values, free, (*OF_SEVERAL, *self._rules))


class NotBelowZero:
    """A number is refused if it is zero or less: nan is neither, and infinite is more."""

    breaks = "P4"

    class ServerBuilder(_Builder):
        def found(self, values: dict[str, Any]) -> list[Violation]:
            loose = _instead(OF_ONE, "positive", lambda number: not number <= 0)
            return _found(values, loose, (*OF_SEVERAL, *self._rules))


class HugeIsInfinite:
    """A whole number that is too large for a float counts as infinite."""

    breaks = "P4"

    class ServerBuilder(_Builder):
        def found(self, values: dict[str, Any]) -> list[Violation]:
            as_floats = _instead(OF_ONE, "positive", lambda n: 0 < n <= sys.float_info.max)
            return _found(values, as_floats, (*OF_SEVERAL, *self._rules))


class OneGoodRouteWillDo:
    """Looks at the first path only."""

    breaks = "P4"

    class ServerBuilder(_Builder):
        def found(self, values: dict[str, Any]) -> list[Violation]:
            loose = _instead(OF_ONE, "path", lambda routes: next(iter(routes), "/").startswith("/"))
            return _found(values, loose, (*OF_SEVERAL, *self._rules))


class OneMistakeBringsAnother:
    """Rules over two options are looked at with values that are wrong already."""

    breaks = "P5"

    class ServerBuilder(_Builder):
        def found(self, values: dict[str, Any]) -> list[Violation]:
            return _found(values, OF_ONE, (*OF_SEVERAL, *self._rules), lambda _: values)


class OnlyIfAllElseIsRight:
    """Rules over two options are looked at when no other rule is broken."""

    breaks = "P5"

    class ServerBuilder(_Builder):
        def found(self, values: dict[str, Any]) -> list[Violation]:
            return _found(values, OF_ONE, ()) or super().found(values)


class DefaultsAreNotLookedAt:
    """A rule over two options is looked at if both were set: a timeout below the default keep_alive passes."""

    breaks = "P5"

    class ServerBuilder(_Builder):
        def found(self, values: dict[str, Any]) -> list[Violation]:
            def given(fine: dict[str, Any]) -> dict[str, Any]:
                return {
                    name: fine[name] for name in fine if name in self._values or fine[name] is None
                }

            own = _found(values, (), self._rules)
            return _found(values, OF_ONE, OF_SEVERAL, given) + [
                each for each in own if each.rule != "required"
            ]


class JustTooFew:
    """Exactly 10,000 connections are one too many."""

    breaks = "P5"

    class ServerBuilder(_Builder):
        def found(self, values: dict[str, Any]) -> list[Violation]:
            tight = _instead(OF_SEVERAL, "capacity", lambda c, w: c * w < 10_000)
            return _found(values, OF_ONE, (*tight, *self._rules))


class InTheOrderOfTheTable:
    """A rule gets the values in the order of the options, not of its fields."""

    breaks = "P6"

    class ServerBuilder(_Builder):
        def rule(self, rule: Rule) -> Any:
            def holds(*values: Any) -> Any:
                given = dict(zip(rule.fields, values, strict=True))
                return rule.holds(*(given[name] for name in OPTIONS if name in given))

            super().rule(rule)
            return self._with(self._values, (*self._rules, dataclasses.replace(rule, holds=holds)))


class TrueAndNothingElse:
    """A rule holds if it answers True; 1 or a text is not enough."""

    breaks = "P6"

    class ServerBuilder(_Builder):
        def rule(self, rule: Rule) -> Any:
            strict = dataclasses.replace(rule, holds=lambda *values: rule.holds(*values) is True)
            super().rule(rule)
            return self._with(self._values, (*self._rules, strict))


class AsksTwice:
    """Looks first whether anything is wrong, and then again what."""

    breaks = "P6"

    class ServerBuilder(_Builder):
        def build(self) -> Any:
            self.found({**DEFAULTS, **self._values})
            return super().build()


class RulesByName:
    """Of two added rules with the same name and fields the last one counts."""

    breaks = "P4"

    class ServerBuilder(_Builder):
        def rule(self, rule: Rule) -> Any:
            builder = super().rule(rule)
            known = {(each.name, each.fields): each for each in (*self._rules, rule)}
            return builder._with(self._values, tuple(known.values()))


class AddedRulesReplace:
    """An added rule with the name and fields of one of the contract takes its place."""

    breaks = "P4"

    class ServerBuilder(_Builder):
        def found(self, values: dict[str, Any]) -> list[Violation]:
            added = {(each.name, each.fields) for each in self._rules}
            of_one, several = (
                [each for each in rules if (each.name, each.fields) not in added]
                for rules in (OF_ONE, OF_SEVERAL)
            )
            return _found(values, of_one, (*several, *self._rules))


class BuildsAreRemembered:
    """A builder that has built something hands it out again, and asks no rule any more."""

    breaks = "P6"

    class ServerBuilder(_Builder):
        _built: Any = None

        def _with(self, *changed: Any) -> Any:
            builder = super()._with(*changed)
            builder._built = None
            return builder

        def build(self) -> Any:
            if self._built is None:
                self._built = super().build()
            return self._built


class ARuleThatFailsIsBroken:
    """What a rule raises counts as a rule that does not hold."""

    breaks = "P6"

    class ServerBuilder(_Builder):
        def rule(self, rule: Rule) -> Any:
            def holds(*values: Any) -> Any:
                try:
                    return rule.holds(*values)
                except Exception:
                    return False

            super().rule(rule)
            return self._with(self._values, (*self._rules, dataclasses.replace(rule, holds=holds)))


class AddedRulesMakeUnsound:
    """A value that breaks an added rule is not looked at by the rules over two options."""

    breaks = "P6"

    class ServerBuilder(_Builder):
        def found(self, values: dict[str, Any]) -> list[Violation]:
            single = [rule for rule in self._rules if len(rule.fields) == 1]
            others = [rule for rule in self._rules if len(rule.fields) != 1]
            return _found(values, (*OF_ONE, *single), (*OF_SEVERAL, *others))


class KeepsTheCallersDict:
    """Labels are copied by build, not by the call. As mjedynak/builder-generator-idea-plugin issue 22."""

    breaks = "P7"

    class ServerBuilder(_Builder):
        given: tuple[Any, ...] = ()

        def labels(self, labels: Any) -> Any:
            builder = super().labels(labels)
            builder.given = (*self.given, labels)
            return builder

        def build(self) -> Any:
            builder = self
            for labels in self.given:
                builder = _Builder.labels(builder, labels)
            return _Builder.build(builder)


class OneDefaultForAll:
    """The rules of all builders are one list, made with the class. As SCons/scons issue 1681."""

    breaks = "P7"

    class ServerBuilder(_Builder):
        everybody: ClassVar[list[Rule]] = []

        def rule(self, rule: Rule) -> Any:
            builder = super().rule(rule)
            self.everybody.append(rule)
            return builder

        def found(self, values: dict[str, Any]) -> list[Violation]:
            return _found(values, OF_ONE, (*OF_SEVERAL, *self.everybody))


class BuildsOnce:
    """The first product is kept, and given out by all that is derived. As javaee/grizzly issue 1574."""

    breaks = "P7"

    class ServerBuilder(_Builder):
        product: Any = None

        def build(self) -> Any:
            if self.product is None:
                self.product = super().build()
            return self.product


class PlainDicts:
    """Routes and labels of a Server are dicts: frozen at the surface."""

    breaks = "P8"

    class ServerBuilder(_Builder):
        def make(self, values: dict[str, Any]) -> Any:
            server = super().make(values)
            for name in ("routes", "labels"):
                object.__setattr__(server, name, PlainDicts.Open(values[name]))
            return server

    class Open(dict[str, str]):
        def __init__(self, entries: Mapping[str, str]) -> None:
            super().__init__(sorted(entries.items()))

        def __hash__(self) -> int:  # type: ignore[override]
            return hash(tuple(self.items()))


class OnlyWhatIsThere:
    """Known attributes cannot be set; a slip makes a new one."""

    breaks = "P8"

    class Server(reference.Server):
        def __setattr__(self, name: str, value: Any) -> None:
            if name in OPTIONS:
                raise AttributeError(name)
            object.__setattr__(self, name, value)

    class ServerBuilder(_Builder):
        def make(self, values: dict[str, Any]) -> Any:
            return OnlyWhatIsThere.Server(**values, built=None)


class TheKeyDoesNotCount:
    """The key is left out of the comparison as it is of the repr."""

    breaks = "P9"

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Server(reference.Server):
        key: str | None = dataclasses.field(repr=False, compare=False)

    class ServerBuilder(_Builder):
        def make(self, values: dict[str, Any]) -> Any:
            return TheKeyDoesNotCount.Server(**values, built=None)


class ComparesTexts:
    """Servers are compared by their texts and keys: 12 and 12.0 are not the same."""

    breaks = "P9"

    @dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
    class Server(reference.Server):
        def __eq__(self, other: object) -> bool:
            if not isinstance(other, ComparesTexts.Server):
                return NotImplemented
            return (repr(self), self.key) == (repr(other), other.key)

        def __hash__(self) -> int:
            return hash((repr(self), self.key))

    class ServerBuilder(_Builder):
        def make(self, values: dict[str, Any]) -> Any:
            return ComparesTexts.Server(**values, built=None)


class _Tuple(NamedTuple):
    host: str
    port: int
    certificate: str | None
    key: str | None
    workers: int
    connections: int
    timeout: float
    keep_alive: float
    routes: Any
    labels: Any


class ATuple:
    """A Server is a named tuple, and equal to any tuple of its values."""

    breaks = "P9"

    class Server(_Tuple):
        __slots__ = ()

        def __repr__(self) -> str:
            return repr({name: getattr(self, name) for name in OPTIONS if name != "key"})

        def __replace__(self, **changes: Any) -> Any:
            raise TypeError("build it")

    class ServerBuilder(_Builder):
        def like(self, server: Any) -> Any:
            if not isinstance(server, ATuple.Server):
                raise TypeError("no Server")
            return self._with(server._asdict(), self._rules)

        def make(self, values: dict[str, Any]) -> Any:
            return ATuple.Server(**values)


class AProxy(Mapping[str, str]):
    """A read-only view, which hides a proxy that cannot be pickled."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        self.proxy = MappingProxyType(dict(entries))

    def __getitem__(self, key: str) -> str:
        return self.proxy[key]

    def __iter__(self) -> Any:
        return iter(self.proxy)

    def __len__(self) -> int:
        return len(self.proxy)

    def __hash__(self) -> int:
        return hash(tuple(self.proxy.items()))

    def __repr__(self) -> str:
        return repr(dict(self.proxy))


class CannotBePickled:
    """Routes and labels are a MappingProxyType, which no other process can be sent."""

    breaks = "P10"

    class ServerBuilder(_Builder):
        def make(self, values: dict[str, Any]) -> Any:
            shown = {name: AProxy(values[name]) for name in ("routes", "labels")}
            return super().make({**values, **shown})


class ReplacesWithoutRules:
    """A frozen dataclass: dataclasses.replace makes a Server that breaks every rule."""

    breaks = "P10"

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Server(reference.Server):
        built: dataclasses.InitVar[None] = None

    class ServerBuilder(_Builder):
        def make(self, values: dict[str, Any]) -> Any:
            return ReplacesWithoutRules.Server(**values)


class LikeKeepsItsOwn:
    """A builder like a Server has the labels of both."""

    breaks = "P10"

    class ServerBuilder(_Builder):
        def like(self, server: Any) -> Any:
            builder = super().like(server)
            own = self._values.get("labels", {})
            builder._values["labels"] = Entries({**own, **server.labels})
            return builder


class LikeStartsAnew:
    """A builder like a Server has no rules but those of the contract."""

    breaks = "P10"

    class ServerBuilder(_Builder):
        def like(self, server: Any) -> Any:
            return type(self)()._with(super().like(server)._values, ())


class TellsTheKey:
    """The repr that a dataclass writes. As opendatacube/datacube-core issue 936."""

    breaks = "P11"

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Server(reference.Server):
        key: str | None

    class ServerBuilder(_Builder):
        def make(self, values: dict[str, Any]) -> Any:
            return TellsTheKey.Server(**values, built=None)


class TellsTheWrongKey:
    """A TypeError shows the value that it refuses."""

    breaks = "P11"

    class ServerBuilder(_Builder):
        def load(self, values: Any) -> Any:
            try:
                return super().load(values)
            except UnknownOptions:
                raise
            except TypeError:
                raise TypeError(f"a wrong type among {values!r}") from None


class TheBuilderTells:
    """A builder shows what has been set, for debugging."""

    breaks = "P11"

    class ServerBuilder(_Builder):
        def __repr__(self) -> str:
            return f"ServerBuilder({self._values!r})"


class BoolsAreNumbers:
    """True is one worker."""

    breaks = "P12"

    class ServerBuilder(_Builder):
        def load(self, values: Any) -> Any:
            if isinstance(values, Mapping):
                values = {n: int(v) if isinstance(v, bool) else v for n, v in values.items()}
            return super().load(values)


class TypesAreLookedAtLater:
    """A wrong type is an error of build, far from the call."""

    breaks = "P12"

    class ServerBuilder(_Builder):
        late: Any = None

        def load(self, values: Any) -> Any:
            try:
                return super().load(values)
            except UnknownOptions:
                raise
            except TypeError as error:
                builder = copy.copy(self)
                builder.late = error
                return builder

        def build(self) -> Any:
            if self.late is not None:
                raise self.late
            return super().build()


class KeysAreTextsValuesAnything:
    """Values of labels and routes may be of any type."""

    breaks = "P12"

    class ServerBuilder(_Builder):
        def load(self, values: Any) -> Any:
            if isinstance(values, Mapping) and isinstance(values.get("labels"), Mapping):
                values = {**values, "labels": {k: str(v) for k, v in values["labels"].items()}}
            return super().load(values)


class IgnoresUnknownNames:
    """What load does not know it leaves out."""

    breaks = "P12"

    class ServerBuilder(_Builder):
        def load(self, values: Any) -> Any:
            if isinstance(values, Mapping):
                values = {name: value for name, value in values.items() if name in OPTIONS}
            return super().load(values)


class OneUnknownNameAtATime:
    """Of several unknown names the first is told."""

    breaks = "P12"

    class ServerBuilder(_Builder):
        def load(self, values: Any) -> Any:
            try:
                return super().load(values)
            except UnknownOptions as error:
                raise UnknownOptions(list(error.suggestions)[:1]) from None


class ChangesAndChangesBack:
    """Sets the values in itself, copies itself, and puts the old ones back."""

    breaks = "P13"

    class ServerBuilder(_Builder):
        def _with(self, values: Any, rules: Any) -> Any:
            before = self._values, self._rules
            self._values, self._rules = values, rules
            builder = copy.copy(self)
            self._values, self._rules = before
            return builder


class NotesInItself:
    """The violations are gathered in a list of the builder."""

    breaks = "P13"

    class ServerBuilder(_Builder):
        broken: ClassVar[list[Violation]] = []

        def build(self) -> Any:
            self.broken.clear()
            values = {**DEFAULTS, **self._values}
            for each in self.found(values):
                self.broken.append(each)
            if self.broken:
                raise InvalidServer(self.broken)
            return self.make(values)


class OneBuildAtATime:
    """A lock of the class is held during a build, and so while rules run."""

    breaks = "P13"

    class ServerBuilder(_Builder):
        lock: ClassVar[Any] = threading.RLock()

        def build(self) -> Any:
            with self.lock:
                return super().build()


class RemembersEveryCall:
    """Keeps the calls, and makes them one after another in build."""

    breaks = "P13"

    class ServerBuilder(_Builder):
        story: tuple[Any, ...] = ()

        def load(self, values: Any) -> Any:
            builder = super().load(values)
            builder.story = (*self.story, values)
            return builder

        def build(self) -> Any:
            builder = _Builder()
            for values in self.story:
                builder = builder.load(values)
            return builder._with(self._values, self._rules).build()
