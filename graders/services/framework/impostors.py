"""Estimates with one wrong idea each. `breaks` names the promise by which each is found."""

import decimal
import functools
import itertools
import math
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from contracts.services.framework import (
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
from solutions.services import framework as reference
from solutions.services.framework import plan, quantities, review, rules, uptime


def _changed(text: str, **sizes: Fraction) -> Quantity:
    """The text read with other sizes of some symbols."""
    read = reference.parse_quantity(text)
    symbol = text.lstrip("0123456789. ")
    if symbol not in sizes:
        return read
    right = quantities.SYMBOLS[symbol][0]
    return Quantity(read.amount / right * sizes[symbol], read.unit)


def _written(
    quantity: Quantity,
    digits: Callable[[Fraction], Fraction] = quantities._three_digits,
    text: Callable[[Fraction], str] = quantities._digits,
    carries: Callable[[Unit], bool] = lambda unit: True,
) -> str:
    """The quantity written with other digits, or without the step to the next symbol."""
    right = reference.format_quantity(quantity)
    amount, unit = Fraction(quantity.amount), quantity.unit
    if amount == 0:
        return right
    steps = quantities.STEPS[unit]
    place = max((n for n, (size, _) in enumerate(steps) if size <= amount), default=0)
    number = digits(amount / steps[place][0])
    last = place + 1 == len(steps)
    if not last and carries(unit) and number * steps[place][0] >= steps[place + 1][0]:
        number, place = Fraction(1), place + 1
    space = "" if unit in quantities.NO_SPACE or not steps[place][1] else " "
    return text(number) + space + steps[place][1]


def _estimate(
    workload: Workload,
    machine: Machine,
    *,
    traffic: Callable[[Workload, int], Fraction] = plan.writes_on_a_day,
    kept: Callable[[Workload], Fraction] = plan.kept,
    up: Callable[[Fraction], int] = math.ceil,
) -> Estimate:
    """The figures with another traffic, other storage, or other rounding."""
    made = reference.estimate(workload, machine)
    factor = traffic(workload, workload.years) / plan.writes_on_a_day(workload, workload.years)
    copy = kept(workload)
    figures: dict[str, Any] = {
        name: Quantity(value.amount * factor, value.unit)
        for name in Estimate.__dataclass_fields__
        if isinstance(value := getattr(made, name), Quantity)
    }
    figures["storage"] = Quantity(copy * workload.replicas, Unit.BYTES)
    figures["cache"] = Quantity(copy * workload.hot_share, Unit.BYTES)
    by_slots = up(figures["in_flight"].amount / (machine.slots * machine.utilisation))
    bits = max(figures["inbound"].amount, figures["outbound"].amount)
    by_network = up(bits / (machine.network_bits * machine.utilisation))
    figures["servers"] = max(by_slots, by_network)
    figures["bottleneck"] = Bottleneck.NETWORK if by_network > by_slots else Bottleneck.SLOTS
    figures["shards"] = up(copy / (machine.disk_bytes * machine.utilisation))
    figures["nodes"] = figures["shards"] * workload.replicas
    return Estimate(**figures)


def _times(quantity: Quantity, factor: Exact) -> Quantity:
    return Quantity(quantity.amount * factor, quantity.unit)


# --- reading --------------------------------------------------------------------------------------


class BinaryKilobytes:
    """`kB` and `MB` are powers of 1,024. Modelled on xolox/python-humanfriendly issue 4."""

    breaks = "P1"

    @staticmethod
    def parse_quantity(text: str) -> Quantity:
        sizes = {f"{p}B": Fraction(1_024**n) for n, p in enumerate("kMGTPE", 1)}
        return _changed(text, **sizes)


class BinaryRatesAreDecimal:
    """`MiB` is right, but `MiB/s` is read as `MB/s`.

    Modelled on xolox/python-humanfriendly issue 26, where spellings of binary units fell through.
    """

    breaks = "P1"

    @staticmethod
    def parse_quantity(text: str) -> Quantity:
        read = reference.parse_quantity(text)
        found = re.search(r"([KMGTPE])iB/", text)
        if found is None:
            return read
        power = "KMGTPE".index(found[1]) + 1
        return Quantity(read.amount * Fraction(1_000, 1_024) ** power, read.unit)


class BitsAreBytes:
    """`Mb` is taken for `MB`.

    Modelled on xolox/python-humanfriendly issue 55 and omar/ByteSize issue 56.
    """

    breaks = "P1"

    @staticmethod
    def parse_quantity(text: str) -> Quantity:
        return reference.parse_quantity(text.replace("b", "B") if isinstance(text, str) else text)


class ReadsThroughFloats:
    """The number is a float before it becomes exact. Modelled on bytesize-rs/bytesize PR 171."""

    breaks = "P1"

    @staticmethod
    def parse_quantity(text: str) -> Quantity:
        read = reference.parse_quantity(text)
        number = re.match("[0-9.]+", text)
        assert number is not None
        if not Fraction(number.group()):
            return read
        size = read.amount / Fraction(number.group())
        return Quantity(Fraction(str(float(number.group()))) * size, read.unit)


class MonthsOfThirtyDays:
    """A year is twelve months of thirty days."""

    breaks = "P1"

    @staticmethod
    def parse_quantity(text: str) -> Quantity:
        read = reference.parse_quantity(text)
        if not text.endswith("y"):
            return read
        return _times(read, Fraction(365, 360) if "/" in text else Fraction(360, 365))


class IgnoresCase:
    """What is unknown is tried in another case. Modelled on bytesize-rs/bytesize issue 157."""

    breaks = "P2"

    @staticmethod
    def parse_quantity(text: str) -> Quantity:
        try:
            return reference.parse_quantity(text)
        except BadInput:
            known = {symbol.lower(): symbol for symbol in quantities.SYMBOLS}
            number, symbol = re.fullmatch(r"([0-9.]*) ?(.*)", str(text), re.DOTALL).groups()  # type: ignore[union-attr]
            return reference.parse_quantity(number + known.get(symbol.lower(), "?"))


class TakesWhatPythonTakes:
    """Numbers as `Fraction` reads them: exponents, underscores, signs, 1/2."""

    breaks = "P2"

    @staticmethod
    def parse_quantity(text: str) -> Quantity:
        found = re.fullmatch(r"([0-9./_+-]+(?:[eE][+-]?[0-9]{1,2}(?![0-9]))?) ?(\D*)", str(text))
        try:
            number = Fraction(found[1]) if found else Fraction(-1)
            if not found or number < 0 or not found[2] or found[2] == " ":
                return reference.parse_quantity(text)
            return _times(reference.parse_quantity("1" + found[2]), number)
        except (ValueError, ZeroDivisionError):
            return reference.parse_quantity(text)


class TakesForeignDigits:
    r"""`\d` is any digit of Unicode. Modelled on r1chardj0n3s/parse PR 238."""

    breaks = "P2"

    @staticmethod
    def parse_quantity(text: str) -> Quantity:
        if isinstance(text, str):
            text = re.sub(r"\d", lambda digit: str(int(digit.group())), text)
        return reference.parse_quantity(text)


class EndsBeforeTheNewline:
    """`$` matches before a newline at the end."""

    breaks = "P2"

    @staticmethod
    def parse_quantity(text: str) -> Quantity:
        return reference.parse_quantity(text.removesuffix("\n") if isinstance(text, str) else text)


class KnowsNoLimits:
    """Any amount is read, however large or small."""

    breaks = "P2"

    @staticmethod
    def parse_quantity(text: str) -> Quantity:
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z/]+)", str(text)[:41])
        if found is None or found[2] not in quantities.SYMBOLS or len(text) > 40:
            return reference.parse_quantity(text)
        size, unit = quantities.SYMBOLS[found[2]]
        return Quantity(Fraction(found[1]) * size, unit)


