"""The trail, who may see the salary, and several threads at once."""

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from contracts.thinking.employee import AccessDenied, Action, Entry
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises
from graders.kit.expect import text_of

START = datetime(2030, 1, 1)  # noqa: DTZ001 - the clock is the grader's


def ticking(sim: Sim | None = None) -> Callable[[], datetime]:
    """A clock that is a minute later at each call; with a simulation, others may run before and after."""
    minutes = [0]

    def clock() -> datetime:
        if sim is not None:
            sim.point()
        minutes[0] += 1
        now = START + timedelta(minutes=minutes[0])
        if sim is not None:
            sim.point()
        return now

    return clock


def at(minute: int) -> datetime:
    """What the clock answers at its n-th call."""
    return START + timedelta(minutes=minute)


def plain(trail: Any) -> list[tuple[int, str, str, Action]]:
    """The entries as tuples, times as text."""
    return [(entry.number, entry.at.isoformat(), entry.by, entry.action) for entry in trail]


def hire(impl: Implementation, salary: Any, clock: Any = None, may_see: Any = None) -> Any:
    """Ada, whom everybody may ask unless it is said otherwise."""
    return impl.Employee(
        "Ada", salary, by="HR", clock=clock or ticking(), may_see=may_see or (lambda _: True)
    )


def seen(employee: Any, who: str) -> Any:
    """What reveal answers, or AccessDenied."""
    try:
        return employee.reveal(who)
    except AccessDenied as error:
        return error.who


@check("P11", kind="behaviour")
def test_who_may_see_the_salary(impl: Implementation) -> None:
    """may_see is asked each time, with the name, and its answer counts as true or false."""
    asked: list[str] = []
    answers: dict[str, Any] = {
        "Bea": True,
        "Cy": 1,
        "Di": "yes",
        "Eve": False,
        "Flo": None,
        "Gus": "",
    }

    def may_see(who: str) -> Any:
        asked.append(who)
        return answers[who]

    ada = hire(impl, 1000, may_see=may_see)
    equal(asked, [], did="hired: whom may_see was asked for")
    salary = (Decimal("1000.00"),)
    want = {"Bea": salary, "Cy": salary, "Di": salary, "Eve": "Eve", "Flo": "Flo", "Gus": "Gus"}
    equal({who: seen(ada, who) for who in answers}, want, did=f"may_see answers {answers}: reveal")
    answers["Bea"], answers["Eve"] = False, True
    equal((seen(ada, "Bea"), seen(ada, "Eve")), ("Bea", salary), did="the answers have changed")
    equal(asked, [*want, "Bea", "Eve"], did="whom may_see was asked for, in order")
    raises(TypeError, lambda: ada.reveal(None), did="reveal(None)")
    raises(ValueError, lambda: ada.reveal(" "), did="reveal(' ')")
    equal(asked[8:], [], did="whom may_see was asked for, when the names were None and ' '")
    error = raises(AccessDenied, lambda: ada.reveal("Gus"), did="reveal('Gus')")
    ensure(isinstance(error, PermissionError), did="AccessDenied", want="a PermissionError")
    ensure("Gus" in text_of(error), did="reveal('Gus')", want="a message with the name")


@check("P11", "P12", kind="behaviour")
def test_all_salaries_so_far(impl: Implementation) -> None:
    """Hired for 100, raised three times, one raise refused: what reveal answers in between."""
    ada = hire(impl, 100)
    first = ada.reveal("Bea")
    ada.raise_by(20, by="HR")
    ada.raise_percent(10, by="HR")
    raises(ValueError, lambda: ada.raise_by(-5, by="HR"), did="raise_by(-5)")
    ada.raise_by(Decimal("0.01"), by="HR")
    want = tuple(map(Decimal, ("100.00", "120.00", "132.00", "132.01")))
    equal((first, ada.reveal("Bea")), (want[:1], want), did="reveal() after the hiring and at last")


