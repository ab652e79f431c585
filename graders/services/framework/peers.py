"""A real library behind the contract, and right implementations in other styles."""

import contextlib
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields, replace
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, ClassVar, Final

from contracts.services.framework import (
    DAY,
    LEAST,
    MAX_TEXT,
    MOST,
    YEAR,
    BadInput,
    Bottleneck,
    Doubt,
    Estimate,
    Exact,
    Group,
    Machine,
    Quantity,
    Unit,
    Workload,
)

with contextlib.suppress(ImportError):  # whoever wants to run the peer says that it is missing
    import humanize


class Humanize:
    """humanize.metric for writing: three digits and a prefix, by floats."""

    requires = ("humanize",)
    fails: ClassVar[dict[str, str]] = {
        "P3": "small amounts get prefixes too, times have no minutes, and halves are a float's",
        "P4": "a thousandth is written with a prefix that nobody reads, as a size or a rate",
        "P15": "what float() takes is written",
    }

    @staticmethod
    def format_quantity(quantity: Quantity) -> str:
        amount, unit = float(quantity.amount), quantity.unit.value
        number, space, symbol = humanize.metric(amount, unit.partition("/")[0]).partition(" ")
        if "." in number:
            number = number.rstrip("0").rstrip(".")
        rate = "/s" if unit.endswith("/s") else ""
        space = "" if unit in {"", "/s"} else space
        return f"{number}{space}{symbol}{rate}"


# --- what both variants say of arguments -----------------------------------------------------------

KINDS: Final[dict[str, tuple[bool, Exact | None, bool, Exact | None]]] = {
    # whole numbers only, from, that itself, to
    "users": (True, 1, True, None),
    "actions_per_user": (False, 0, False, None),
    "reads_per_write": (False, 0, True, None),
    "write_bytes": (True, 1, True, None),
    "read_bytes": (True, 1, True, None),
    "peak_factor": (False, 1, True, None),
    "retention_days": (True, 1, True, None),
    "replicas": (True, 1, True, None),
    "annual_growth": (False, 0, True, None),
    "years": (True, 1, True, 100),
    "hot_share": (False, 0, True, 1),
    "hot_reads": (False, 0, True, 1),
    "slots": (True, 1, True, None),
    "service_time": (False, 0, False, None),
    "utilisation": (False, 0, False, 1),
    "disk_bytes": (True, 1, True, None),
    "memory_bytes": (True, 1, True, None),
    "network_bits": (True, 1, True, None),
    "availability": (False, 0, True, 1),
}


def _fits(field: str, value: Any) -> bool:
    whole, low, closed, high = KINDS[field]
    if type(value) is not int and (whole or type(value) is not Fraction):
        return False
    if low is not None and (value < low or (value == low and not closed)):
        return False
    return high is None or value <= high


def _refuse(*owners: Any) -> None:
    for owner in owners:
        for each in fields(owner):
            if not _fits(each.name, getattr(owner, each.name)):
                raise BadInput(each.name, "is not allowed")


def _refuse_quantity(quantity: Quantity) -> None:
    amount = quantity.amount
    if type(amount) is not Fraction or not (amount == 0 or LEAST <= amount <= MOST):
        raise BadInput("amount", "is not allowed")
    if type(quantity.unit) is not Unit:
        raise BadInput("unit", "is not allowed")


def _refuse_group(group: Group) -> None:
    if type(group.parts) is not tuple or not group.parts:
        raise BadInput("parts", "is no tuple with something in it")
    if type(group.needed) is not int or not 1 <= group.needed <= len(group.parts):
        raise BadInput("needed", "is not possible")


def _doubts(workload: Workload, machine: Machine, plan: Estimate) -> Iterator[Doubt]:
    if workload.peak_factor == 1:
        yield Doubt.FLAT
    if workload.reads_per_write < 1:
        yield Doubt.WRITE_HEAVY
    if workload.retention_days > YEAR * workload.years:
        yield Doubt.STILL_FILLING
    if workload.replicas == 1:
        yield Doubt.ONE_COPY
    if workload.hot_reads < workload.hot_share:
        yield Doubt.COLD_CACHE
    if plan.cache.amount > machine.memory_bytes:
        yield Doubt.CACHE_TOO_LARGE
    if plan.servers == 1:
        yield Doubt.ONE_SERVER


