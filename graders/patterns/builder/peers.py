"""Right builders in other styles."""

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Self

from contracts.patterns.builder import OPTIONS, InvalidServer, Rule, UnknownOptions, Violation


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _text_or_none(value: Any) -> bool:
    return value is None or _text(value)


def _int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return _int(value) or isinstance(value, float)


def _texts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(_text(k) and _text(v) for k, v in value.items())


FITS: dict[str, Callable[[Any], bool]] = {
    "host": _text,
    "port": _int,
    "certificate": _text_or_none,
    "key": _text_or_none,
    "workers": _int,
    "connections": _int,
    "timeout": _number,
    "keep_alive": _number,
    "routes": _texts,
    "labels": _texts,
}


def _unknown(names: Iterable[str]) -> None:
    wrong = set(names) - set(OPTIONS)
    if wrong:
        raise UnknownOptions(sorted(wrong))


class OneTupleOfValues:
    """A builder is a tuple of ten places; a Server holds sorted pairs, and its slots are filled once."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Pairs(Mapping[str, str]):
        """Sorted pairs, searched from the front."""

        def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
            object.__setattr__(self, "pairs", pairs)

        def __getitem__(self, key: str) -> str:
            for known, value in self.pairs:
                if known == key:
                    return str(value)
            raise KeyError(key)

        def __iter__(self) -> Any:
            return (key for key, _ in self.pairs)

        def __len__(self) -> int:
            return len(self.pairs)

        def __setattr__(self, name: str, value: Any) -> None:
            raise AttributeError(name)

        def __hash__(self) -> int:
            return hash(self.pairs)

        def __reduce__(self) -> Any:
            return OneTupleOfValues.Pairs, (self.pairs,)

    class Server:
        """Ten slots."""

        __slots__ = OPTIONS

        def __init__(self, values: tuple[Any, ...]) -> None:
            for name, value in zip(OPTIONS, values, strict=True):
                object.__setattr__(self, name, value)

        def _values(self) -> tuple[Any, ...]:
            return tuple(getattr(self, name) for name in OPTIONS)

        def __setattr__(self, name: str, value: Any) -> None:
            raise AttributeError(f"{name} of a Server cannot be set")

        def __delattr__(self, name: str) -> None:
            raise AttributeError(f"{name} of a Server cannot be deleted")

        def __eq__(self, other: object) -> bool:
            if type(other) is not type(self):
                return NotImplemented
            return self._values() == other._values()  # type: ignore[attr-defined, no-any-return]

        def __hash__(self) -> int:
            return hash(self._values())

        def __copy__(self) -> Any:
            return self

        def __deepcopy__(self, memo: Any) -> Any:
            return self

        def __reduce__(self) -> Any:
            return type(self), (self._values(),)

        def __repr__(self) -> str:
            shown = dict(zip(OPTIONS, self._values(), strict=True))
            shown["key"] = "***"
            shown |= {name: dict(shown[name]) for name in ("routes", "labels")}
            return "<Server " + " ".join(f"{name}={value}" for name, value in shown.items()) + ">"

    class ServerBuilder:
        """Values are ... until they are set."""

        __slots__ = ("added", "places")

        def __init__(self) -> None:
            nothing: Any = OneTupleOfValues.Pairs(())
            self.places: tuple[Any, ...] = (
                ...,
                ...,
                None,
                None,
                1,
                100,
                30.0,
                5.0,
                nothing,
                nothing,
            )
            self.added: tuple[Rule, ...] = ()

        def _derive(self, places: Any, added: Any) -> Any:
            other = type(self)()
            other.places, other.added = tuple(places), added
            return other

        def load(self, values: Any) -> Any:
            if not isinstance(values, Mapping):
                raise TypeError("load takes a mapping")
            _unknown(values)
            places = list(self.places)
            for name, value in values.items():
                if not FITS[name](value):
                    raise TypeError(f"{name} cannot be of type {type(value).__name__}")
                index = OPTIONS.index(name)
                places[index] = value
                if isinstance(value, Mapping):
                    pairs = sorted({**self.places[index], **value}.items())
                    places[index] = OneTupleOfValues.Pairs(tuple(pairs))
            return self._derive(places, self.added)

        def rule(self, rule: Rule) -> Any:
            if not isinstance(rule, Rule):
                raise TypeError("a Rule is wanted")
            _unknown(rule.fields)
            known = any(each is rule for each in self.added)
            return self._derive(self.places, self.added if known else (*self.added, rule))

        def like(self, server: Any) -> Any:
            if not isinstance(server, OneTupleOfValues.Server):
                raise TypeError("a Server is wanted")
            return self._derive(server._values(), self.added)

        def build(self) -> Any:
            at = dict(zip(OPTIONS, self.places, strict=True))
            found = self._alone(at)
            bad = {each.fields[0] for each in found}
            _, port, cert, key, workers, connections, timeout, keep, *_ = self.places
            checks = [
                ("certificate", "key", "pair", lambda: (cert is None) is (key is None)),
                ("certificate", "port", "tls", lambda: port != 443 or cert is not None),
                ("connections", "workers", "capacity", lambda: connections * workers <= 10_000),
                ("keep_alive", "timeout", "shorter", lambda: keep < timeout),
            ]
            for one, two, name, holds in checks:
                if not bad & {one, two} and not holds():
                    found.append(Violation((one, two), name))
            for rule in self.added:
                if not bad & set(rule.fields) and not rule.holds(*[at[n] for n in rule.fields]):
                    found.append(Violation(rule.fields, rule.name))
            if found:
                raise InvalidServer(found)
            return OneTupleOfValues.Server(self.places)

        @staticmethod
        def _alone(at: dict[str, Any]) -> list[Violation]:
            found = [Violation((name,), "required") for name in ("host", "port") if at[name] is ...]
            host, port = at["host"], at["port"]
            if host is not ... and (host == "" or any(map(str.isspace, host))):
                found.append(Violation(("host",), "syntax"))
            if port is not ... and not 0 < port < 65_536:
                found.append(Violation(("port",), "range"))
            found += [Violation((n,), "empty") for n in ("certificate", "key") if at[n] == ""]
            for name in ("workers", "connections", "timeout", "keep_alive"):
                if not 0 < at[name] < math.inf:
                    found.append(Violation((name,), "positive"))
            if any(path[:1] != "/" for path in at["routes"]):
                found.append(Violation(("routes",), "path"))
            return found

    def _setter(name: str) -> Any:  # type: ignore[misc]  # noqa: N805 - makes the ten setters below
        def setter(self: Any, *values: Any, **named: Any) -> Any:
            (value,) = values or named.values()
            return self.load({name: value})

        return setter

    for _name in OPTIONS:
        setattr(ServerBuilder, _name, _setter(_name))


class _ReadOnly(dict[str, str]):
    """A dict whose changing methods refuse."""

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError("read only")

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = clear = pop = popitem = setdefault = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self.items()))

    def __reduce__(self) -> Any:
        return _ReadOnly, (dict(self),)


class DataclassAndGenerators:
    """The builder is a frozen dataclass that is replaced, the rules are generators, a Server is made of a dict."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    @dataclasses.dataclass(frozen=True, init=False)
    class Server:
        """Cannot be called with names, and so not be replaced."""

        host: str
        port: int
        certificate: str | None
        key: str | None = dataclasses.field(repr=False)
        workers: int
        connections: int
        timeout: float
        keep_alive: float
        routes: _ReadOnly
        labels: _ReadOnly

        def __init__(self, values: Mapping[str, Any], /) -> None:
            for name in OPTIONS:
                object.__setattr__(self, name, values[name])

    @dataclasses.dataclass(frozen=True, repr=False, eq=False)
    class ServerBuilder:
        """What was set, and the rules."""

        chosen: Mapping[str, Any] = dataclasses.field(default_factory=dict)
        more: dict[int, Rule] = dataclasses.field(default_factory=dict)

        def host(self, host: str) -> Self:
            return self._set(host=host)

        def port(self, port: int) -> Self:
            return self._set(port=port)

        def certificate(self, certificate: str | None) -> Self:
            return self._set(certificate=certificate)

        def key(self, key: str | None) -> Self:
            return self._set(key=key)

        def workers(self, workers: int) -> Self:
            return self._set(workers=workers)

        def connections(self, connections: int) -> Self:
            return self._set(connections=connections)

        def timeout(self, timeout: float) -> Self:
            return self._set(timeout=timeout)

        def keep_alive(self, keep_alive: float) -> Self:
            return self._set(keep_alive=keep_alive)

        def routes(self, routes: Mapping[str, str]) -> Self:
            return self._set(routes=routes)

        def labels(self, labels: Mapping[str, str]) -> Self:
            return self._set(labels=labels)

        def _set(self, **values: Any) -> Self:
            for name, value in values.items():
                if not FITS[name](value):
                    raise TypeError(f"wrong type for {name}")
            for name in {"routes", "labels"} & values.keys():
                merged = dict(self.chosen.get(name, {})) | dict(values[name])
                values[name] = _ReadOnly(sorted(merged.items()))
            return dataclasses.replace(self, chosen={**self.chosen, **values})

        def load(self, values: Any) -> Self:
            if not isinstance(values, Mapping):
                raise TypeError("values by name are wanted")
            _unknown(values)
            return self._set(**values)

        def rule(self, rule: Rule) -> Self:
            if not isinstance(rule, Rule):
                raise TypeError("not a Rule")
            _unknown(rule.fields)
            return dataclasses.replace(self, more={**self.more, id(rule): rule})

        def like(self, server: Any) -> Self:
            if not isinstance(server, DataclassAndGenerators.Server):
                raise TypeError("not a Server")
            return dataclasses.replace(self, chosen={n: getattr(server, n) for n in OPTIONS})

        def build(self) -> Any:
            nothing = _ReadOnly()
            values = {"certificate": None, "key": None, "workers": 1, "connections": 100,
                      "timeout": 30.0, "keep_alive": 5.0, "routes": nothing, "labels": nothing,
                      **self.chosen}  # fmt: skip
            alone = dict(self._alone(values))
            sound = {name: value for name, value in values.items() if name not in alone}
            broken = [Violation((name,), rule) for name, rule in alone.items()]
            broken += [Violation(pair, rule) for pair, rule in self._together(sound)]
            for rule in self.more.values():
                if set(rule.fields).issubset(sound) and not rule.holds(
                    *map(sound.get, rule.fields)
                ):
                    broken.append(Violation(rule.fields, rule.name))
            if broken:
                raise InvalidServer(broken)
            return DataclassAndGenerators.Server(values)

        @staticmethod
        def _alone(values: Mapping[str, Any]) -> Any:
            yield from ((name, "required") for name in ("host", "port") if name not in values)
            if "host" in values and values["host"].split() != [values["host"]]:
                yield "host", "syntax"
            if values.get("port", 1) not in range(1, 65_536):
                yield "port", "range"
            yield from ((name, "empty") for name in ("certificate", "key") if values[name] == "")
            for name in ("workers", "connections", "timeout", "keep_alive"):
                if not 0 < values[name] < math.inf:
                    yield name, "positive"
            if not all(path.startswith("/") for path in values["routes"]):
                yield "routes", "path"

        @staticmethod
        def _together(sound: Mapping[str, Any]) -> Any:
            match sound:
                case {"certificate": str(), "key": None} | {"certificate": None, "key": str()}:
                    yield ("certificate", "key"), "pair"
            match sound:
                case {"certificate": None, "port": 443}:
                    yield ("certificate", "port"), "tls"
            match sound:
                case {"connections": each, "workers": workers} if each * workers > 10_000:
                    yield ("connections", "workers"), "capacity"
            match sound:
                case {"keep_alive": keep, "timeout": timeout} if keep >= timeout:
                    yield ("keep_alive", "timeout"), "shorter"
