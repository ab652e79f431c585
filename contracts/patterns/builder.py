"""Builder: a server's settings are gathered in any order, checked together, and never change again.

Seen in production as the builders of HTTP clients and servers, SQL statements, retry policies and
container specifications. What breaks is not the chain of calls: a list that two products share, a
base that changes because somebody derived from it, an error that names one mistake of five.

Decided here, because real builders disagree:

* A builder never changes. Each method returns a new one, so that a base may be kept, derived from
  and shared by threads. Whoever drops the result has done nothing.
* The last call for an option counts. `routes` and `labels` add entries; the last one of a key counts.
* A value of a wrong type is an error of the program: TypeError, where the call is. A wrong value may
  come from a configuration file: `build` reports all of them together.
* A value is sound if it is there (set, or by default) and keeps the rules of its own option. A rule
  over several options is looked at only if each of them is sound: nobody reads of mistakes that
  follow from a mistake.
* A Server holds values and no rules. To change one, take a builder: `builder.like(server)`.
* The key is a secret. It is in `server.key` and in nothing that is likely to be logged.

The options. `required` is the rule that a value without a default breaks when it is missing.

    option       type             default   rules of its own
    host         str              -         required; syntax: not empty, without white space
    port         int              -         required; range: 1 to 65535
    certificate  str or None      None      empty: None, or not the empty text
    key          str or None      None      empty: None, or not the empty text
    workers      int              1         positive: at least 1
    connections  int              100       positive: at least 1 (for each worker)
    timeout      int or float     30.0      positive: greater than 0, and finite
    keep_alive   int or float     5.0       positive: greater than 0, and finite
    routes       Mapping of str   empty     path: every key begins with "/"
    labels       Mapping of str   empty

The rules over two options:

    fields                    rule      holds if
    ("certificate", "key")    pair      both are None, or neither is
    ("certificate", "port")   tls       the port is not 443, or there is a certificate
    ("connections", "workers") capacity workers * connections is at most 10,000
    ("keep_alive", "timeout") shorter   keep_alive is less than timeout

A bool is no int here. An instance of a subclass (of str, int, float, Mapping) will do. An int is
finite, however large.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

TITLE: Final = "Builder"
LEVEL: Final = "medium"
MINUTES: Final = 45
IMPLEMENT: Final = ("ServerBuilder", "Server")
PROMISES: Final = {
    "P1": "A Server has the values that were set, the defaults for the others, and the entries of"
    " all calls of routes and labels together.",
    "P2": "Each method returns a new builder of the very class on which it was called, with the"
    " rules that this one has, and the builder on which it was called stays as it was.",
    "P3": "The order of calls for different options, keys and rules is irrelevant: the same Server"
    " or the same violations, the same hash, and the same repr; of two calls for one option or key"
    " the last counts.",
    "P4": "build raises InvalidServer with every rule that is broken, each once.",
    "P5": "A rule over several options, or one that was added, is looked at if and only if each of"
    " its values is sound: there, and right by the table's rules for that option alone; broken rules"
    " of these kinds hide nothing.",
    "P6": "A rule that was added is looked at as those of the contract are, once in each build;"
    " it gets the values of its fields, in that order; what it raises passes through build.",
    "P7": "A build, failed or not, changes nothing: a builder can be used again, and no mapping of"
    " the caller, of a builder or of a Server is shared with another one that could change it.",
    "P8": "A Server cannot change: to set, add or delete an attribute raises AttributeError, and to"
    " set or delete an entry of routes or labels raises TypeError or AttributeError.",
    "P9": "Servers are equal if their values are, to each other and to nothing else, and then their"
    " hash is; their repr tells every value but the key; routes and labels are mappings, in the order"
    " of their keys.",
    "P10": "copy, deepcopy and pickle give an equal Server; dataclasses.replace and copy.replace of"
    " one raise; like(server) gives a builder with its values and the rules of the builder.",
    "P11": "No value that was given as key is in the repr or str of a Server, of a builder, or of"
    " any error.",
    "P12": "A value of a wrong type raises TypeError in the call that sets it; names that are no"
    " options, in load and in a rule's fields, raise UnknownOptions that names all of them.",
    "P13": "Threads may share a builder: each call answers as if it were alone, and no lock is held"
    " while a rule runs; builders keep no value that no longer counts, and no call costs more for"
    " earlier ones that no longer count.",
}


@dataclass(frozen=True, order=True)
class Violation:
    """One broken rule: the options that it is about, and its name."""

    fields: tuple[str, ...]
    rule: str


class InvalidServer(ValueError):
    """What build found. `violations`: each once, sorted by fields, then by rule."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(sorted(set(violations)))
        broken = (f"{', '.join(each.fields)}: {each.rule}" for each in self.violations)
        super().__init__("; ".join(broken))


