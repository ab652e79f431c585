"""The salary does not get out: no text, no export, no copy, no error, no comparison."""

import contextlib
import copy
import dataclasses
import decimal
import io
import json
import logging
import operator
import pickle
import pprint
import re
import reprlib
import string
import traceback
import warnings
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from contracts.thinking.employee import AccessDenied
from graders.kit import Implementation, check, ensure, equal, raises
from graders.kit.expect import text_of

NOW = datetime(2030, 1, 1)  # noqa: DTZ001 - the clock is the grader's
FIRST, RAISE, SECOND = Decimal("73912.46"), Decimal("1357.91"), Decimal("75270.37")
SECRETS = {"the first salary": "73912", "the second salary": "75270", "the raise": "1357"}
GAP = r"[\s,._']*"


def hire(impl: Implementation, salary: Decimal = FIRST, name: str = "Ada", **more: Any) -> Any:
    """Somebody whom only the auditor may ask, raised once."""
    given = {"by": "HR", "clock": lambda: NOW, "may_see": lambda who: who == "auditor", **more}
    ada = impl.Employee(name, salary, **given)
    ada.raise_by(RAISE, by="HR")
    ada.pay(1, by="payroll")
    return ada


def shown(text: str) -> list[str]:
    """Which of the secrets a text shows; addresses are cut out, they may hold any digits."""
    text = re.sub(r"0x[0-9a-fA-F]+", "", text)
    return [name for name, digits in SECRETS.items() if re.search(GAP.join(digits), text)]


def hides(text: object, did: str) -> None:
    """The text shows no secret."""
    plain = text if isinstance(text, str) else repr(text)
    equal(shown(plain), [], did=did + ": what it shows")


def told_by(job: Callable[[], object]) -> str:
    """What a job answers as text, or the whole story of its exception."""
    try:
        value = job()
    except NotImplementedError:
        raise
    except Exception as error:
        return story_of(error)
    return value if isinstance(value, str) else repr(value)


def story_of(error: BaseException | None) -> str:
    """Text, arguments, notes and origin of an exception."""
    parts: list[str] = []
    while error is not None and len(parts) < 60:
        parts += [text_of(error), repr(error), repr(error.args), repr(vars(error))]
        parts += [*traceback.format_exception_only(error), *getattr(error, "__notes__", ())]
        error = error.__cause__ or error.__context__
    return "\n".join(parts)


TEXTS: dict[str, Callable[[Any], object]] = {
    "repr(ada)": repr,
    "str(ada)": str,
    "ascii(ada)": ascii,
    "format(ada)": format,
    "f'{ada!r:>60}'": lambda ada: f"{ada!r:>60}",
    "f'{ada!s}'": lambda ada: f"{ada!s}",
    "'%s %r' % ...": lambda ada: "%s %r" % (ada, ada),  # noqa: UP031 - it exists
    "format(ada, '>60')": lambda ada: format(ada, ">60"),
    "format(ada, ',.2f')": lambda ada: format(ada, ",.2f"),
    "'{0.name} {0}'.format(ada)": "{0.name} {0}".format,
    "Template": lambda ada: string.Template("$ada").substitute(ada=ada),
    "repr([ada])": lambda ada: repr([ada, {"ada": ada}]),
    "reprlib.repr(ada)": reprlib.repr,
    "pprint.pformat(ada)": pprint.pformat,
    "repr(ada.pay)": lambda ada: repr(ada.pay),
    "repr(ada.trail)": lambda ada: repr(ada.trail),
    "str(ada.trail[1])": lambda ada: str(ada.trail[1]),
    "dir(ada)": lambda ada: repr(dir(ada)),
    "doc": lambda ada: repr(ada.__doc__),
}


@check("P5", kind="behaviour")
def test_no_text_shows_the_salary(impl: Implementation) -> None:
    """Nineteen ways to make a text of an employee; repr and str hold the name."""
    ada = hire(impl)
    for function in (repr, str):
        did = f"{function.__name__}(ada)"
        ensure("Ada" in function(ada), did=did, want="a text with 'Ada'", got=function(ada))
    for name, make in TEXTS.items():
        hides(told_by(lambda m=make: m(ada)), name)


def _a_life(impl: Implementation) -> None:
    ada = hire(impl)
    ada.raise_percent(1, by="HR")
    ada.reveal("auditor")
    raises(AccessDenied, lambda: ada.reveal("Eve"), did="reveal('Eve')")
    raises(ValueError, lambda: ada.raise_by(-1, by="HR"), did="raise_by(-1)")


