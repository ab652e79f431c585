"""Nothing but the arguments counts."""

import copy
import decimal
import random
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any, Final

from contracts.services.framework import (
    BadInput,
    Estimate,
    Group,
    Machine,
    Quantity,
    Unit,
    Workload,
)
from graders.kit import Implementation, Sim, check, ensure, equal, explore

CHAT: Final = Workload(
    users=50_000_000,
    actions_per_user=80,
    reads_per_write=Fraction(7, 3),
    write_bytes=1_000,
    read_bytes=700,
    peak_factor=4,
    retention_days=400,
    replicas=3,
    annual_growth=Fraction(1, 5),
    years=3,
)
MACHINE: Final = Machine(
    slots=100,
    service_time=Fraction(1, 10),
    utilisation=Fraction(7, 10),
    disk_bytes=4 * 10**12,
    memory_bytes=64 * 10**9,
    network_bits=10**10,
)
QUORUM: Final = Group((Fraction(99, 100), Fraction(2, 3), Fraction(999, 1_000)), 2)
TEXTS: Final = ("1.2345678901234567890123 MB", "3.3 GB/d", "999999999999999999999.9 kb", "5 min")


def everything(impl: Implementation) -> list[Any]:
    """What every function answers."""
    read = [impl.parse_quantity(text) for text in TEXTS]
    return [
        *read,
        *(impl.format_quantity(quantity) for quantity in read),
        impl.format_quantity(Quantity(Fraction(1_225), Unit.COUNT)),
        impl.agrees("300 TB", Quantity(Fraction(10**15), Unit.BYTES)),
        impl.estimate(CHAT, MACHINE),
        impl.doubts(CHAT, MACHINE),
        impl.sensitivity(CHAT, MACHINE, "storage"),
        impl.availability(QUORUM),
        impl.downtime(QUORUM),
    ]


@check("P16", kind="behaviour")
def test_settings_of_the_process_do_not_count(impl: Implementation) -> None:
    """Everything is asked again with a decimal context of four digits that rounds down; it stays set."""
    before = everything(impl)
    with decimal.localcontext() as context:
        context.prec, context.rounding = 4, decimal.ROUND_DOWN
        equal(
            everything(impl), before, did="asked everything, then again with a context of 4 digits"
        )
        got = (decimal.getcontext().prec, decimal.getcontext().rounding)
        equal(
            got, (4, decimal.ROUND_DOWN), did="asked everything, then looked at the decimal context"
        )
    with decimal.localcontext() as context:
        context.traps[decimal.Inexact] = True
        equal(everything(impl), before, did="asked everything, then again with Inexact trapped")


@check("P16", kind="behaviour")
def test_earlier_calls_do_not_count(impl: Implementation) -> None:
    """Everything is asked, then many other things, refused ones too, then everything again."""
    before = everything(impl)
    chance = random.Random(2)
    for number in range(12):
        other = replace(CHAT, users=1 + number, years=1 + number % 2, replicas=1 + number % 3)
        impl.estimate(other, replace(MACHINE, slots=1 + number))
        impl.sensitivity(other, MACHINE, chance.choice(["servers", "storage", "writes"]))
        impl.availability(Group((Fraction(1, number + 1),) * 3, 1 + number % 3))
        impl.format_quantity(Quantity(Fraction(number), chance.choice(list(Unit))))
        for job in (
            lambda: impl.parse_quantity("1 mb"),
            lambda: impl.estimate(replace(CHAT, users=0), MACHINE),
            lambda: impl.availability(2),
        ):
            try:
                job()
            except BadInput:
                continue
    equal(everything(impl), before, did="asked everything, 60 other things, and everything again")


@check("P16", kind="behaviour")
def test_arguments_stay_as_they_were(impl: Implementation) -> None:
    """Plans, machines and groups are compared with copies made before the calls."""
    things: list[Any] = [CHAT, MACHINE, QUORUM]
    copies = copy.deepcopy(things)
    answers = everything(impl)
    equal(things, copies, did="asked everything, then compared the arguments with copies of before")
    ensure(
        not any(type(each) in {list, set, dict} for each in answers),
        did="asked everything",
        want="answers that nobody can change",
        got=answers,
    )


@check("P6", "P8", "P16", kind="behaviour")
def test_no_figure_is_too_large_to_be_exact(impl: Implementation) -> None:
    """10 ** 18 users and one more: the figures differ by exactly that one's part."""
    one = impl.estimate(replace(CHAT, users=1), MACHINE)
    huge = impl.estimate(replace(CHAT, users=10**18), MACHINE)
    more = impl.estimate(replace(CHAT, users=10**18 + 1), MACHINE)
    for figure in (each.name for each in fields(Estimate)):
        alone, few, many = (getattr(plan, figure) for plan in (one, huge, more))
        if isinstance(few, Quantity):
            want = Quantity(few.amount + alone.amount, few.unit)
            equal(many, want, did=f"estimated {figure} of 10 ** 18 users, and of one user more")
    third = replace(CHAT, users=3, actions_per_user=Fraction(1, 3), reads_per_write=0)
    got = impl.estimate(third, MACHINE).stored_per_day
    want = Quantity(Fraction(3 * 1_000 * 36, 25), Unit.BYTES)
    equal(got, want, did="estimated stored_per_day of three users with a third of an action each")


@check("P16", kind="concurrency")
def test_other_threads_do_not_count(impl: Implementation) -> None:
    """Two threads estimate and read at the same time; two others write and compose."""
    plans = [
        replace(CHAT, years=1, retention_days=20),
        replace(CHAT, users=7, years=1, retention_days=30, replicas=1),
    ]
    alone = [impl.estimate(plan, MACHINE) for plan in plans]
    group = Group((Fraction(1, 2), Group((Fraction(1, 3), Fraction(1, 4)), 1)), 1)

    def planning(sim: Sim) -> None:
        got: dict[int, Any] = {}

        def ask(number: int, text: str) -> None:
            got[number] = (impl.estimate(plans[number], MACHINE), impl.parse_quantity(text))

        sim.together(lambda: ask(0, "1.5 kB"), lambda: ask(1, "3 min"))
        did = "one thread estimated a chat and read 1.5 kB, another a small system and 3 min"
        want = {
            0: (alone[0], Quantity(Fraction(1_500), Unit.BYTES)),
            1: (alone[1], Quantity(Fraction(180), Unit.SECONDS)),
        }
        equal(got, want, did=did)

    def writing(sim: Sim) -> None:
        got: dict[int, Any] = {}

        def ask(number: int, quantity: Quantity, system: Group) -> None:
            got[number] = (impl.format_quantity(quantity), impl.availability(system))

        sim.together(
            lambda: ask(0, Quantity(Fraction(999_600), Unit.BYTES), QUORUM),
            lambda: ask(1, Quantity(Fraction(12_345), Unit.BITS), group),
        )
        did = "one thread wrote 999.6 kB and composed a quorum, another 12,345 b and a group"
        want = {0: ("1 MB", Fraction(99_633, 100_000)), 1: ("12.3 kb", Fraction(3, 4))}
        equal(got, want, did=did)

    explore(planning, schedules=40)
    explore(writing, schedules=40)
