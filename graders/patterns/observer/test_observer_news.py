"""Failures, interrupts, and news that callbacks publish."""

from collections.abc import Callable
from typing import Any

from graders.kit import Implementation, check, ensure, equal, raises

SPORT, WEATHER = "sport", "weather"


def noting(log: list[Any], name: str) -> Callable[[Any], None]:
    """A callback that writes down who got what."""
    return lambda news: log.append((name, news))


def failing(log: list[Any], name: str, error: BaseException) -> Callable[[Any], None]:
    """A callback that writes down who got what, and raises."""

    def callback(news: Any) -> None:
        log.append((name, news))
        raise error

    return callback


def group_of(job: Callable[[], object], did: str) -> list[BaseException]:
    """The exceptions of the ExceptionGroup that `job` raises."""
    group = raises(ExceptionGroup, job, did=did)
    return list(group.exceptions)


@check("P3", kind="behaviour")
def test_a_failure_stops_nobody(impl: Implementation) -> None:
    """Of five subscribers the first, the third and the last raise."""
    agency, log = impl.NewsAgency(), []
    errors = [ValueError("1"), KeyError("3"), RuntimeError("5")]
    for n in range(5):
        name = str(n + 1)
        agency.subscribe(noting(log, name) if n % 2 else failing(log, name, errors[n // 2]), SPORT)
    got = group_of(lambda: agency.publish(SPORT, 0), "publish, three of five subscribers raise")
    equal([name for name, _ in log], ["1", "2", "3", "4", "5"], did="who was called")
    ensure(len(got) == 3 and all(a is b for a, b in zip(got, errors, strict=True)),
           did="the exceptions of the group", want="the three, in order", got=got)  # fmt: skip
    log.clear()
    group_of(lambda: agency.publish(SPORT, 0), "publish once more")
    equal(len(log), 5, did="calls for the next news")


@check("P3", kind="behaviour")
def test_one_failure_is_a_group_too(impl: Implementation) -> None:
    """The only subscriber raises; then it raises an ExceptionGroup of its own."""
    for error in (ValueError("no"), ExceptionGroup("mine", [KeyError("k")])):
        agency = impl.NewsAgency()
        agency.subscribe(failing([], "a", error), SPORT)
        got = group_of(
            lambda agency=agency: agency.publish(SPORT, 1),
            f"publish, the only subscriber raises {error!r}",
        )
        ensure(
            len(got) == 1 and got[0] is error,
            did="the exceptions of the group",
            want=repr(error),
            got=got,
        )


@check("P3", kind="behaviour")
def test_every_failed_call_counts(impl: Implementation) -> None:
    """A hundred calls fail, a StopIteration among them, some alike, two with the same object; twice."""
    agency, log = impl.NewsAgency(), []
    same = ValueError("same")
    errors = [
        StopIteration(1),
        ValueError("x"),
        ValueError("x"),
        same,
        same,
        IndexError(),
        TypeError(),
        *map(ValueError, range(93)),
    ]
    for n, error in enumerate(errors):
        agency.subscribe(failing(log, str(n), error), SPORT)
    for _ in range(2):
        log.clear()
        got = group_of(lambda: agency.publish(SPORT, 0), "publish, all hundred subscribers raise")
        equal(len(log), 100, did="calls when everybody raises")
        ensure(len(got) == 100 and all(a is b for a, b in zip(got, errors, strict=True)),
               did="the exceptions of the group", want="one for each failed call", got=got)  # fmt: skip


@check("P3", kind="behaviour")
def test_without_a_failure_nothing_is_raised(impl: Implementation) -> None:
    """A failing subscriber is cancelled; a callback returns an exception object."""
    agency = impl.NewsAgency()
    bad = agency.subscribe(failing([], "a", ValueError()), SPORT)
    agency.subscribe(lambda _: ValueError("returned, not raised"), SPORT)
    bad.cancel()
    equal(agency.publish(SPORT, 1), None, did="publish without a failing subscriber")


@check("P4", kind="behaviour")
def test_interrupts_pass_through(impl: Implementation) -> None:
    """A subscriber raises KeyboardInterrupt, SystemExit, a group with one; then it is cancelled and news goes on."""
    group = BaseExceptionGroup("both", [KeyboardInterrupt(), ValueError()])
    for error in (KeyboardInterrupt(), SystemExit(3), GeneratorExit(), group):
        agency, log = impl.NewsAgency(), []
        agency.subscribe(noting(log, "before"), SPORT)
        bad = agency.subscribe(failing(log, "bad", error), SPORT)
        agency.subscribe(noting(log, "after"), SPORT)
        try:
            agency.publish(SPORT, 1)
            caught: BaseException | None = None
        except BaseException as raised:
            caught = raised
        ensure(
            caught is error,
            did=f"publish, a subscriber raises {error!r}",
            want="that very exception",
            got=caught,
        )
        bad.cancel()
        log.clear()
        agency.publish(SPORT, 2)
        equal(
            [call for call in log if call[1] == 2],
            [("before", 2), ("after", 2)],
            did="calls for the next news",
        )


@check("P3", "P4", kind="behaviour")
def test_an_interrupt_leaves_nothing_for_later(impl: Implementation) -> None:
    """On 1, A publishes 2 and 3, B raises ValueError, C interrupts on 1, or on 2; then 4 is published."""
    for moment in (1, 2):
        agency, log = impl.NewsAgency(), []
        by_news: dict[int, list[BaseException]] = {1: [ValueError("of 1")], 2: [], 3: [], 4: []}
        by_news[moment].append(KeyboardInterrupt())

        def a(news: int, agency: Any = agency, log: Any = log) -> None:
            log.append(news)
            if news == 1:
                agency.publish(SPORT, 2)
                agency.publish(SPORT, 3)

        def troubled(news: int, by_news: Any = by_news) -> None:
            if by_news[news]:
                raise by_news[news].pop(0)

        for callback in (a, troubled, troubled):
            agency.subscribe(callback, SPORT)
        raises(
            KeyboardInterrupt,
            lambda agency=agency: agency.publish(SPORT, 1),
            did=f"publish(1), C interrupts on {moment}",
        )
        log.clear()
        equal(agency.publish(SPORT, 4), None, did="publish(4), nobody raises")
        equal(log, [4], did="news since the interrupt, when 2 and 3 were published before it")


@check("P5", kind="behaviour")
def test_equal_news_is_news(impl: Implementation) -> None:
    """A answers 'start' with None, None, 0, False and [] and looks at what each publish returns."""
    agency, log, returned = impl.NewsAgency(), [], []
    answers = [None, None, 0, False, []]

    def a(news: Any) -> None:
        if news == "start":
            returned.extend(agency.publish(SPORT, answer) for answer in answers)

    agency.subscribe(a, SPORT)
    agency.subscribe(log.append, SPORT)
    agency.publish(SPORT, "start")
    equal(log, ["start", *answers], did="news of the second subscriber")
    equal(returned, [None] * 5, did="what the inner publishes returned")


@check("P5", kind="behaviour")
def test_another_agency_delivers_at_once(impl: Implementation) -> None:
    """A callback of one agency publishes on another, whose callback publishes on the first again."""
    one, other, log = impl.NewsAgency(), impl.NewsAgency(), []

    def bridge(news: Any) -> None:
        log.append(("bridge", news))
        if news == 1:
            other.publish(SPORT, 2)
            log.append(("bridge", "done"))

    def back(news: Any) -> None:
        log.append(("other", news))
        one.publish(SPORT, 3)

    one.subscribe(bridge, SPORT)
    one.subscribe(noting(log, "late"), SPORT)
    other.subscribe(back, SPORT)
    one.publish(SPORT, 1)
    want = [
        ("bridge", 1),
        ("other", 2),
        ("bridge", "done"),
        ("late", 1),
        ("bridge", 3),
        ("late", 3),
    ]
    equal(
        log, want, did="who got what: 2 on the other agency at once, 3 when 1 had reached everybody"
    )


@check("P5", kind="behaviour")
def test_news_from_a_callback_waits(impl: Implementation) -> None:
    """A publishes 2 and 3 when it gets 1; B and C listen."""
    agency, log = impl.NewsAgency(), []

    def a(news: Any) -> None:
        log.append(("A", news))
        if news == 1:
            agency.publish(SPORT, 2)
            agency.publish(SPORT, 3)
            log.append(("A", "done"))

    agency.subscribe(a, SPORT)
    agency.subscribe(noting(log, "B"), SPORT)
    agency.publish(SPORT, 1)
    want = [("A", 1), ("A", "done"), ("B", 1), ("A", 2), ("B", 2), ("A", 3), ("B", 3)]
    equal(log, want, did="who got what, in order, when publish(1) had returned")


@check("P5", kind="behaviour")
def test_chains_of_news(plain: Implementation) -> None:
    """A chain of 10,000 news, each published by the callback before; then 1,000 by one callback."""
    agency, log = plain.NewsAgency(), []

    def count(news: int) -> None:
        log.append(news)
        if news < 10_000:
            agency.publish(SPORT if news % 2 else WEATHER, news + 1)

    def burst(news: int) -> None:
        for number in range(1_000):
            agency.publish(WEATHER, 20_000 + number)

    agency.subscribe(count, SPORT)
    agency.subscribe(count, WEATHER)
    agency.subscribe(burst, "burst")
    agency.publish(SPORT, 0)
    equal(log, list(range(10_001)), did="a chain of news, each published by the callback before")
    log.clear()
    agency.publish("burst", 0)
    equal(log, list(range(20_000, 21_000)), did="1,000 news published by one callback")


@check("P5", kind="behaviour")
def test_who_listens_to_waiting_news(impl: Implementation) -> None:
    """A gets 1, publishes 2 on two topics, then subscribes N and W to them and cancels C."""
    agency, log, subscriptions = impl.NewsAgency(), [], []

    def a(news: Any) -> None:
        log.append(("A", news))
        if news == 1:
            agency.publish(SPORT, 2)
            agency.publish(WEATHER, 2)
            agency.subscribe(noting(log, "N"), SPORT)
            agency.subscribe(noting(log, "W"), WEATHER)
            subscriptions[0].cancel()

    agency.subscribe(a, SPORT)
    subscriptions.append(agency.subscribe(noting(log, "C"), SPORT))
    agency.publish(SPORT, 1)
    equal(
        log,
        [("A", 1), ("A", 2), ("N", 2), ("W", 2)],
        did="who got what: the delivery of 2 begins after the changes",
    )


@check("P3", "P5", kind="behaviour")
def test_failures_of_inner_news_surface_outside(impl: Implementation) -> None:
    """A publishes 2 when it gets 1; B raises on both; the inner publish must not raise."""
    agency, seen = impl.NewsAgency(), []
    errors = {1: ValueError("one"), 2: ValueError("two")}

    def a(news: Any) -> None:
        if news == 1:
            try:
                agency.publish(SPORT, 2)
            except BaseException as error:
                seen.append(error)

    def b(news: Any) -> None:
        raise errors[news]

    agency.subscribe(a, SPORT)
    agency.subscribe(b, SPORT)
    got = group_of(lambda: agency.publish(SPORT, 1), "publish(1), B raises on 1 and on 2")
    equal(seen, [], did="what the inner publish raised")
    ensure(
        got == [errors[1], errors[2]],
        did="the exceptions of the group",
        want="both, in order",
        got=got,
    )
    agency.subscribe(noting(seen, "w"), WEATHER)
    agency.publish(WEATHER, 0)
    equal(seen, [("w", 0)], did="the next news, on which nobody raises")