class UnknownOptions(TypeError):
    """Names that are no options, each with the option that looks most like it, None if none does."""

    def __init__(self, names: Iterable[str]) -> None:
        known: dict[str, str | None] = {}
        for name in names:
            known[name] = next(iter(difflib.get_close_matches(name, OPTIONS, 1)), None)
        self.suggestions = known
        parts = (f"{n!r} (did you mean {s!r}?)" if s else repr(n) for n, s in known.items())
        super().__init__("no such option: " + ", ".join(parts))


OPTIONS: Final = (
    "host",
    "port",
    "certificate",
    "key",
    "workers",
    "connections",
    "timeout",
    "keep_alive",
    "routes",
    "labels",
)


@dataclass(frozen=True)
class Rule:
    """A rule of somebody's own: `holds` is called with the values of `fields`, in their order.

    Something true means that the rule holds. `fields` may be empty, or name one option; a value that
    breaks a rule of this kind is still sound for the others.
    """

    name: str
    fields: tuple[str, ...]
    holds: Callable[..., object]


class Server(Protocol):
    """The settings of a server that keeps all rules. Made by build; never changes. Thread-safe.

    Whether the class can be called by others, and how, is left open.
    """

    @property
    def host(self) -> str:
        """Where it listens."""
        ...

    @property
    def port(self) -> int:
        """On which port."""
        ...

    @property
    def certificate(self) -> str | None:
        """Path of the certificate; None: without TLS."""
        ...

    @property
    def key(self) -> str | None:
        """The private key that belongs to it. A secret."""
        ...

    @property
    def workers(self) -> int:
        """How many workers."""
        ...

    @property
    def connections(self) -> int:
        """How many connections each worker may have at a time."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds for a request."""
        ...

    @property
    def keep_alive(self) -> float:
        """Seconds for which an idle connection is kept."""
        ...

    @property
    def routes(self) -> Mapping[str, str]:
        """Handler by path. Read only, in the order of its keys."""
        ...

    @property
    def labels(self) -> Mapping[str, str]:
        """Free texts. Read only, in the order of its keys."""
        ...


class ServerBuilder(Protocol):
    """Gathers settings. Never changes: every method but build returns a new builder. Thread-safe.

    It is a class. A subclass that adds methods (and nothing to the constructor) keeps its class
    through all calls. The setters check types only, see the table; build checks values.
    """

    def host(self, host: str) -> Self:
        """Set the host."""
        ...

    def port(self, port: int) -> Self:
        """Set the port."""
        ...

    def certificate(self, certificate: str | None) -> Self:
        """Set the path of the certificate; None: without."""
        ...

    def key(self, key: str | None) -> Self:
        """Set the private key; None: without."""
        ...

    def workers(self, workers: int) -> Self:
        """Set how many workers."""
        ...

    def connections(self, connections: int) -> Self:
        """Set how many connections each worker may have."""
        ...

    def timeout(self, timeout: float) -> Self:
        """Set the seconds for a request."""
        ...

    def keep_alive(self, keep_alive: float) -> Self:
        """Set the seconds for which an idle connection is kept."""
        ...

    def routes(self, routes: Mapping[str, str]) -> Self:
        """Add routes. The entries are copied in this call."""
        ...

    def labels(self, labels: Mapping[str, str]) -> Self:
        """Add labels. The entries are copied in this call."""
        ...

    def load(self, values: Mapping[str, object]) -> Self:
        """Set several options by name, as one call of each of their methods would.

        Raises:
            UnknownOptions: some names are no options; all of these are named. Names are texts.
            TypeError: a value has a wrong type, or `values` is no Mapping. Which of several
                mistakes is raised is left open.
        """
        ...

    def rule(self, rule: Rule) -> Self:
        """Add a rule to those of the contract. The same one again is as good as once.

        Another one of the same name and fields is a rule of its own.

        Raises:
            UnknownOptions: some of its fields are no options; all of these are named.
            TypeError: `rule` is no Rule.
        """
        ...

    def like(self, server: Any) -> Self:
        """Return a builder with all the values of the Server `server`, and none that this one has.

        The rules are those of this builder: a Server has none.

        Raises:
            TypeError: `server` is none that such a builder has built.
        """
        ...

    def build(self) -> Server:
        """Return a Server of these values.

        Raises:
            InvalidServer: rules are broken; all of them are named.
        """
        ...


class NewServerBuilder(Protocol):
    """How a builder is made."""

    def __call__(self) -> ServerBuilder:
        """Make one for which nothing has been set."""
        ...
