"""A real library behind the contract, and right implementations in other styles."""

import contextlib
import functools
import math
from dataclasses import asdict, fields, replace
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

COUNTS: Final = {
    *("users", "write_bytes", "read_bytes", "retention_days", "replicas", "years"),
    *("slots", "disk_bytes", "memory_bytes", "network_bits"),
}
POSITIVE: Final = {"actions_per_user", "service_time", "utilisation"}
SHARES: Final = {"utilisation", "hot_share", "hot_reads", "availability"}


def _fits(field: str, value: Any) -> bool:
    if type(value) is not int and (field in COUNTS or type(value) is not Fraction):
        return False
    if field in SHARES and value > 1:
        return False
    if field in POSITIVE:
        return bool(value > 0)
    least = 1 if field in COUNTS or field == "peak_factor" else 0
    return bool(least <= value and (field != "years" or value <= 100))


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
        actions, ratio = Fraction(w.actions_per_user), Fraction(w.reads_per_write)
        growth, peak = Fraction(w.annual_growth), Fraction(w.peak_factor)
        time, part = Fraction(m.service_time), Fraction(m.utilisation)
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
        plan, longest = WholeNumbers.estimate(workload, machine), YEAR * workload.years
        answers = (
            workload.peak_factor == 1,
            workload.reads_per_write < 1,
            workload.retention_days > longest,
            workload.replicas == 1,
            workload.hot_reads < workload.hot_share,
            plan.cache.amount > machine.memory_bytes,
            plan.servers == 1,
        )
        return frozenset(doubt for doubt, answer in zip(Doubt, answers, strict=True) if answer)

    @staticmethod
    def sensitivity(
        workload: Workload, machine: Machine, figure: str
    ) -> tuple[tuple[str, Fraction], ...]:
        def value(plan: Estimate) -> Fraction:
            made = getattr(plan, figure)
            return made.amount if isinstance(made, Quantity) else Fraction(made)

        first = WholeNumbers.estimate(workload, machine)
        names = {each.name for each in fields(Estimate)} - {"bottleneck"}
        if type(figure) is not str or figure not in names:
            raise BadInput("figure", "is no figure")
        before, changes = value(first), []
        for name, was in asdict(workload).items():
            if _fits(name, was + was):
                after = value(
                    WholeNumbers.estimate(replace(workload, **{name: was + was}), machine)
                )
                changes.append((name, after / before - 1 if before else Fraction(0)))
        return tuple(sorted(changes, key=lambda change: abs(change[1]), reverse=True))

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


# --- day by day -----------------------------------------------------------------------------------


class DayByDay:
    """A loop over the days of the plan; quorums by recursion that remembers."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

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
    def availability(system: Exact | Group) -> Fraction:
        if not isinstance(system, Group):
            if not _fits("availability", system):
                raise BadInput("availability", "is none")
            return Fraction(system)
        _refuse_group(system)
        parts = [DayByDay.availability(part) for part in system.parts]

        @functools.cache
        def at_least(needed: int, first: int) -> Fraction:
            if needed <= 0:
                return Fraction(1)
            if needed > len(parts) - first:
                return Fraction(0)
            up = parts[first]
            with_it = at_least(needed - 1, first + 1)
            return up * with_it + (1 - up) * at_least(needed, first + 1)

        return at_least(system.needed, 0)