# --- writing --------------------------------------------------------------------------------------


class ThousandKilobytes:
    """The symbol is chosen before rounding: 999.9 kB is `1000 kB`.

    Modelled on python-humanize/humanize PR 329 and jmoiron/humanize issue 59.
    """

    breaks = "P3"

    @staticmethod
    def format_quantity(quantity: Quantity) -> str:
        return _written(quantity, carries=lambda unit: unit is Unit.SECONDS)


class SixtySeconds:
    """Prefixes carry over, times do not: 59.96 s is `60 s`. Modelled on QwenLM/qwen-code PR 5287."""

    breaks = "P3"

    @staticmethod
    def format_quantity(quantity: Quantity) -> str:
        return _written(quantity, carries=lambda unit: unit is not Unit.SECONDS)


class RoundsHalvesToEven:
    """Banker's rounding, as `round` and `format` do it."""

    breaks = "P3"

    @staticmethod
    def format_quantity(quantity: Quantity) -> str:
        def digits(number: Fraction) -> Fraction:
            up = quantities._three_digits(number)
            step = next(
                Fraction(10) ** n for n in range(50, -50, -1) if Fraction(10) ** (n + 2) <= number
            )
            return round(number / step) * step if up else up

        return _written(quantity, digits)


class WritesThroughFloats:
    """`f"{value:.3g}"` of a float: 1.005 is a little less than it says."""

    breaks = "P3"

    @staticmethod
    def format_quantity(quantity: Quantity) -> str:
        return _written(quantity, lambda number: Fraction(f"{float(number):.3g}"))


