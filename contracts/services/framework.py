"""Answer framework: the figures of the seven steps, exact and with units.

Seen in every design interview as the five minutes of arithmetic that decide the other forty, and in
production as the capacity plan that somebody asks about a year later.

Decided here, because calculators and libraries disagree:

* `kB` is 1,000 bytes and `KiB` is 1,024; `B` is a byte and `b` a bit. Upper and lower case count.
* A day has 86,400 seconds and a year 365 days. There are no months and no leap days.
* Everything is exact: amounts are `Fraction`s, and no float is taken or given. Only
  `format_quantity` rounds, halves upwards; only numbers of machines are rounded up, once, at the end.
* `True` is no number here, 1.0 is none, and `Fraction(3)` is no int.
* Growth is compound, in whole years: the traffic of year y is (1 + growth) ** (y - 1) times that of
  year 1, the same on every day of it. Every figure is one of the last day of the plan.
* Reads to writes of 99 to 1 are 99 % and 1 % of the traffic.
* Sizes are planned for the peak, what is stored grows with the average.
* Disks hold all copies, a cache one. Networks count in bits.
* A plan leaves room: of slots, disks and network cards only the part `utilisation` is used.
"""

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Final, TypeAlias

TITLE: Final = "Answer framework"
LEVEL: Final = "easy"
MINUTES: Final = 45
IMPLEMENT: Final = (
    "parse_quantity",
    "format_quantity",
    "agrees",
    "estimate",
    "doubts",
    "sensitivity",
    "availability",
    "downtime",
)
PROMISES: Final = {
    "P1": "parse_quantity reads every number and symbol that its tables allow, exactly: decimal and"
    " binary prefixes, bytes and bits, times, and rates of any of the times.",
    "P2": "Whatever is not written as the docstring of parse_quantity says is refused, however close"
    " it comes.",
    "P3": "format_quantity writes three significant digits, halves rounded up, with the largest"
    " symbol of which there is at least one; what rounds up to one of the next is written as that.",
    "P4": "What format_quantity writes, parse_quantity reads, in the same unit and at most half a"
    " per cent off, and formatting that again writes the same text.",
    "P5": "Two figures agree if neither is more than ten times the other; what has different units"
    " is never compared.",
    "P6": "Traffic is exact: users times actions, shared out between reads and writes, grown year by"
    " year; the peak is the average times the peak factor.",
    "P7": "Bandwidth in and out is that of the peak, in bits a second, payloads only.",
    "P8": "Storage is what is still kept at the end of the plan, each day with the traffic of its"
    " own year, in all copies.",
    "P9": "The cache holds the hot share of one copy, and the store is left with the peak reads that"
    " the cache does not serve.",
    "P10": "Servers, shards and nodes are enough and not one too many, rounded up once at the end;"
    " the bottleneck is what the most servers are needed for.",
    "P11": "doubts names exactly the doubts that the table of Doubt gives, at its boundaries too.",
    "P12": "sensitivity doubles one input at a time and tells by which part of itself the figure"
    " changes, the largest change first.",
    "P13": "The availability of a group is exact: at least `needed` of its parts are up, parts may"
    " be groups and need not be equal, and forty parts cost no more than a polynomial allows.",
    "P14": "Downtime is what availability leaves of a year of 365 days, in seconds.",
    "P15": "A bad argument is refused with BadInput, whose `field` is the name of the first bad"
    " field, whatever was asked before.",
    "P16": "Nothing but the arguments counts: no setting of the process, no earlier call, no other"
    " thread; nothing is changed by a call, and no figure is too large to be exact.",
}

DAY: Final = 86_400
"""Seconds in a day."""
YEAR: Final = 365
"""Days in a year."""
MOST: Final = 10**30
"""The largest amount that is read or written, in units of its `Unit`."""
LEAST: Final = Fraction(1, MOST)
"""The smallest that is more than nothing."""
MAX_TEXT: Final = 40
"""The longest text that is read, in characters."""

Exact: TypeAlias = int | Fraction
"""A number without rounding. A `bool` is none, nor is a `float` or a `Decimal`."""