@check("P5", kind="behaviour")
def test_nothing_is_printed_logged_or_warned_of(impl: Implementation) -> None:
    """A whole life of an employee while standard output and error, every logger and warnings are watched."""
    out, records = io.StringIO(), list[str]()

    class Watch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(f"{record.getMessage()} {record.__dict__}")

    root, watch = logging.getLogger(), Watch(level=0)
    level = root.level
    root.addHandler(watch)
    root.setLevel(1)
    try:
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(out),
            warnings.catch_warnings(record=True) as caught,
        ):
            warnings.simplefilter("always")
            _a_life(impl)
    finally:
        root.removeHandler(watch)
        root.setLevel(level)
    hides(out.getvalue(), "hired, raised, paid, revealed: printed")
    hides("\n".join(records), "hired, raised, paid, revealed: logged")
    hides("\n".join(str(each.message) for each in caught), "hired, raised, paid: warned of")


def _plain(value: object) -> object:
    """What generic exporters do with what json does not know."""
    for job in (
        lambda: vars(value),
        lambda: dataclasses.asdict(value),  # type: ignore[call-overload]
        lambda: {name: getattr(value, name) for name in value.__slots__ if name[:1] != "_"},  # type: ignore[attr-defined]
    ):
        with contextlib.suppress(TypeError, AttributeError):
            return job()
    return str(value)


EXPORTS: dict[str, Callable[[Any], object]] = {
    "vars(ada)": vars,
    "ada.__dict__": lambda ada: ada.__dict__,
    "ada.__getstate__()": lambda ada: ada.__getstate__(),
    "ada.__reduce_ex__(2)": lambda ada: ada.__reduce_ex__(2),
    "ada.__reduce__()": lambda ada: ada.__reduce__(),
    "dataclasses.asdict(ada)": dataclasses.asdict,
    "dataclasses.astuple(ada)": dataclasses.astuple,
    "dataclasses.fields(ada)": lambda ada: [
        (field.name, getattr(ada, field.name)) for field in dataclasses.fields(ada)
    ],
    "json.dumps(ada)": json.dumps,
    "json.dumps(ada, default=str)": lambda ada: json.dumps(ada, default=str),
    "json.dumps(ada, default=vars)": lambda ada: json.dumps(ada, default=vars),
    "json.dumps(ada, default=<vars or asdict or str>)": lambda ada: json.dumps(ada, default=_plain),
    "dict(ada)": dict,
    "list(ada)": list,
    "ada._asdict()": lambda ada: ada._asdict(),
    "the trail as JSON": lambda ada: json.dumps(ada.trail, default=_plain),
    "dataclasses.asdict of the trail": lambda ada: [dataclasses.asdict(e) for e in ada.trail],
}


@check("P6", kind="behaviour")
def test_no_export_shows_the_salary(impl: Implementation) -> None:
    """vars, __dict__, __getstate__, __reduce_ex__, dataclasses, json with the usual defaults."""
    ada = hire(impl)
    for name, function in EXPORTS.items():
        hides(told_by(lambda f=function: f(ada)), name)


@check("P6", kind="behaviour")
def test_no_public_attribute_shows_the_salary(impl: Implementation) -> None:
    """Every attribute of an employee and of its class whose name has no underscore in front."""
    ada = hire(impl)
    public = [name for name in dir(ada) if not name.startswith("_")]
    for name in public:
        for owner, what in ((ada, "ada"), (type(ada), "Employee")):
            value = getattr(owner, name, None)
            hides(told_by(lambda v=value: repr(v)), f"{what}.{name}")
            hides(told_by(lambda v=value: repr(vars(v))), f"vars({what}.{name})")
    for name in ("salary", "get_salary", "amount", "cents", "_salary"):
        value = getattr(ada, name, None) if not name.startswith("_") else None
        hides(told_by(lambda v=value: v() if callable(v) else repr(v)), f"ada.{name}")