class CutsDigitsOff:
    """Rounds down, so that nothing is promised that is not there."""

    breaks = "P3"

    @staticmethod
    def format_quantity(quantity: Quantity) -> str:
        def digits(number: Fraction) -> Fraction:
            step = next(
                Fraction(10) ** n for n in range(50, -50, -1) if Fraction(10) ** (n + 2) <= number
            )
            return number // step * step

        return _written(quantity, digits)


class TwoDecimals:
    """Two digits behind the point, however many stand before it."""

    breaks = "P3"

    @staticmethod
    def format_quantity(quantity: Quantity) -> str:
        def digits(number: Fraction) -> Fraction:
            return (
                (number * 100 + Fraction(1, 2)) // 1 / 100
                if number >= 1
                else quantities._three_digits(number)
            )

        return _written(quantity, digits)


class WritesExponents:
    """What is very large or very small comes out as `1.23e+04`."""

    breaks = "P4"

    @staticmethod
    def format_quantity(quantity: Quantity) -> str:
        def text(number: Fraction) -> str:
            usual = Fraction(1, 10**4) <= number < 10**4
            return quantities._digits(number) if usual else f"{float(number):.3g}"

        return _written(quantity, text=text)


# --- comparing ------------------------------------------------------------------------------------


class SameNumberOfDigits:
    """Compares rounded logarithms: 9 and 10 differ, 10 and 99 do not."""

    breaks = "P5"

    @staticmethod
    def agrees(guess: str, figure: Quantity) -> bool:
        right = reference.agrees(guess, figure)
        said = reference.parse_quantity(guess).amount
        if not said or not figure.amount:
            return right
        return abs(math.floor(math.log10(said)) - math.floor(math.log10(figure.amount))) <= 1


class DividesFloats:
    """A little more than ten times still agrees."""

    breaks = "P5"

    @staticmethod
    def agrees(guess: str, figure: Quantity) -> bool:
        right = reference.agrees(guess, figure)
        said = reference.parse_quantity(guess).amount
        if not said or not figure.amount:
            return right
        return 0.1 <= float(said / figure.amount) <= 10.0


class TranslatesBits:
    """Eight bits are a byte, so why not compare them."""

    breaks = "P5"

    @staticmethod
    def agrees(guess: str, figure: Quantity) -> bool:
        said = reference.parse_quantity(guess)
        if said.unit is Unit.BITS and figure.unit is Unit.BYTES:
            return reference.agrees(guess, Quantity(figure.amount * 8, Unit.BITS))
        return reference.agrees(guess, figure)


# --- traffic --------------------------------------------------------------------------------------


class DividesByTheRatio:
    """99 reads for a write: a 99th of the traffic are writes."""

    breaks = "P6"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        def traffic(each: Workload, year: int) -> Fraction:
            right = plan.writes_on_a_day(each, year)
            ratio = each.reads_per_write
            return right * (1 + ratio) / ratio if ratio > 1 else right

        return _estimate(workload, machine, traffic=traffic)


class LinearGrowth:
    """A fifth more each year is 1.2, 1.4, 1.6 ..."""

    breaks = "P6"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        def traffic(each: Workload, year: int) -> Fraction:
            first = plan.writes_on_a_day(each, 1)
            return first * (1 + each.annual_growth * (year - 1))

        return _estimate(workload, machine, traffic=traffic)


class GrowsFromTheFirstDay:
    """The first year has grown already."""

    breaks = "P6"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        return _estimate(
            workload, machine, traffic=lambda each, year: plan.writes_on_a_day(each, year + 1)
        )