@check("P12", kind="behaviour")
def test_what_is_in_the_trail(impl: Implementation) -> None:
    """Hired, raised twice, paid, revealed, denied; and calls that are refused, which leave nothing."""
    ada = hire(impl, 1000, may_see=lambda who: who == "Bea")
    ada.raise_by(1, by="Hal")
    raises(ValueError, lambda: ada.raise_by(-1, by="Hal"), did="raise_by(-1)")
    ada.pay(1, by="Pat")
    raises(ValueError, lambda: ada.pay(13, by="Pat"), did="pay(13)")
    raises(AccessDenied, lambda: ada.reveal("Eve"), did="reveal('Eve')")
    ada.raise_percent(2, by="Hal")
    ada.reveal("Bea")
    want = [
        Entry(1, at(1), "HR", Action.HIRED),
        Entry(2, at(2), "Hal", Action.RAISED),
        Entry(3, at(3), "Pat", Action.PAID),
        Entry(4, at(4), "Eve", Action.DENIED),
        Entry(5, at(5), "Hal", Action.RAISED),
        Entry(6, at(6), "Bea", Action.REVEALED),
    ]
    equal([type(entry) for entry in ada.trail], [Entry] * 6, did="the types of six entries")
    equal(plain(ada.trail), plain(want), did="six things done, two refused: the trail")
    equal(ada.name, "Ada", did="name")


@check("P12", kind="behaviour")
def test_a_trail_in_hand_never_changes(impl: Implementation) -> None:
    """A trail is kept while more is done; its entries cannot be assigned."""
    ada = hire(impl, 1000)
    kept = [ada.trail]
    for _ in range(3):
        ada.raise_by(1, by="HR")
        kept.append(ada.trail)
    tuples = [isinstance(trail, tuple) for trail in kept]
    equal(tuples, [True] * 4, did="whether four trails are tuples")
    equal([len(trail) for trail in kept], [1, 2, 3, 4], did="four trails, each read before a raise")
    last = plain(kept[-1])
    for trail in kept:
        equal(plain(trail), last[: len(trail)], did="an early trail, and the beginning of the last")
    entry = kept[-1][0]
    error = dataclasses.FrozenInstanceError
    raises(error, lambda: setattr(entry, "by", "Eve"), did="trail[0].by = 'Eve'")
    equal(plain(ada.trail), last, did="the trail after that")


@check("P12", kind="behaviour")
def test_the_clock_says_when(impl: Implementation) -> None:
    """A clock that jumps back, and one that answers with an object of its own: taken as it is."""
    times = [at(9), at(5), at(5), at(7)]
    clock = iter(times).__next__
    ada = hire(impl, 1000, clock=clock)
    ada.raise_by(1, by="HR")
    ada.pay(1, by="HR")
    ada.reveal("Bea")
    same = [entry.at is time for entry, time in zip(ada.trail, times, strict=True)]
    equal(same, [True] * 4, did="a clock that jumps back: entries with that very object")
    equal([entry.number for entry in ada.trail], [1, 2, 3, 4], did="their numbers")


@check("P11", kind="concurrency")
def test_may_see_may_use_the_employee(impl: Implementation) -> None:
    """may_see reads the trail, raises the salary, and waits for another thread that does both."""

    def scene(sim: Sim) -> None:
        held: list[Any] = []

        def may_see(who: str) -> bool:
            held[0].raise_by(1, by=who)
            other = sim.spawn(lambda: held[0].raise_by(2, by="other") or held[0].trail)
            return len(other.result()) == 3

        held.append(hire(impl, 100, may_see=may_see))
        want = tuple(map(Decimal, ("100.00", "101.00", "103.00")))
        equal(held[0].reveal("Bea"), want, did="may_see raised twice, then answered True: reveal")

    explore(scene, schedules=40)


@check("P10", kind="concurrency")
def test_two_raises_at_once(impl: Implementation) -> None:
    """Two threads raise, by 5 and by 70; then by 10 % and by 1.01."""
    for percent in (False, True):

        def scene(sim: Sim, percent: bool = percent) -> None:
            ada = hire(impl, Decimal("100.01"), ticking(sim))
            if percent:
                jobs = (
                    lambda: ada.raise_percent(10, by="A"),
                    lambda: ada.raise_by(Decimal("1.01"), by="B"),
                )
                ways = [("100.01", "110.01", "111.02"), ("100.01", "101.02", "111.12")]
            else:
                jobs = (lambda: ada.raise_by(5, by="A"), lambda: ada.raise_by(70, by="B"))
                ways = [("100.01", "105.01", "175.01"), ("100.01", "170.01", "175.01")]
            sim.together(*jobs)
            order = [entry.by for entry in ada.trail[1:]]
            got = ada.reveal("Bea")
            did = "two threads raised: salaries, and who is first in the trail"
            want = [(tuple(map(Decimal, way)), by) for way, by in zip(ways, "AB", strict=True)]
            ensure((got, order[0]) in want, did=did, want="one after the other", got=(got, order))

        explore(scene, schedules=100)