class BadInput(ValueError):
    """An argument that is refused. `field` names it."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


class Unit(Enum):
    """What an amount counts."""

    COUNT = ""
    BYTES = "B"
    BITS = "b"
    SECONDS = "s"
    PER_SECOND = "/s"
    BYTES_PER_SECOND = "B/s"
    BITS_PER_SECOND = "b/s"


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount of a unit, never less than nothing. An int becomes a Fraction; nothing is checked."""

    amount: Fraction
    unit: Unit

    def __post_init__(self) -> None:
        if isinstance(self.amount, int) and not isinstance(self.amount, bool):
            object.__setattr__(self, "amount", Fraction(self.amount))


@dataclass(frozen=True, slots=True)
class Workload:
    """What the interviewer says. The values are not checked here; the functions do that.

    | field | meaning | allowed |
    | --- | --- | --- |
    | users | users that are active on a day, in the first year | int, at least 1 |
    | actions_per_user | reads and writes of a user on a day | Exact, more than 0 |
    | reads_per_write | how many reads there are for one write | Exact, at least 0 |
    | write_bytes | payload of a write, which is what one copy of it takes | int, at least 1 |
    | read_bytes | payload of the answer to a read | int, at least 1 |
    | peak_factor | the busiest second over the average one | Exact, at least 1 |
    | retention_days | on how many days a write is there, the day of writing included | int, at least 1 |
    | replicas | copies of what is stored, the original included | int, at least 1 |
    | annual_growth | what a year adds to the traffic of the year before; 1/5 is 20 % | Exact, at least 0 |
    | years | length of the plan; the system is new and empty when it begins | int, 1 to 100 |
    | hot_share | part of the stored data that the cache is to hold | Exact, 0 to 1 |
    | hot_reads | part of the reads that this serves | Exact, 0 to 1 |
    """

    users: int
    actions_per_user: Exact
    reads_per_write: Exact
    write_bytes: int
    read_bytes: int
    peak_factor: Exact = 1
    retention_days: int = 365
    replicas: int = 1
    annual_growth: Exact = 0
    years: int = 1
    hot_share: Exact = Fraction(1, 5)
    hot_reads: Exact = Fraction(4, 5)


@dataclass(frozen=True, slots=True)
class Machine:
    """What one machine can do, as a server or as a node of the store.

    | field | meaning | allowed |
    | --- | --- | --- |
    | slots | requests that it serves at the same time | int, at least 1 |
    | service_time | seconds that a request, read or write, keeps a slot | Exact, more than 0 |
    | utilisation | part of slots, disk and network that a plan may use | Exact, more than 0, at most 1 |
    | disk_bytes | room for stored data | int, at least 1 |
    | memory_bytes | room for a cache | int, at least 1 |
    | network_bits | bits a second of its network card, in each direction | int, at least 1 |
    """

    slots: int
    service_time: Exact
    utilisation: Exact
    disk_bytes: int
    memory_bytes: int
    network_bits: int


class Bottleneck(Enum):
    """What the number of servers is due to."""

    SLOTS = "slots"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Estimate:
    """The figures of the last day of a plan. "A second" is an average one, "peak" the busiest.

    A day's traffic is users x actions_per_user x (1 + annual_growth) ** (years - 1).

    * `writes`, `reads`: a second; for one write there are reads_per_write reads. PER_SECOND.
    * `peak_writes`, `peak_reads`: the same times peak_factor. PER_SECOND.
    * `inbound`: payloads of the peak writes. BITS_PER_SECOND.
    * `outbound`: payloads of the peak reads. BITS_PER_SECOND.
    * `stored_per_day`: what the last day writes, in all copies. BYTES.
    * `storage`: what is there at the end of the last day, in all copies: the writes of the last
      retention_days days, or of all days if the plan is shorter, each day with the traffic of its
      own year. BYTES.
    * `cache`: hot_share of one copy of `storage`. BYTES.
    * `store_reads`: peak reads that the cache does not serve, the part 1 - hot_reads. PER_SECOND.
    * `in_flight`: requests that are being served at the peak, on average (Little's law: arrivals a
      second times the seconds that each stays). COUNT, and not rounded.
    * `servers`: the fewest machines whose slots hold `in_flight`, and whose network cards carry the
      larger of `inbound` and `outbound`, with no more of either in use than utilisation allows.
    * `bottleneck`: which of the two needs more machines; SLOTS if they need the same number.
    * `shards`: the fewest disks that hold one copy, filled no more than utilisation allows.
    * `nodes`: machines of the store: every shard in `replicas` copies.
    """

    writes: Quantity
    reads: Quantity
    peak_writes: Quantity
    peak_reads: Quantity
    inbound: Quantity
    outbound: Quantity
    stored_per_day: Quantity
    storage: Quantity
    cache: Quantity
    store_reads: Quantity
    in_flight: Quantity
    servers: int
    bottleneck: Bottleneck
    shards: int
    nodes: int