class OnlyReadsPeak:
    """Writes are queued, so that they have no peak."""

    breaks = "P6"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        made = reference.estimate(workload, machine)
        return replace(made, peak_writes=made.writes)


class BandwidthInBytes:
    """Payloads a second, in bytes, under the name of bits."""

    breaks = "P7"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        made = reference.estimate(workload, machine)
        eighth = Fraction(1, 8)
        return replace(
            made, inbound=_times(made.inbound, eighth), outbound=_times(made.outbound, eighth)
        )


class AverageBandwidth:
    """The network is planned for the average second."""

    breaks = "P7"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        made = reference.estimate(workload, machine)
        part = 1 / Fraction(workload.peak_factor)
        return replace(
            made, inbound=_times(made.inbound, part), outbound=_times(made.outbound, part)
        )


# --- storage and cache ----------------------------------------------------------------------------


class LastYearForAll:
    """Every day that is kept counts with the traffic of the last."""

    breaks = "P8"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        def kept(each: Workload) -> Fraction:
            days = min(each.retention_days, 365 * each.years)
            return plan.writes_on_a_day(each, each.years) * days * each.write_bytes

        return _estimate(workload, machine, kept=kept)


class KeepsWholeYears:
    """Retention in whole years, the rest of the days is forgotten."""

    breaks = "P8"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        def kept(each: Workload) -> Fraction:
            days = each.retention_days
            return plan.kept(
                replace(each, retention_days=days if days < 365 else days // 365 * 365)
            )

        return _estimate(workload, machine, kept=kept)


class KeepsTheOldest:
    """Counts the retention from the first day of the plan."""

    breaks = "P8"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        def kept(each: Workload) -> Fraction:
            left, total = each.retention_days, Fraction(0)
            for year in range(1, each.years + 1):
                total += min(left, 365) * plan.writes_on_a_day(each, year)
                left -= min(left, 365)
            return total * each.write_bytes

        return _estimate(workload, machine, kept=kept)


class CountsLeapDays:
    """A day more in every fourth year."""

    breaks = "P8"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        def kept(each: Workload) -> Fraction:
            spare = min(each.retention_days - 365 * each.years, each.years // 4)
            extra = max(0, spare) * plan.writes_on_a_day(each, each.years)
            return plan.kept(each) + extra * each.write_bytes

        return _estimate(workload, machine, kept=kept)


class CacheOfAllCopies:
    """The hot share of what the disks hold, copies included."""

    breaks = "P9"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        made = reference.estimate(workload, machine)
        return replace(made, cache=_times(made.storage, workload.hot_share))


class MissesByShare:
    """What is not in the cache is what misses it: 20 % of the data, so 80 % of the reads."""

    breaks = "P9"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        made = reference.estimate(workload, machine)
        return replace(made, store_reads=_times(made.peak_reads, 1 - workload.hot_share))


# --- machines -------------------------------------------------------------------------------------


class RoundsToTheNearest:
    """4.4 machines are 4 machines."""

    breaks = "P10"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        return _estimate(workload, machine, up=lambda number: max(1, round(number)))


class OneToBeSafe:
    """`x // y + 1` machines: one too many where they fit exactly."""

    breaks = "P10"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        return _estimate(workload, machine, up=lambda number: math.floor(number) + 1)


class CeilOfAFloat:
    """`math.ceil` of a float: what is a hair too much is lost, or 7.000000000000001 becomes 8."""

    breaks = "P10"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        def up(number: Fraction) -> int:
            try:
                return max(1, math.ceil(float(number)))
            except OverflowError:
                return math.ceil(number)

        return _estimate(workload, machine, up=up)


class RoundsTwice:
    """Requests in flight are rounded up before they are shared out."""

    breaks = "P10"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        made = reference.estimate(workload, machine)
        whole = math.ceil(made.in_flight.amount)
        by_slots = math.ceil(whole / (machine.slots * Fraction(machine.utilisation)))
        if made.bottleneck is Bottleneck.NETWORK or by_slots == made.servers:
            return made
        return replace(made, servers=by_slots)


class CopiesShareDisks:
    """All copies together on as few disks as hold them."""

    breaks = "P10"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        made = reference.estimate(workload, machine)
        room = machine.disk_bytes * Fraction(machine.utilisation)
        return replace(made, nodes=math.ceil(made.storage.amount / room))


class AddsBothDirections:
    """A network card carries what comes in and what goes out, one after the other."""

    breaks = "P10"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        made = reference.estimate(workload, machine)
        bits = made.inbound.amount + made.outbound.amount
        needed = math.ceil(bits / (machine.network_bits * machine.utilisation))
        if needed <= made.servers:
            return made
        return replace(made, servers=needed, bottleneck=Bottleneck.NETWORK)


# --- review ---------------------------------------------------------------------------------------


class DoubtsTheBoundary:
    """Writes are kept as long as the plan is: still filling, it says."""

    breaks = "P11"

    @staticmethod
    def doubts(workload: Workload, machine: Machine) -> frozenset[Doubt]:
        asked = reference.doubts(workload, machine)
        full = workload.retention_days == 365 * workload.years
        return asked | {Doubt.STILL_FILLING} if full else asked


class DoubtsByTraffic:
    """One server is what a plan of a single slot's work gives: asks the slots, not the servers."""

    breaks = "P11"

    @staticmethod
    def doubts(workload: Workload, machine: Machine) -> frozenset[Doubt]:
        asked = reference.doubts(workload, machine) - {Doubt.ONE_SERVER}
        flying = reference.estimate(workload, machine).in_flight.amount
        fits = flying <= machine.slots * machine.utilisation
        return asked | {Doubt.ONE_SERVER} if fits else asked


class SortsLossesLast:
    """Ordered by the change itself: what halves a figure comes after what does nothing."""

    breaks = "P12"

    @staticmethod
    def sensitivity(
        workload: Workload, machine: Machine, figure: str
    ) -> tuple[tuple[str, Fraction], ...]:
        pairs = reference.sensitivity(workload, machine, figure)
        order = list(rules.WORKLOAD)
        return tuple(sorted(pairs, key=lambda pair: (-pair[1], order.index(pair[0]))))


class ClampsTheDouble:
    """A share that cannot be doubled is raised to 1 instead of being left out."""

    breaks = "P12"

    @staticmethod
    def sensitivity(
        workload: Workload, machine: Machine, figure: str
    ) -> tuple[tuple[str, Fraction], ...]:
        pairs = dict(reference.sensitivity(workload, machine, figure))
        before = review._figure(workload, machine, figure)
        for name in ("hot_share", "hot_reads"):
            if name not in pairs:
                after = review._figure(replace(workload, **{name: 1}), machine, figure)
                pairs[name] = (after - before) / before if before else Fraction(0)
        order = list(rules.WORKLOAD)
        return tuple(sorted(pairs.items(), key=lambda pair: (-abs(pair[1]), order.index(pair[0]))))


class OnePerCent:
    """Raises by a hundredth where that is allowed and reckons a hundred times the change."""

    breaks = "P12"

    @staticmethod
    def sensitivity(
        workload: Workload, machine: Machine, figure: str
    ) -> tuple[tuple[str, Fraction], ...]:
        pairs = dict(reference.sensitivity(workload, machine, figure))
        before = review._figure(workload, machine, figure)
        for name in ("actions_per_user", "reads_per_write", "annual_growth"):
            more = replace(workload, **{name: getattr(workload, name) * Fraction(101, 100)})
            after = review._figure(more, machine, figure)
            pairs[name] = 100 * (after - before) / before if before else Fraction(0)
        order = list(rules.WORKLOAD)
        return tuple(sorted(pairs.items(), key=lambda pair: (-abs(pair[1]), order.index(pair[0]))))


# --- availability ---------------------------------------------------------------------------------


class WeakestLink:
    """A chain is as available as its weakest part."""

    breaks = "P13"

    @staticmethod
    def availability(system: Exact | Group) -> Fraction:
        right = uptime.availability(system)
        if not isinstance(system, Group) or system.needed < len(system.parts):
            return right
        return min(WeakestLink.availability(part) for part in system.parts)


class AverageParts:
    """The binomial formula, with the average of the parts."""

    breaks = "P13"

    @staticmethod
    def availability(system: Exact | Group) -> Fraction:
        right = uptime.availability(system)
        if not isinstance(system, Group):
            return right
        count = len(system.parts)
        up = sum((AverageParts.availability(part) for part in system.parts), Fraction(0)) / count
        return sum(
            (
                math.comb(count, n) * up**n * (1 - up) ** (count - n)
                for n in range(system.needed, count + 1)
            ),
            Fraction(0),
        )


class AllCombinations:
    """Adds up every combination of parts: right, and endless for forty of them."""

    breaks = "P13"

    @staticmethod
    def availability(system: Exact | Group) -> Fraction:
        if not isinstance(system, Group):
            return uptime.availability(system)
        uptime._check_group(system)
        parts = [AllCombinations.availability(part) for part in system.parts]
        cases = itertools.product(*((1 - part, part) for part in parts))
        counts = (sum(case) for case in itertools.product((0, 1), repeat=len(parts)))
        return sum(
            (
                math.prod(case, start=Fraction(1))
                for case, count in zip(cases, counts, strict=True)
                if count >= system.needed
            ),
            Fraction(0),
        )


class QuarterDays:
    """A year of 365.25 days."""

    breaks = "P14"

    @staticmethod
    def downtime(system: Exact | Group) -> Quantity:
        return _times(reference.downtime(system), Fraction(1_461, 1_460))


# --- arguments ------------------------------------------------------------------------------------


class TakesBooleans:
    """`isinstance(value, int)` is True for True."""

    breaks = "P15"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        numbers = {
            name: int(value) if isinstance(value := getattr(workload, name), bool) else value
            for name in rules.WORKLOAD
        }
        return reference.estimate(Workload(**numbers), machine)


class TypesFirst:
    """Looks at the types of all fields, and then at the ranges of all."""

    breaks = "P15"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        for owner, table in ((workload, rules.WORKLOAD), (machine, rules.MACHINE)):
            for name, rule in table.items():
                if not rule.is_kind(getattr(owner, name)):
                    raise BadInput(name, rule.words)
        return reference.estimate(workload, machine)


class RemembersPlans:
    """`lru_cache`: a plan with True users is equal to one with 1, and is answered from the cache.

    Modelled on spcl/dace PR 2404.
    """

    breaks = "P15"

    estimate = staticmethod(functools.lru_cache(reference.estimate))
    doubts = staticmethod(functools.lru_cache(reference.doubts))


class SizesInMessages:
    """The message of the error holds the number: too long for Python, it raises something else."""

    breaks = "P15"

    @staticmethod
    def format_quantity(quantity: Quantity) -> str:
        amount = quantity.amount
        if rules.is_exact(amount) and not 0 <= amount <= 10**30:
            raise BadInput("amount", f"must be from 0 to 10**30, not {amount}")
        return reference.format_quantity(quantity)


# --- surroundings ---------------------------------------------------------------------------------


class UsesTheDecimalContext:
    """Reads with `Decimal` in whatever context the process has.

    Modelled on vyperlang/vyper PR 5108: the same source, another result in another thread.
    """

    breaks = "P16"

    @staticmethod
    def parse_quantity(text: str) -> Quantity:
        read = reference.parse_quantity(text)
        number = re.match("[0-9.]+", text)
        assert number is not None
        if not Fraction(number.group()):
            return read
        size = read.amount / Fraction(number.group())
        exact = Decimal(number.group())
        kept = exact if decimal.getcontext().prec >= 28 else +exact
        return Quantity(Fraction(kept) * size, read.unit)


class SetsTheDecimalContext:
    """Sets the precision that it needs, for everybody.

    Modelled on sissaschool/elementpath issue 30 and joyanujoy/geolib issue 2.
    """

    breaks = "P16"

    @staticmethod
    def format_quantity(quantity: Quantity) -> str:
        decimal.getcontext().prec = 60
        return reference.format_quantity(quantity)


_scratch: dict[str, Any] = {}


class SharedScratch:
    """Keeps what it reckons with in the module."""

    breaks = "P16"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        _scratch["workload"] = workload
        rules.check_plan(workload, machine)
        return reference.estimate(_scratch["workload"], machine)


class GrowsThroughFloats:
    """The factor of growth is a float: right for three years, drifting afterwards."""

    breaks = "P6"

    @staticmethod
    def estimate(workload: Workload, machine: Machine) -> Estimate:
        def traffic(each: Workload, year: int) -> Fraction:
            grown = float(1 + each.annual_growth) ** (year - 1)
            return plan.writes_on_a_day(each, 1) * Fraction(grown).limit_denominator(10**9)

        reference.estimate(workload, machine)
        if workload.annual_growth > 10**6:
            return reference.estimate(workload, machine)
        return _estimate(workload, machine, traffic=traffic)