# --- whole numbers --------------------------------------------------------------------------------

PREFIXES: Final = ("", "k", "M", "G", "T", "P", "E")
NANOS: Final = {
    "ns": 1,
    "us": 10**3,
    "\u00b5s": 10**3,
    "\u03bcs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "min": 60 * 10**9,
    "h": 3_600 * 10**9,
    "d": DAY * 10**9,
    "y": YEAR * DAY * 10**9,
}
PER: Final = {"s": 1, "min": 60, "h": 3_600, "d": DAY, "y": YEAR * DAY}


def _size(symbol: str) -> tuple[int, int, Unit] | None:
    """A symbol taken apart from its end: numerator, denominator, unit."""
    if symbol in NANOS:
        return NANOS[symbol], 10**9, Unit.SECONDS
    rest, slash, time = symbol.partition("/")
    if slash and time not in PER:
        return None
    base = rest[-1:] if rest[-1:] in {"B", "b"} else ""
    prefix = rest.removesuffix(base)
    unit = Unit(base + ("/s" if slash else ""))
    below = PER[time] if slash else 1
    if prefix in PREFIXES:
        return 1_000 ** PREFIXES.index(prefix), below, unit
    if base == "B" and len(prefix) == 2 and prefix[1] == "i" and prefix[0] in "KMGTPE":
        return 1_024 ** ("KMGTPE".index(prefix[0]) + 1), below, unit
    return None


def _digits_end(text: str, start: int) -> int:
    while start < len(text) and text[start] in "0123456789":
        start += 1
    return start