class Doubt(Enum):
    """What a reviewer asks about.

    | doubt | when |
    | --- | --- |
    | FLAT | peak_factor is 1: no system has a flat day |
    | WRITE_HEAVY | there are more writes than reads: a cache will not help much |
    | STILL_FILLING | at the end of the plan nothing was deleted yet, and the next day would not \
delete anything either: storage goes on growing |
    | ONE_COPY | replicas is 1: a broken disk loses data |
    | COLD_CACHE | hot_reads is less than hot_share: the cache serves less than it holds |
    | CACHE_TOO_LARGE | the cache is larger than the memory of one machine |
    | ONE_SERVER | one server is enough: it is also a single point of failure |
    """

    FLAT = "flat"
    WRITE_HEAVY = "write heavy"
    STILL_FILLING = "still filling"
    ONE_COPY = "one copy"
    COLD_CACHE = "cold cache"
    CACHE_TOO_LARGE = "cache too large"
    ONE_SERVER = "one server"


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that fail independently, and how many of them have to be up.

    All of them in a chain (`needed` is their number), one of several replicas (1), a quorum (2 of 3).

    | field | meaning | allowed |
    | --- | --- | --- |
    | parts | availabilities, or groups | tuple, not empty |
    | needed | how many have to be up | int, 1 to the number of parts |
    """

    parts: "tuple[Exact | Group, ...]"
    needed: int


def parse_quantity(text: str) -> Quantity:
    """Return what `text` says, exactly, in the base unit: `1.5 kB` is 1,500 BYTES.

    A quantity is a number, at most one space (U+0020), and a symbol, with nothing before, between
    or behind. A number is decimal digits (0 to 9), and if need be a point with digits on both sides.
    A symbol is one of these, with no space in it:

    | unit | symbols |
    | --- | --- |
    | COUNT | none, or `k` `M` `G` `T` `P` `E`: powers of 1,000 |
    | BYTES | `B`, or one of these prefixes and `B`, or `Ki` `Mi` `Gi` `Ti` `Pi` `Ei` (powers of \
1,024) and `B` |
    | BITS | `b`, or one of the decimal prefixes and `b` |
    | SECONDS | `ns` `us` `ms` `s` `min` `h` `d` `y`: a year has 365 days |
    | the same per second | what COUNT, BYTES or BITS allow, then `/s`, `/min`, `/h`, `/d` or `/y` |

    `µs` is read as `us`, whether its first letter is U+00B5 or U+03BC. A number alone is a COUNT; a
    space needs a symbol behind it. A rate becomes one per second: `86.4 k/d` is 1 PER_SECOND.

    Raises `BadInput` ("text") for everything else: what is no `str`, has more than MAX_TEXT
    characters, is not written so, or is more than MOST or, if it is not zero, less than LEAST in the
    base unit.
    """
    raise NotImplementedError


def format_quantity(quantity: Quantity) -> str:
    """Return the quantity for people to read: `1.5 kB`, `12 ms`, `10k/s`, `0 B`.

    * The symbol is the largest of which there is at least one. Of COUNT, BYTES, BITS and the rates,
      that is one with a decimal prefix or none, rates being per second; of SECONDS one of `ns` `us`
      `ms` `s` `min` `h` `d` `y`. If there is less than one of the smallest, it is that; zero is
      written with the base symbol (`0`, `0 B`, `0 b`, `0 s`, `0/s`, ...).
    * The number has three significant digits, halves rounded up, and no zeros at the end of the
      fraction: 1,234 is `1.23k`, 1,200 is `1.2k`, 1/3 is `0.333`, 1,225 is `1.23k`. Beyond the
      largest symbol it goes on with zeros: `12300E`.
    * If rounding makes it one of the next larger symbol, it is written as that: 999.6 kB is `1 MB`,
      59.96 s is `1 min`, 23.99 h is `1 d`.
    * There are digits, at most one point, and no exponent. A space stands before a symbol, but not
      before that of a COUNT or a PER_SECOND: `5`, `1.5k`, `10k/s`, `0.2/s`, `1.5 kB/s`.

    Raises `BadInput` ("amount") for an amount that is no Exact, is negative, more than MOST or, if it
    is not zero, less than LEAST; after that ("unit") for what is no `Unit`.
    """
    raise NotImplementedError


def agrees(guess: str, figure: Quantity) -> bool:
    """Say whether a guess, as `parse_quantity` reads it, is of the figure's order of magnitude.

    It is if neither is more than ten times the other: exactly ten times agrees. Zero agrees with zero
    only.

    Raises `BadInput`: "text" as `parse_quantity` does, then "amount" and "unit" as `format_quantity`
    does of `figure`, then "unit" if the units differ. Bits are not bytes.
    """
    raise NotImplementedError


def estimate(workload: Workload, machine: Machine) -> Estimate:
    """Return the figures that the docstring of Estimate explains.

    Raises `BadInput` with the name of the first field that is not as the tables of Workload and
    Machine allow: the fields in their order, those of the workload before those of the machine.
    """
    raise NotImplementedError


def doubts(workload: Workload, machine: Machine) -> frozenset[Doubt]:
    """Return what a reviewer would ask about, by the table of Doubt. Raises as `estimate` does."""
    raise NotImplementedError


def sensitivity(
    workload: Workload, machine: Machine, figure: str
) -> tuple[tuple[str, Fraction], ...]:
    """Return by how much each input of the workload moves a figure.

    `figure` is the name of a field of Estimate other than `bottleneck`. Each field of the workload
    is doubled, the others staying as they are; fields whose double is not allowed are left out. The
    answer has a pair for each of the others: its name, and (after - before) / before of the figure,
    0 if the figure is 0 before. Doubled is 1, unchanged is 0, halved is -1/2.

    The pairs are ordered by the size of the change, whether up or down, the largest first; of equal
    sizes by the order of the fields.

    Raises as `estimate` does, and after that `BadInput` ("figure") for any other name.
    """
    raise NotImplementedError


def availability(system: Exact | Group) -> Fraction:
    """Return the part of the time during which a system is up.

    Of a Group that is the probability that at least `needed` of its parts are up, which fail
    independently; of a number that number, as a Fraction. The cost is polynomial in the number of
    parts: all combinations of them are too many.

    Raises `BadInput`: "parts" for a Group whose parts are no tuple or an empty one, then "needed" for
    one whose `needed` is not allowed, then what its parts raise, from the first to the last;
    "availability" for anything else that is no Exact from 0 to 1.
    """
    raise NotImplementedError


def downtime(system: Exact | Group) -> Quantity:
    """Return the SECONDS of a year during which the system is down. Raises as `availability` does."""
    raise NotImplementedError


LATENCIES: Final = {
    "one step of a processor": "0.3 ns",
    "read from its nearest cache": "1 ns",
    "read from memory": "100 ns",
    "read 1 MB from memory": "50 us",
    "read 4 kB from an SSD": "100 us",
    "round trip in a data centre": "500 us",
    "read 1 MB from an SSD": "1 ms",
    "seek on a disk": "10 ms",
    "read 1 MB from a disk": "10 ms",
    "round trip between continents": "150 ms",
}
"""Orders of magnitude to know by heart, as `format_quantity` writes them."""