COPIES: dict[str, Callable[[Any], object]] = {
    "copy.copy(ada)": copy.copy,
    "copy.deepcopy(ada)": copy.deepcopy,
    "copy.deepcopy([ada])": lambda ada: copy.deepcopy([ada]),
    **{
        f"pickle.dumps(ada, {protocol})": lambda ada, p=protocol: pickle.dumps(ada, p)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "pickle.dumps({'staff': [ada]})": lambda ada: pickle.dumps({"staff": [ada]}),
}


@check("P7", "P13", kind="behaviour")
def test_copies_and_pickles_are_refused(impl: Implementation) -> None:
    """copy, deepcopy, pickle in every protocol; of an employee and of one of a subclass with attributes."""

    class Manager(impl.Employee):  # type: ignore[misc, name-defined]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.team = ["Bob"]

    globals()["Manager"] = Manager
    Manager.__module__, Manager.__qualname__ = __name__, "Manager"
    given: Any = {"by": "HR", "clock": lambda: NOW, "may_see": bool}
    for who in (hire(impl), Manager("Ada", FIRST, **given)):
        for name, function in COPIES.items():
            did = f"{name}, a {type(who).__name__}"
            error = raises(TypeError, lambda f=function, w=who: f(w), did=did)
            hides(story_of(error), did)
        replace = getattr(copy, "replace", None)  # since 3.13
        if replace is not None:
            raises(TypeError, lambda w=who, r=replace: r(w, name="Eve"), did="copy.replace(ada)")


def _errors(impl: Implementation, ada: Any) -> Iterable[tuple[str, Callable[[], object]]]:
    nan, low, high = Decimal("NaN"), Decimal(-1), Decimal("999999999999.99")
    yield "raise_by(NaN)", lambda: ada.raise_by(nan, by="HR")
    yield "raise_by(-1)", lambda: ada.raise_by(low, by="HR")
    yield "raise_by(1.5)", lambda: ada.raise_by(1.5, by="HR")
    yield "raise_by(999,999,999,999.99)", lambda: ada.raise_by(high, by="HR")
    yield "raise_by('x')", lambda: ada.raise_by("x", by="HR")
    yield "raise_by(1, by='')", lambda: ada.raise_by(1, by="")
    yield "raise_percent(-1)", lambda: ada.raise_percent(low, by="HR")
    yield "raise_percent(1001)", lambda: ada.raise_percent(1001, by="HR")
    yield "raise_percent(None)", lambda: ada.raise_percent(None, by="HR")
    yield "pay(0)", lambda: ada.pay(0, by="HR")
    yield "pay(13)", lambda: ada.pay(13, by="HR")
    yield "pay('1')", lambda: ada.pay("1", by="HR")
    yield "reveal('Eve')", lambda: ada.reveal("Eve")
    yield "reveal(None)", lambda: ada.reveal(None)
    yield "ada.name = 1", lambda: setattr(ada, "name", 1)
    yield "ada.trail = ()", lambda: setattr(ada, "trail", ())
    yield "ada.nothing", lambda: ada.nothing
    yield "ada()", ada


@check("P8", kind="behaviour")
def test_no_error_shows_the_salary(impl: Implementation) -> None:
    """Eighteen calls that are refused: text, arguments, attributes, notes, cause and context of the exception."""
    ada = hire(impl)
    for name, job in _errors(impl, ada):
        hides(story_of(raises(Exception, job, did=name)), name)
    rich = hire(impl, Decimal("999998739121.00"))
    error = raises(
        ValueError, lambda: rich.raise_by(2_000_000, by="HR"), did="a raise above 10 ** 12"
    )
    text = re.sub(r"0x[0-9a-fA-F]+", "", story_of(error))
    for what, digits in {"the salary": "999998740478", "the new one": "1000000740478"}.items():
        seen = re.search(GAP.join(digits), text)
        did = f"a raise above 10 ** 12: the text of the error shows {what}"
        ensure(seen is None, did=did, want="it does not", got=text_of(error))


@check("P8", "P12", kind="behaviour")
def test_errors_of_clock_and_may_see_pass_as_they_are(impl: Implementation) -> None:
    """The clock, then may_see, raise: that very exception, no salary in it or around it, nothing happened."""
    broken: list[BaseException] = []

    def clock() -> datetime:
        if broken:
            raise broken[0]
        return NOW

    def may_see(who: str) -> bool:
        if who == "Mallory":
            raise LookupError(who)
        return True

    ada = hire(impl, clock=clock, may_see=may_see)
    trail = ada.trail
    for error in (OSError("no time"), KeyboardInterrupt()):
        broken[:] = [error]
        for name, job in {
            "raise_by(1)": lambda: ada.raise_by(1, by="HR"),
            "raise_percent(1)": lambda: ada.raise_percent(1, by="HR"),
            "pay(1)": lambda: ada.pay(1, by="HR"),
            "reveal('auditor')": lambda: ada.reveal("auditor"),
            "hired": lambda: hire(impl, clock=clock),
        }.items():
            caught = raises(BaseException, job, did=f"{name}, clock raises")
            ensure(caught is error, did=f"{name}, clock raises", want=repr(error), got=caught)
            hides(story_of(caught), f"{name}, clock raises")
    broken.clear()
    caught = raises(LookupError, lambda: ada.reveal("Mallory"), did="reveal(), may_see raises")
    hides(story_of(caught), "reveal(), may_see raises")
    equal(ada.trail, trail, did="the trail after all this")
    equal(ada.reveal("auditor"), (FIRST, SECOND), did="all salaries after all this")


@check("P9", kind="behaviour")
def test_equality_and_hash(impl: Implementation) -> None:
    """Two of the same name and salary, one of another; each beside texts, numbers and itself."""
    ada, twin, rich = hire(impl), hire(impl), hire(impl, Decimal(90_000))
    before = hash(ada)
    for other in (twin, rich, "Ada", FIRST, SECOND, 75270, None, ("Ada", SECOND)):
        did = f"ada == {'another employee' if type(other) is type(ada) else repr(other)}"
        equal(ada == other, False, did=did)
        equal(other == ada, False, did=did + ", the other way round")
        equal(ada != other, True, did=did.replace("==", "!="))
    equal((ada == ada, ada != ada), (True, False), did="ada == ada, ada != ada")  # noqa: PLR0124
    equal(len({ada, twin, rich, ada}), 3, did="employees in a set of three of them")
    ada.raise_by(1, by="HR")
    equal(hash(ada), before, did="hash(ada) after a raise")


@check("P9", kind="behaviour")
def test_no_order_and_no_number(impl: Implementation) -> None:
    """Comparisons, arithmetic, conversions: TypeError each; the truth is True; match finds nothing by position."""
    ada, bob = hire(impl), hire(impl, Decimal(1))
    for name in ("lt", "le", "gt", "ge", "add", "sub", "mul", "truediv", "mod"):
        for other in (bob, 1, FIRST):
            function: Any = getattr(operator, name)
            raises(TypeError, lambda f=function, o=other: f(ada, o), did=f"operator.{name}(ada, …)")
            raises(TypeError, lambda f=function, o=other: f(o, ada), did=f"operator.{name}(…, ada)")
    numbers: list[Any] = [int, float, complex, Decimal, round, abs, operator.index, operator.neg]
    for function in (*numbers, len, iter, sum, sorted, operator.itemgetter(0)):
        raises(
            TypeError,
            lambda f=function: f(ada),
            did=f"{getattr(function, '__name__', 'item 0')}(ada)",
        )
    raises(TypeError, lambda: sorted([ada, bob]), did="sorted([ada, bob])")
    equal(bool(ada), True, did="bool(ada)")
    given: Any = {"by": "HR", "clock": lambda: NOW, "may_see": bool}
    for salary in (Decimal("0.01"), Decimal("0.50"), 1):
        poor = impl.Employee("Ada", salary, **given)
        equal(bool(poor), True, did=f"bool() of somebody hired for {salary}")
    equal(getattr(type(ada), "__match_args__", ()), (), did="what `case Employee(x)` would bind")


@check("P13", kind="behaviour")
def test_subclasses_keep_all_of_it(impl: Implementation) -> None:
    """A subclass with a constructor, attributes and a method of its own: texts, exports, amounts."""

    class Manager(impl.Employee):  # type: ignore[misc, name-defined]
        """Somebody with a team."""

        def __init__(self, name: str, salary: Decimal, team: list[str], **given: Any) -> None:
            super().__init__(name, salary, **given)
            self.team = team

        def pay(self, period: int, periods: int = 12, *, by: str) -> Any:
            return super().pay(period, periods, by=by) * 2

    ada = Manager(
        "Ada", FIRST, ["Bob"], by="HR", clock=lambda: NOW, may_see=lambda who: who == "auditor"
    )
    ada.raise_by(RAISE, by="HR")
    equal(ada.team, ["Bob"], did="the subclass's own attribute")
    equal(ada.pay(1, 1, by="HR"), SECOND * 2, did="the subclass's own pay()")
    equal(ada.reveal("auditor"), (FIRST, SECOND), did="reveal() of a subclass")
    for name, function in (TEXTS | EXPORTS).items():
        hides(told_by(lambda f=function: f(ada)), f"{name}, of a subclass")
    equal(
        ada == Manager("Ada", FIRST, [], by="HR", clock=lambda: NOW, may_see=bool), False, did="=="
    )


@check("P13", "P12", kind="behaviour")
def test_nothing_can_be_assigned(impl: Implementation) -> None:
    """Name and trail cannot be assigned; assigning `salary` changes nothing."""
    ada = hire(impl)
    trail = ada.trail
    for name, value in (("name", "Eve"), ("trail", ())):
        raises(
            AttributeError,
            lambda n=name, v=value: setattr(ada, n, v),
            did=f"ada.{name} = {value!r}",
        )
    with contextlib.suppress(AttributeError):
        ada.salary = Decimal(1)
    equal((ada.name, ada.trail), ("Ada", trail), did="name and trail after that")
    equal(ada.reveal("auditor"), (FIRST, SECOND), did="all salaries after ada.salary = 1")
    equal(ada.pay(1, 1, by="HR"), SECOND, did="pay(1, 1) after ada.salary = 1")
    with decimal.localcontext() as context:
        context.prec = 1
        equal(ada.pay(1, 1, by="HR"), SECOND, did="pay(1, 1) in a context of one digit")