class WholeNumbers:
    """Integers over a common denominator; a hand-written scanner; symbols taken apart, no table."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    @staticmethod
    def parse_quantity(text: str) -> Quantity:
        if type(text) is not str or not 0 < len(text) <= MAX_TEXT:
            raise BadInput("text", "is no text of a quantity's length")
        point = end = _digits_end(text, 0)
        if text[point : point + 1] == ".":
            end = _digits_end(text, point + 1)
        if point == 0 or end == point + 1:
            raise BadInput("text", "begins with no number")
        symbol = text[end:]
        if symbol[:1] == " " and len(symbol) > 1:
            symbol = symbol[1:]
        size = _size(symbol)
        if size is None:
            raise BadInput("text", "has no unit that is known")
        above, below, unit = size
        places = max(0, end - point - 1)
        above *= int(text[:point] + text[point + 1 : end])
        below *= 10**places
        if above and not (below <= above * MOST and above <= below * MOST):
            raise BadInput("text", "is out of range")
        return Quantity(Fraction(above, below), unit)

    @staticmethod
    def format_quantity(quantity: Quantity) -> str:
        _refuse_quantity(quantity)
        above, below = quantity.amount.numerator, quantity.amount.denominator
        unit = quantity.unit.value
        if not above:
            return f"0{unit}" if unit in {"", "/s"} else f"0 {unit}"
        if unit == "s":
            above *= 10**9
            steps = [(NANOS[name], f" {name}") for name in ("ns", "us", "ms", *PER)]
        else:
            space = "" if unit in {"", "/s"} else " "
            steps = [(1_000**n, f"{space}{name}{unit}") for n, name in enumerate(PREFIXES)]
        while len(steps) > 1 and steps[1][0] * below <= above:
            steps = steps[1:]
        digits, shift = _significant(above, below * steps[0][0])
        if len(steps) > 1 and digits * steps[0][0] == steps[1][0] * 10**shift:
            return "1" + steps[1][1]
        return _placed(digits, shift) + steps[0][1]

    @staticmethod
    def agrees(guess: str, figure: Quantity) -> bool:
        said = WholeNumbers.parse_quantity(guess)
        _refuse_quantity(figure)
        if said.unit is not figure.unit:
            raise BadInput("unit", "differs")
        small, large = sorted((said.amount, figure.amount))
        return 10 * small >= large

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        _refuse(workload, machine)
        w, m = workload, machine
        actions, ratio, growth, peak, time, part = (
            Fraction(each)
            for each in (
                w.actions_per_user,
                w.reads_per_write,
                w.annual_growth,
                w.peak_factor,
                m.service_time,
                m.utilisation,
            )
        )
        # Writes on a day of year y are top * up ** (y - 1) / (bottom * down ** (y - 1)).
        top = w.users * actions.numerator * ratio.denominator
        bottom = actions.denominator * (ratio.denominator + ratio.numerator)
        down = growth.denominator
        up = down + growth.numerator
        last, floor = w.years - 1, bottom * down ** (w.years - 1)
        per_day = top * up**last
        left, kept = w.retention_days, 0
        for year in range(last, -1, -1):
            days = min(365, left)
            kept += days * top * up**year * down ** (last - year)
            left -= days
        peak_day, peak_floor = per_day * peak.numerator, floor * peak.denominator * DAY
        reads = ratio.numerator
        into = Fraction(peak_day * w.write_bytes * 8, peak_floor)
        out = Fraction(peak_day * reads * w.read_bytes * 8, peak_floor * ratio.denominator)
        peak_writes = Fraction(peak_day, peak_floor)
        peak_reads = Fraction(peak_day * reads, peak_floor * ratio.denominator)
        copy = Fraction(kept * w.write_bytes, floor)
        flying = (peak_writes + peak_reads) * time
        by_slots, by_network, shards = (
            -(-need.numerator * part.denominator // (need.denominator * room * part.numerator))
            for need, room in (
                (flying, m.slots),
                (max(into, out), m.network_bits),
                (copy, m.disk_bytes),
            )
        )
        second, bits = Unit.PER_SECOND, Unit.BITS_PER_SECOND
        return Estimate(
            Quantity(Fraction(per_day, floor * DAY), second),
            Quantity(Fraction(per_day * reads, floor * DAY * ratio.denominator), second),
            Quantity(peak_writes, second),
            Quantity(peak_reads, second),
            Quantity(into, bits),
            Quantity(out, bits),
            Quantity(Fraction(per_day * w.write_bytes * w.replicas, floor), Unit.BYTES),
            Quantity(copy * w.replicas, Unit.BYTES),
            Quantity(copy * w.hot_share, Unit.BYTES),
            Quantity(peak_reads - peak_reads * w.hot_reads, second),
            Quantity(flying, Unit.COUNT),
            max(by_slots, by_network),
            Bottleneck.SLOTS if by_slots >= by_network else Bottleneck.NETWORK,
            shards,
            shards * w.replicas,
        )

    @staticmethod
    def doubts(workload: Workload, machine: Machine) -> frozenset[Doubt]:
        plan = WholeNumbers.estimate(workload, machine)
        return frozenset(_doubts(workload, machine, plan))

    @staticmethod
    def sensitivity(
        workload: Workload, machine: Machine, figure: str
    ) -> tuple[tuple[str, Fraction], ...]:
        return _sensitivity(WholeNumbers.estimate, workload, machine, figure)

    @staticmethod
    def availability(system: Exact | Group) -> Fraction:
        if not isinstance(system, Group):
            if not _fits("availability", system):
                raise BadInput("availability", "is not from 0 to 1")
            return Fraction(system)
        _refuse_group(system)
        parts = [WholeNumbers.availability(part) for part in system.parts]
        bottom = math.prod(part.denominator for part in parts)
        ways = [1, *(0 for _ in parts)]  # ways[n]: numerator of the chance that n are up
        for part in parts:
            up, down = part.numerator, part.denominator - part.numerator
            for n in range(len(parts), 0, -1):
                ways[n] = ways[n] * down + ways[n - 1] * up
            ways[0] *= down
        return Fraction(sum(ways[system.needed :]), bottom)

    @staticmethod
    def downtime(system: Exact | Group) -> Quantity:
        year = Fraction(YEAR * DAY)
        return Quantity(year - WholeNumbers.availability(system) * year, Unit.SECONDS)


def _significant(above: int, below: int) -> tuple[int, int]:
    """Three digits of above / below as whole / 10 ** shift, halves up."""
    shift = 2 - (len(str(above)) - len(str(below)))
    while True:
        top, bottom = above * 10 ** max(0, shift), below * 10 ** max(0, -shift)
        if top < 100 * bottom:
            shift += 1
        elif top >= 1_000 * bottom:
            shift -= 1
        else:
            whole = (2 * top + bottom) // (2 * bottom)
            return (whole, shift) if shift >= 0 else (whole * 10**-shift, 0)


def _placed(digits: int, shift: int) -> str:
    text = str(digits).rjust(shift + 1, "0")
    whole, rest = text[: len(text) - shift], text[len(text) - shift :].rstrip("0")
    return f"{whole}.{rest}" if rest else whole


def _sensitivity(
    estimate: Callable[[Workload, Machine], Estimate],
    workload: Workload,
    machine: Machine,
    figure: Any,
) -> tuple[tuple[str, Fraction], ...]:
    """Estimates the plan first, and one with each input doubled."""

    def value(plan: Estimate) -> Fraction:
        made = getattr(plan, figure)
        return made.amount if isinstance(made, Quantity) else Fraction(made)

    first = estimate(workload, machine)
    names = {each.name for each in fields(Estimate)} - {"bottleneck"}
    if type(figure) is not str or figure not in names:
        raise BadInput("figure", "is no figure")
    before, changes = value(first), []
    for name, was in asdict(workload).items():
        if _fits(name, was + was):
            after = value(estimate(replace(workload, **{name: was + was}), machine))
            changes.append((name, after / before - 1 if before else Fraction(0)))
    changes.sort(key=lambda change: abs(change[1]), reverse=True)
    return tuple(changes)


# --- day by day -----------------------------------------------------------------------------------

GRAMMAR: Final = re.compile(
    r"""(?P<number>[0-9]+(\.[0-9]+)?)
    ((?=[ ]?[^ ])[ ]?(
        (?P<time>ns|us|\u00b5s|\u03bcs|ms|s|min|h|d|y)
        | (?P<prefix>[kMGTPE]?)(?P<base>[Bb]?)(/(?P<per>s|min|h|d|y))?
        | (?P<binary>[KMGTPE])iB(/(?P<each>s|min|h|d|y))?
    ))?""",
    re.VERBOSE,
)


class DayByDay:
    """One expression for the grammar, `Decimal` with a context of its own, a loop over the days."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    @staticmethod
    def parse_quantity(text: str) -> Quantity:
        found = GRAMMAR.fullmatch(text) if isinstance(text, str) and len(text) <= MAX_TEXT else None
        if found is None:
            raise BadInput("text", "is no quantity")
        number = Fraction(Decimal(found["number"]))
        per = found["per"] or found["each"]
        if found["time"]:
            amount, unit = number * NANOS[found["time"]] / 10**9, Unit.SECONDS
        else:
            power = PREFIXES.index((found["binary"] or found["prefix"] or "").replace("K", "k"))
            amount = number * (1_024 if found["binary"] else 1_000) ** power
            amount = amount / PER[per] if per else amount
            base = "B" if found["binary"] else found["base"] or ""
            unit = Unit(base + "/s" if per else base)
        if amount and not 1 <= amount * MOST <= MOST**2:
            raise BadInput("text", "is out of range")
        return Quantity(amount, unit)

    @staticmethod
    def format_quantity(quantity: Quantity) -> str:
        _refuse_quantity(quantity)
        amount, unit = quantity.amount, quantity.unit.value
        space = "" if unit in {"", "/s"} else " "
        if unit == "s":
            sizes = {name: Fraction(NANOS[name], 10**9) for name in ("ns", "us", "ms", *PER)}
        else:
            sizes = {f"{name}{unit}": Fraction(1_000**n) for n, name in enumerate(PREFIXES)}
        if amount == 0:
            return f"0{space}{unit}"
        names = [name for name, size in sizes.items() if size <= amount] or list(sizes)[:1]
        name = names[-1]
        following = dict(zip(sizes, [*list(sizes)[1:], None], strict=True))[name]
        number = _three(amount / sizes[name])
        if following is not None and number * sizes[name] == sizes[following]:
            number, name = Fraction(1), following
        exact = Context(prec=100).divide(Decimal(number.numerator), Decimal(number.denominator))
        text = format(exact, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return f"{text}{space if name else ''}{name}"

    @staticmethod
    def agrees(guess: str, figure: Quantity) -> bool:
        said = DayByDay.parse_quantity(guess)
        _refuse_quantity(figure)
        if said.unit != figure.unit:
            raise BadInput("unit", "is another")
        if not said.amount or not figure.amount:
            return said.amount == figure.amount
        return Fraction(1, 10) <= said.amount / figure.amount <= 10

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        _refuse(workload, machine)
        actions, kept = Fraction(0), Fraction(0)
        for year in range(workload.years):
            actions = (
                workload.users * workload.actions_per_user * (1 + workload.annual_growth) ** year
            )
            actions = Fraction(actions)
            for day in range(year * 365, year * 365 + 365):
                if workload.years * 365 - day <= workload.retention_days:
                    kept += actions
        share = 1 / Fraction(1 + workload.reads_per_write)
        writes, reads = actions * share / DAY, actions * (1 - share) / DAY
        copy = kept * share * workload.write_bytes
        factor = workload.peak_factor
        into = writes * factor * workload.write_bytes * 8
        out = reads * factor * workload.read_bytes * 8
        flying = (writes + reads) * factor * machine.service_time
        part = Fraction(machine.utilisation)
        slots = math.ceil(flying / machine.slots / part)
        cards = max(math.ceil(bits / machine.network_bits / part) for bits in (into, out))
        shards = math.ceil(copy / machine.disk_bytes / part)
        return Estimate(
            writes=Quantity(writes, Unit.PER_SECOND),
            reads=Quantity(reads, Unit.PER_SECOND),
            peak_writes=Quantity(writes * factor, Unit.PER_SECOND),
            peak_reads=Quantity(reads * factor, Unit.PER_SECOND),
            inbound=Quantity(into, Unit.BITS_PER_SECOND),
            outbound=Quantity(out, Unit.BITS_PER_SECOND),
            stored_per_day=Quantity(
                actions * share * workload.write_bytes * workload.replicas, Unit.BYTES
            ),
            storage=Quantity(copy * workload.replicas, Unit.BYTES),
            cache=Quantity(copy * workload.hot_share, Unit.BYTES),
            store_reads=Quantity(reads * factor * (1 - workload.hot_reads), Unit.PER_SECOND),
            in_flight=Quantity(flying, Unit.COUNT),
            servers=max(slots, cards),
            bottleneck=Bottleneck.NETWORK if cards > slots else Bottleneck.SLOTS,
            shards=shards,
            nodes=shards * workload.replicas,
        )

    @staticmethod
    def doubts(workload: Workload, machine: Machine) -> frozenset[Doubt]:
        return frozenset(_doubts(workload, machine, DayByDay.estimate(workload, machine)))

    @staticmethod
    def sensitivity(
        workload: Workload, machine: Machine, figure: str
    ) -> tuple[tuple[str, Fraction], ...]:
        return _sensitivity(DayByDay.estimate, workload, machine, figure)

    @staticmethod
    def availability(system: Exact | Group) -> Fraction:
        if not isinstance(system, Group):
            if not _fits("availability", system):
                raise BadInput("availability", "is none")
            return Fraction(system)
        _refuse_group(system)
        parts = [DayByDay.availability(part) for part in system.parts]
        known: dict[tuple[int, int], Fraction] = {}

        def at_least(needed: int, first: int) -> Fraction:
            if needed <= 0:
                return Fraction(1)
            if needed > len(parts) - first:
                return Fraction(0)
            if (needed, first) not in known:
                up = parts[first]
                known[needed, first] = up * at_least(needed - 1, first + 1) + (1 - up) * at_least(
                    needed, first + 1
                )
            return known[needed, first]

        return at_least(system.needed, 0)

    @staticmethod
    def downtime(system: Exact | Group) -> Quantity:
        down = 1 - DayByDay.availability(system)
        return Quantity(down * 31_536_000, Unit.SECONDS)


def _three(number: Fraction) -> Fraction:
    digit = Fraction(1, 10**60)
    while number >= 1_000 * digit:
        digit *= 10
    return math.floor(number / digit + Fraction(1, 2)) * digit
