"""Availability of parts in a chain, of replicas, of quorums, and what is left of a year."""

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import comb
from typing import Final

from contracts.services.framework import Exact, Group, Quantity, Unit
from graders.kit import Implementation, check, equal
from graders.kit.growth import Block, grows_at_most

NINES: Final = {number: 1 - Fraction(1, 10**number) for number in range(1, 10)}


def is_up(impl: Implementation, system: Exact | Group, want: Fraction | int | str) -> None:
    """The availability of a system must be exactly this."""
    equal(impl.availability(system), Fraction(want), did=f"asked for the availability of {system}")


@check("P13", kind="behaviour")
def test_chains_and_replicas(impl: Implementation) -> None:
    """A number alone, a chain that needs every part, and replicas of which one is enough."""
    two, three = NINES[2], NINES[3]
    for number in (0, 1, Fraction(0), Fraction(1), two, Fraction(1, 3), NINES[9]):
        is_up(impl, number, number)
        is_up(impl, Group((number,), 1), number)
    is_up(impl, Group((two, three), 2), two * three)
    is_up(impl, Group((two, three), 1), 1 - Fraction(1, 10**5))
    is_up(impl, Group((two, two, two), 3), "970299/1000000")
    is_up(impl, Group((two, two, two), 1), "999999/1000000")
    is_up(impl, Group((three,) * 9, 9), three**9)
    is_up(impl, Group((1, 1, 0), 2), 1)
    is_up(impl, Group((1, 0, 0), 2), 0)
    is_up(impl, Group((0, 0), 1), 0)
    is_up(impl, Group((1, two), 2), two)


@check("P13", kind="behaviour")
def test_quorums(impl: Implementation) -> None:
    """Two of three, three of five, and parts that are not equal, in any order."""
    half, two = Fraction(1, 2), NINES[2]
    is_up(impl, Group((two,) * 3, 2), "999702/1000000")
    is_up(impl, Group((Fraction(9, 10),) * 5, 3), "99144/100000")
    is_up(impl, Group((half,) * 4, 2), "11/16")
    parts = (Fraction(1, 2), Fraction(2, 3), Fraction(4, 5))
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)):
        chosen = tuple(parts[n] for n in order)
        for needed, want in ((1, "29/30"), (2, "11/15"), (3, "4/15")):
            is_up(impl, Group(chosen, needed), want)


@check("P13", kind="behaviour")
def test_groups_of_groups(impl: Implementation) -> None:
    """A balancer before two zones of a server and a database each; a group that is used twice."""
    server, database = Fraction(99, 100), Fraction(995, 1_000)
    zone = Group((server, database), 2)
    one = server * database
    is_up(impl, Group((NINES[4], Group((zone, zone), 1)), 2), NINES[4] * (1 - (1 - one) ** 2))
    is_up(impl, Group((zone, 1, Group((Group((server,), 1), 0), 1)), 3), one * server)
    deep: Exact | Group = database
    for _ in range(30):
        deep = Group((deep, 0), 1)
    is_up(impl, deep, database)


def every_case(parts: tuple[Fraction, ...], needed: int) -> Iterator[Fraction]:
    """The chances of all the cases in which enough parts are up."""
    for case in product((False, True), repeat=len(parts)):
        if sum(case) >= needed:
            chance = Fraction(1)
            for up, part in zip(case, parts, strict=True):
                chance *= part if up else 1 - part
            yield chance


@check("P13", kind="behaviour")
def test_any_group_agrees_with_all_its_cases(impl: Implementation) -> None:
    """Groups of up to six parts from seed 9, all cases counted one by one."""
    chance = random.Random(9)
    for size in (1, 2, 3, 4, 5, 6) * 4:
        parts = tuple(Fraction(chance.randint(0, 12), 12) for _ in range(size))
        needed = chance.randint(1, size)
        is_up(impl, Group(parts, needed), sum(every_case(parts, needed), Fraction(0)))


@check("P13", kind="throughput")
def test_many_parts_are_no_problem(plain: Implementation) -> None:
    """Quorums of 7 and of 14 parts, of which there are 128 times as many cases; then one of 40."""

    def prepare(size: int) -> Block:
        group = Group(tuple(Fraction(n + 1, n + 2) for n in range(size)), size // 2 + 1)
        return lambda: plain.availability(group)

    plain.availability(Group((1, 0), 1))
    grows_at_most(
        prepare,
        small=7,
        large=14,
        limit=60.0,
        did="asked for the availability of quorums of 7 parts and of 14",
    )
    ways = sum(comb(40, up) * 3**up for up in range(30, 41))
    is_up(plain, Group((Fraction(3, 4),) * 40, 30), Fraction(ways, 4**40))


@check("P3", "P14", kind="behaviour")
def test_downtime_of_a_year(impl: Implementation) -> None:
    """Nines from one to nine, always and never up, a third of the year; and as people say it."""
    for number, part in NINES.items():
        did = f"asked for the downtime of {number} nines"
        equal(
            impl.downtime(part), Quantity(Fraction(31_536_000, 10**number), Unit.SECONDS), did=did
        )
    for part, seconds in (
        (1, 0),
        (0, 31_536_000),
        (Fraction(1, 3), 21_024_000),
        (NINES[4], "15768/5"),
    ):
        did = f"asked for the downtime of {part}"
        equal(impl.downtime(part), Quantity(Fraction(seconds), Unit.SECONDS), did=did)
    group = Group((NINES[3], NINES[3]), 2)
    want = Quantity(Fraction(1_999, 10**6) * 31_536_000, Unit.SECONDS)
    equal(
        impl.downtime(group), want, did="asked for the downtime of a chain of two with three nines"
    )

    for number, text in (
        (1, "36.5 d"),
        (2, "3.65 d"),
        (3, "8.76 h"),
        (4, "52.6 min"),
        (5, "5.26 min"),
        (6, "31.5 s"),
    ):
        did = f"asked for the downtime of {number} nines, and wrote it"
        equal(impl.format_quantity(impl.downtime(NINES[number])), text, did=did)