@check("P10", kind="concurrency")
def test_two_raises_of_which_one_is_too_high(impl: Implementation) -> None:
    """Two threads raise 10 ** 12 - 10 by 6 each: together that would be too high."""

    def scene(sim: Sim) -> None:
        ada = hire(impl, 10**12 - 10, ticking(sim))

        def raise_by_six() -> str:
            try:
                ada.raise_by(6, by="A")
            except ValueError:
                return "refused"
            return "raised"

        got = sorted(sim.together(raise_by_six, raise_by_six))
        equal(got, ["raised", "refused"], did="10 ** 12 - 10, two threads raise by 6")
        equal(len(ada.trail), 2, did="entries in the trail after that")
        want = (Decimal("999999999990.00"), Decimal("999999999996.00"))
        equal(ada.reveal("Bea"), want, did="salaries after that")

    explore(scene, schedules=60)


@check("P10", kind="concurrency")
def test_three_raises_and_the_numbers_of_the_trail(impl: Implementation) -> None:
    """Three threads raise by 1; the trail's numbers and times go up with its order."""

    def scene(sim: Sim) -> None:
        ada = hire(impl, 100, ticking(sim))
        sim.together(*[lambda n=n: ada.raise_by(1, by=n) for n in "ABC"])
        trail = ada.trail
        equal([entry.number for entry in trail], [1, 2, 3, 4], did="three raises at once: numbers")
        equal(sorted(entry.by for entry in trail[1:]), ["A", "B", "C"], did="by whom, sorted")
        want = [at(n).isoformat() for n in (1, 2, 3, 4)]
        equal([entry.at.isoformat() for entry in trail], want, did="their times")
        equal(seen(ada, "Bea")[-1], Decimal("103.00"), did="the salary")

    explore(scene, schedules=120)


@check("P10", kind="concurrency")
def test_a_pay_sees_one_salary(impl: Implementation) -> None:
    """100.00 a year; one thread raises it to 901.00, another asks for pay(2, 3)."""

    def scene(sim: Sim) -> None:
        ada = hire(impl, 100)
        _, pay = sim.together(lambda: ada.raise_by(801, by="A"), lambda: ada.pay(2, 3, by="B"))
        order = "".join(entry.by for entry in ada.trail[1:])
        want = {"BA": Decimal("33.34"), "AB": Decimal("300.34")}[order]
        equal(pay, want, did=f"a raise beside pay(2, 3), in the trail as {order}: the pay")

    explore(scene, schedules=150)


@check("P10", kind="concurrency")
def test_readers_see_a_beginning(impl: Implementation) -> None:
    """One thread raises twice, another reads trail, salaries, trail."""

    def scene(sim: Sim) -> None:
        ada = hire(impl, 100)

        def raise_twice() -> None:
            ada.raise_by(1, by="A")
            ada.raise_by(2, by="A")

        def read() -> tuple[Any, Any, Any]:
            return ada.trail, ada.reveal("Bea"), ada.trail

        _, (before, salaries, after) = sim.together(raise_twice, read)
        whole = ada.trail
        did = "read while another thread raised twice"
        for trail in (before, after):
            equal(
                plain(trail),
                plain(whole[: len(trail)]),
                did=did + ": the trail, and the beginning of the last",
            )
        full = tuple(map(Decimal, ("100.00", "101.00", "103.00")))
        place = next(n for n, entry in enumerate(whole) if entry.action is Action.REVEALED)
        equal(salaries, full[:place], did=f"{did}: salaries, {place} entries before the reveal")

    explore(scene, schedules=150)


@check("P10", "P12", kind="concurrency")
def test_employees_share_nothing(impl: Implementation) -> None:
    """Ada's clock waits for a thread that raises Bob."""

    def scene(sim: Sim) -> None:
        bob = hire(impl, 50)

        def clock() -> datetime:
            sim.spawn(lambda: bob.raise_by(1, by="other")).result()
            return START

        ada = hire(impl, 100, clock)
        ada.raise_by(1, by="A")
        equal(len(bob.trail), 3, did="Ada hired and raised, her clock raises Bob: Bob's entries")
        equal(bob.reveal("Bea")[-1], Decimal("52.00"), did="Bob's salary")
        equal(ada.reveal("Bea")[-1], Decimal("101.00"), did="Ada's salary")

    explore(scene, schedules=40)
