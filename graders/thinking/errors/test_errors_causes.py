"""What parsers raise: what is a fault, what passes, and what nobody may read."""

import asyncio
import decimal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.thinking.errors import Key, Kind
from graders.kit import Implementation, caught, check, ensure, equal, raises
from graders.thinking.errors.given import opening, raising

PATH = "etc/app.conf"


def invalid(impl: Implementation, text: str | bytes, schema: Mapping[str, Key]) -> Any:
    """The SettingsInvalid of a file with this text."""
    return raises(
        impl.SettingsInvalid,
        lambda: impl.load_settings(PATH, schema, opening(text)),
        did=f"loaded {text!r}",
    )


class Unhappy(ValueError):
    """A ValueError of somebody's own."""


@check("P7", kind="behaviour")
def test_the_cause_is_the_parsers_own_error(impl: Implementation) -> None:
    """ValueErrors of four types, one of them with a cause and a note of its own, one with two arguments."""
    inner = KeyError("inner")
    errors: list[ValueError] = [ValueError("one"), Unhappy("two", 2), UnicodeError("three")]
    errors.append(UnicodeDecodeError("ascii", b"\xff", 0, 1, "four"))

    def chained(_: str) -> Any:
        errors[0].add_note("a note of the parser's")
        raise errors[0] from inner

    schema = {f"key{n}": Key(raising(error)) for n, error in enumerate(errors)}
    schema["key0"] = Key(chained)
    group = invalid(impl, "".join(f"{name} = x\n" for name in schema), schema)
    equal([each.key for each in group.exceptions], list(schema), did="keys of the faults")
    for fault, error in zip(group.exceptions, errors, strict=True):
        ensure(
            fault.__cause__ is error and fault.__suppress_context__ is True,
            did=f"cause of the fault of {fault.key}, whose parser raised {error!r}",
            want="that very object",
            got=fault.__cause__,
        )
        trace = error.__traceback__
        names = []
        while trace is not None:
            names.append(trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        ensure(
            bool(names) and names[-1] in {"parse", "chained"},
            did=f"traceback of {error!r}",
            want="it ends in the parser",
            got=names,
        )
    ensure(errors[0].__cause__ is inner, did="the cause of that cause", want="as it was")
    notes = [getattr(error, "__notes__", []) for error in errors]
    equal(notes, [["a note of the parser's"], [], [], []], did="notes of the parsers' errors")


class Curt(ValueError):
    """Its text is not its argument."""

    def __str__(self) -> str:
        return "out of every range"


@check("P6", kind="contract")
def test_a_reason_holds_the_text_of_the_parsers_error(impl: Implementation) -> None:
    """ValueErrors whose text is not their repr, nor their first argument."""
    for error in (
        ValueError('it\'s "é" \\ no'),
        ValueError("one", 2),
        Curt(417),
        UnicodeEncodeError("ascii", "é", 0, 1, "no"),
    ):
        [fault] = invalid(impl, "colour = x", {"colour": Key(raising(error))}).exceptions
        ensure(
            str(error) in fault.reason,
            did=f"the reason when the parser had raised {error!r}",
            want=f"it holds {str(error)!r}",
            got=fault.reason,
        )


@check("P7", kind="behaviour")
def test_other_faults_have_no_cause(impl: Implementation) -> None:
    """Faults of every kind but VALUE, one VALUE among them; the load is called outside any `except`."""
    schema = {"a": Key(int), "b": Key(int, 0), "secret": Key(int, secret=True)}
    text = 'b = x\nb = 2\nwhat = 1\nnonsense\n\0\nb = 3\nsecret = x\nwhat = "\n'
    group = invalid(impl, text, schema)
    for error in (group, *group.exceptions):
        if getattr(error, "kind", None) is Kind.VALUE and error.key == "b":
            continue
        shown = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        ensure(
            shown is None,
            did=f"what Python would show above {error!r}",
            want="no cause and no context",
            got=shown,
        )


def passing(impl: Implementation) -> Iterator[BaseException]:
    """What is no ValueError, or is an error of this very topic."""
    yield from (
        KeyError("k"),
        TypeError("t"),
        AttributeError("a"),
        OSError(2, "gone", "other.conf"),
    )
    yield from (PermissionError(13, "no"), RuntimeError("r"), RecursionError("deep"), MemoryError())
    yield from (
        decimal.InvalidOperation("d"),
        ZeroDivisionError(),
        LookupError(),
        AssertionError("x"),
    )
    yield from (StopIteration("s"), StopAsyncIteration(), EOFError(), Exception("e"), Warning("w"))
    yield ExceptionGroup("group", [ValueError("inside")])
    fault = impl.LineError(Path("other.conf"), 417, "inner", Kind.VALUE, "bad")
    yield fault
    yield impl.SettingsInvalid(Path("other.conf"), [fault])
    yield impl.SettingsUnreadable(Path("other.conf"), "gone")
    yield impl.SettingsError(Path("other.conf"))
    yield from (KeyboardInterrupt(), SystemExit(3), GeneratorExit(), asyncio.CancelledError())
    yield BaseExceptionGroup("interrupts", [KeyboardInterrupt(), ValueError()])


@check("P8", kind="behaviour")
def test_everything_else_passes(impl: Implementation) -> None:
    """A parser raises one of thirty exceptions; lines before it are at fault, a parser after it notes its call."""
    caught(lambda: impl.load_settings(PATH, {}, opening("")))
    for error in passing(impl):
        calls: list[str] = []
        schema = {"bad": Key(int), "port": Key(raising(error)), "later": Key(calls.append)}
        text = "bad = x\nnonsense\nport = 1\nlater = 2\nlater = 3\n"
        got = caught(
            lambda schema=schema, text=text: impl.load_settings(PATH, schema, opening(text))
        )
        ensure(
            got is error,
            did=f"a parser raised {error!r}",
            want="load_settings raises that very object",
            got=got,
        )
        equal(calls, [], did=f"calls of a later parser after {error!r}")
        ensure(
            error.__cause__ is None, did="its cause", want="none, as before", got=error.__cause__
        )
        ensure(
            error.__context__ is None,
            did="its context",
            want="none, as before",
            got=error.__context__,
        )


@check("P8", kind="behaviour")
def test_a_note_tells_where(impl: Implementation) -> None:
    """Exceptions with and without a note, raised by the parser of line 417 from another one or while handling it."""
    inner = OSError("inner")
    plain, noted = TypeError("no note yet"), KeyError("noted")
    noted.add_note("first")
    for error in (plain, noted):

        def parse(_: str, error: Exception = error) -> Any:
            try:
                raise inner
            except OSError:
                if error is noted:
                    raise error from inner
                raise error  # noqa: B904 - its context is what this is about

        before = list(getattr(error, "__notes__", []))
        schema = {"log.level": Key(parse)}
        got = caught(
            lambda s=schema: impl.load_settings(PATH, s, opening("\n" * 416 + "log.level = x"))
        )
        ensure(got is error, did=f"a parser raised {error!r}", want="that very object", got=got)
        want = (inner if error is noted else None, inner, error is noted)
        links = (error.__cause__, error.__context__, error.__suppress_context__)
        ensure(
            all(a is b for a, b in zip(links, want, strict=True)),
            did=f"__cause__, __context__ and __suppress_context__ of {error!r}",
            want=f"as the parser has left them: {want}",
            got=links,
        )
        notes = list(getattr(error, "__notes__", []))
        equal(notes[:-1], before, did="its notes but the last")
        for part in (str(Path(PATH)), "417", "log.level"):
            ensure(
                part in notes[-1],
                did=f"the note on {error!r}",
                want=f"it names {part}",
                got=notes[-1],
            )


def everything(error: BaseException, seen: set[int] | None = None) -> Iterator[str]:
    """All that can be read of an exception without looking at the frames of its traceback."""
    seen = set() if seen is None else seen
    if id(error) in seen:
        return
    seen.add(id(error))
    yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
    yield from (repr(value) for name in dir(type(error)) if (value := _attribute(error, name)))
    for other in (error.__cause__, error.__context__, *vars(error).values(), *error.args):
        if isinstance(other, BaseException):
            yield from everything(other, seen)
    for other in getattr(error, "exceptions", ()):
        yield from everything(other, seen)


def _attribute(error: BaseException, name: str) -> object:
    value = None if name.startswith("__") else getattr(error, name, None)
    return None if callable(value) else value


def unread(error: BaseException, words: Mapping[str, str]) -> None:
    """None of the words, each with what it was, can be read in an error."""
    text = "\n".join(everything(error))
    for word, what in words.items():
        ensure(
            word not in text,
            did=f"looked for {what} in {type(error).__name__}, its faults and all that hangs on them",
            want="it is not there",
            got=next((line for line in text.splitlines() if word in line), ""),
        )


@check("P10", kind="behaviour")
def test_secrets_are_told_to_nobody(impl: Implementation) -> None:
    """Bad values of secret keys, in the parser's text; repeated, unclosed; and one that is not secret."""

    def parse(value: str) -> Any:
        try:
            return int(value)
        except ValueError as error:
            error.add_note(f"got {value}")
            raise Unhappy(f"not this: {value}", value) from error

    schema = {name: Key(parse, secret=True) for name in ("pin", "token", "password")}
    schema["size"] = Key(parse)
    text = 'pin = Ωhunter1Ж\ntoken = "Ωhunter2Ж"\npassword = "Ωhunter3Ж\npin = Ωhunter4Ж\n'
    group = invalid(impl, f"{text}size = visible5\n", schema)
    secrets = {f"hunter{n}": "the value of a secret key" for n in range(1, 5)}
    secrets |= {"Ω": "the first character of one", "Ж": "the last character of one"}
    unread(group, secrets)
    text = "\n".join(everything(group))
    ensure(
        "visible5" in text,
        did="looked for the value of `size`, which is not secret",
        want="it is there",
    )
    kinds = [(each.key, each.kind) for each in group.exceptions]
    want = [("pin", Kind.VALUE), ("token", Kind.VALUE)]
    equal(kinds[:2], want, did="the first two faults of the secret keys")
    for fault in group.exceptions[:2]:
        equal(fault.__cause__, None, did="cause of a secret's fault")


@check("P10", kind="behaviour")
def test_lines_that_are_not_understood_are_not_quoted(impl: Implementation) -> None:
    """A misspelt secret; others without `=`, with a bad byte, a NUL, a strange key; values unclosed, repeated."""
    schema = {"password": Key(str, "", secret=True), "size": Key(int, 0)}
    data = (
        b"pasword = hunter1\npassword hunter2\npassword = hunter3\xff\npassword = hunter4\x00\n"
        b'pass word = hunter5\npassword: hunter6\nsize = "hunter7\nsize = hunter8\n# \xe9hunter9\n'
    )
    words = {f"hunter{n}": f"the value in line {n}" for n in range(1, 10)}
    unread(invalid(impl, data, schema), words)


@check("P8", "P10", kind="behaviour")
def test_notes_show_no_value(impl: Implementation) -> None:
    """The parser of a secret and the one of another key raise TypeErrors that do not hold the value."""
    for secret in (True, False):
        error = TypeError("a bug")
        schema = {"password": Key(raising(error), secret=secret)}
        got = caught(lambda s=schema: impl.load_settings(PATH, s, opening("password = hunter1\n")))
        ensure(got is error, did="a parser raised a TypeError", want="that very object", got=got)
        unread(error, {"hunter1": "the value"})
