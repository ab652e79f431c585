"""Builder whose state is a dict that is never changed after it was made, and whose rules are a table.

Each call copies the dict (ten entries, and those of routes and labels), so that a base and all that is derived from
it are independent without locks. The options are a table: the setters are its rows by another name, and `load` is all
of them. Rules of one option decide whether its value is sound; rules of several look at sound values only.

Trade-offs: adding a thousand routes in a thousand calls copies half a million entries; one call with a mapping copies
a thousand. A dataclass with keyword arguments and a `__post_init__` would do without a builder if nobody derived
from a base, or wanted all mistakes of a configuration file at once.
"""

import copy
import math
from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from typing import Any, Final, Self

from contracts.patterns.builder import OPTIONS, InvalidServer, Rule, UnknownOptions, Violation

MOST_CONNECTIONS: Final = 10_000
TYPES: Final[dict[str, tuple[type, ...]]] = {
    "host": (str,),
    "port": (int,),
    "certificate": (str, type(None)),
    "key": (str, type(None)),
    "workers": (int,),
    "connections": (int,),
    "timeout": (int, float),
    "keep_alive": (int, float),
    "routes": (Mapping,),
    "labels": (Mapping,),
}


class Entries(Mapping[str, str]):
    """A mapping that cannot change, in the order of its keys. Can be hashed and pickled."""

    __slots__ = ("_entries",)

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._entries = dict(sorted(entries.items()))

    def __getitem__(self, key: str) -> str:
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __hash__(self) -> int:
        return hash(tuple(self._entries.items()))

    def __repr__(self) -> str:
        return repr(self._entries)


NONE: Final = Entries({})
DEFAULTS: Final[dict[str, Any]] = {
    "certificate": None,
    "key": None,
    "workers": 1,
    "connections": 100,
    "timeout": 30.0,
    "keep_alive": 5.0,
    "routes": NONE,
    "labels": NONE,
}


def _is_positive(number: float) -> bool:
    return 0 < number < math.inf


def _is_syntax(host: str) -> bool:
    return host.split() == [host]


def _is_not_empty(text: str | None) -> bool:
    return text != ""


OF_ONE: Final = (
    Rule("syntax", ("host",), _is_syntax),
    Rule("range", ("port",), range(1, 65_536).__contains__),
    Rule("empty", ("certificate",), _is_not_empty),
    Rule("empty", ("key",), _is_not_empty),
    *(Rule("positive", (name,), _is_positive)
      for name in ("workers", "connections", "timeout", "keep_alive")),
    Rule("path", ("routes",), lambda routes: all(path.startswith("/") for path in routes)),
)  # fmt: skip
OF_SEVERAL: Final = (
    Rule("pair", ("certificate", "key"), lambda c, k: (c is None) == (k is None)),
    Rule("tls", ("certificate", "port"), lambda c, port: c is not None or port != 443),
    Rule("capacity", ("connections", "workers"), lambda c, w: c * w <= MOST_CONNECTIONS),
    Rule("shorter", ("keep_alive", "timeout"), lambda keep, timeout: keep < timeout),
)


@dataclass(frozen=True, kw_only=True)
class Server:
    """Values that keep all rules."""

    host: str
    port: int
    certificate: str | None
    key: str | None = field(repr=False)
    workers: int
    connections: int
    timeout: float
    keep_alive: float
    routes: Entries
    labels: Entries
    built: InitVar[None]  # has no default: dataclasses.replace cannot give it, and raises


class ServerBuilder:
    """Gathers settings. Immutable."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._rules: tuple[Rule, ...] = ()

    def host(self, host: str) -> Self:
        """Set the host."""
        return self.load({"host": host})

    def port(self, port: int) -> Self:
        """Set the port."""
        return self.load({"port": port})

    def certificate(self, certificate: str | None) -> Self:
        """Set the path of the certificate."""
        return self.load({"certificate": certificate})

    def key(self, key: str | None) -> Self:
        """Set the private key."""
        return self.load({"key": key})

    def workers(self, workers: int) -> Self:
        """Set how many workers."""
        return self.load({"workers": workers})

    def connections(self, connections: int) -> Self:
        """Set how many connections each worker may have."""
        return self.load({"connections": connections})

    def timeout(self, timeout: float) -> Self:
        """Set the seconds for a request."""
        return self.load({"timeout": timeout})

    def keep_alive(self, keep_alive: float) -> Self:
        """Set the seconds for which an idle connection is kept."""
        return self.load({"keep_alive": keep_alive})

    def routes(self, routes: Mapping[str, str]) -> Self:
        """Add routes."""
        return self.load({"routes": routes})

    def labels(self, labels: Mapping[str, str]) -> Self:
        """Add labels."""
        return self.load({"labels": labels})

    def load(self, values: Mapping[str, object]) -> Self:
        """Set several options by name. Cost: O(values and entries)."""
        _check_kind("values", values, (Mapping,))
        _check_names(values)
        return self._with({**self._values, **dict(self._sets(values))}, self._rules)

    def _sets(self, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, value in values.items():
            _check_kind(name, value, TYPES[name])
            if isinstance(value, Mapping):
                before = self._values.get(name, NONE)
                yield name, Entries({**before, **dict(_checked(name, value))})
            else:
                yield name, value

    def rule(self, rule: Rule) -> Self:
        """Add a rule."""
        _check_kind("rule", rule, (Rule,))
        _check_names(rule.fields)
        rules = self._rules if rule in self._rules else (*self._rules, rule)
        return self._with(self._values, rules)

    def like(self, server: Any) -> Self:
        """Take over all the values of a server."""
        _check_kind("server", server, (Server,))
        return self._with({name: getattr(server, name) for name in OPTIONS}, self._rules)

    def _with(self, values: dict[str, Any], rules: tuple[Rule, ...]) -> Self:
        builder = copy.copy(self)  # of the same class
        builder._values, builder._rules = values, rules  # noqa: SLF001 - nobody else has it yet
        return builder

    def build(self) -> Server:
        """Return a Server. Cost: O(entries and rules)."""
        values = {**DEFAULTS, **self._values}
        broken = [Violation((name,), "required") for name in OPTIONS if name not in values]
        broken += _broken(OF_ONE, values)
        unsound = {each.fields[0] for each in broken}
        sound = {name: value for name, value in values.items() if name not in unsound}
        broken += _broken((*OF_SEVERAL, *self._rules), sound)
        if broken:
            raise InvalidServer(broken)
        return Server(**values, built=None)


def _broken(rules: tuple[Rule, ...], values: Mapping[str, Any]) -> Iterator[Violation]:
    for rule in rules:
        if values.keys() >= set(rule.fields):
            given = [values[name] for name in rule.fields]
            if not rule.holds(*given):
                yield Violation(rule.fields, rule.name)


def _check_names(names: Mapping[str, object] | tuple[str, ...]) -> None:
    if unknown := [name for name in names if name not in OPTIONS]:
        raise UnknownOptions(unknown)


def _check_kind(name: str, value: object, kinds: tuple[type, ...]) -> None:
    """No message holds the value: it may be a secret."""
    if not isinstance(value, kinds) or isinstance(value, bool):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise TypeError(f"{name} must be {wanted}, got {type(value).__name__}")


def _checked(name: str, entries: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    for key, value in entries.items():
        _check_kind(f"a key of {name}", key, (str,))
        _check_kind(f"{name}[{key!r}]", value, (str,))
        yield key, value
