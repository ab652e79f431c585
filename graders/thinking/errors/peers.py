"""Two right loaders in other styles, the standard library's own, and a library."""

import configparser
import contextlib
import importlib
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from os import PathLike, fspath
from pathlib import Path
from typing import Any, ClassVar

from contracts.thinking.errors import REQUIRED, Key, Kind, Opener

LINE = re.compile(
    r"[ \t]*(?:#.*|(?P<key>[A-Za-z_][A-Za-z0-9_.\-]*)[ \t]*=[ \t]*(?P<value>.*?)[ \t]*)?", re.DOTALL
)
NO_TEXT = re.compile("[\0\udc80-\udcff]")
NAMED = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")


def check(schema: Mapping[str, Key]) -> None:
    """Refuse a schema that cannot work."""
    wrong = [name for name, key in schema.items() if not isinstance(key, Key)]
    if wrong:
        raise TypeError(f"no Key: {wrong}")
    strange = [name for name in schema if NAMED.fullmatch(name) is None]
    if strange:
        raise ValueError(f"no key can be called {strange}")


def alike(one: str, other: str) -> bool:
    """At most one insertion, deletion or change apart, case aside."""
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    same = 0
    while same < len(short) and short[same] == long[same]:
        same += 1
    rest = short[same + (len(short) == len(long)) :]
    return len(long) - len(short) <= 1 and long[same + 1 :] == rest


def rebuilt(kind: type, values: tuple[Any, ...]) -> Any:
    """What a pickle calls."""
    return kind(*values)


class Dataclasses:
    """Errors as dataclasses with a `__reduce__`; the file is decoded in one piece, and a regex reads the lines."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    @dataclass(eq=False)
    class SettingsError(Exception):
        path: Path

        def __reduce__(self) -> Any:
            values = tuple(getattr(self, field.name) for field in fields(self))
            return rebuilt, (type(self), values), self.__dict__

        def __str__(self) -> str:
            return ", ".join(f"{field.name} {getattr(self, field.name)}" for field in fields(self))

    @dataclass(eq=False)
    class SettingsUnreadable(SettingsError):
        reason: str

    @dataclass(eq=False)
    class LineError(SettingsError):
        line: int | None
        key: str | None
        kind: Kind
        reason: str

    @dataclass(eq=False)
    class SettingsInvalid(SettingsError, ExceptionGroup[Exception]):
        faults: Sequence[Exception]

        def __new__(cls, path: Path, faults: Sequence[Exception]) -> Any:
            return ExceptionGroup.__new__(cls, f"{path} has faults", list(faults))

        def __str__(self) -> str:
            return f"{self.path} has {len(self.exceptions)} faults"

        def derive(self, faults: Sequence[Exception], /) -> Any:
            return type(self)(self.path, faults)

    @staticmethod
    def load_settings(  # noqa: C901, PLR0912 - all of it in one loop: another style
        path: str | PathLike[str], schema: Mapping[str, Key], opener: Opener | None = None
    ) -> dict[str, Any]:
        here = Path(path)
        check(schema)
        text = Dataclasses.read(here, opener)
        fault = partial(Dataclasses.LineError, here)
        faults: list[Exception] = []
        found: dict[str, Any] = dict.fromkeys(schema, REQUIRED)
        first: dict[str, int] = {}
        for number, line in enumerate(re.split("\r?\n", text), 1):
            match = LINE.fullmatch(line)
            if NO_TEXT.search(line):
                faults.append(fault(number, None, Kind.TEXT, "bad bytes"))
                continue
            if match is None:
                faults.append(fault(number, None, Kind.SYNTAX, "not `key = value`"))
                continue
            key, value = match["key"], match["value"]
            if key is None:
                continue
            if key not in found:
                like = [each for each in schema if alike(each, key)]
                faults.append(fault(number, key, Kind.UNKNOWN, f"unknown; like: {like}"))
            elif key in first:
                faults.append(fault(number, key, Kind.REPEATED, f"see line {first[key]}"))
            elif value[:1] == '"' and (value[-1] != '"' or len(value) < 2):
                first[key] = number
                faults.append(fault(number, key, Kind.SYNTAX, "open quote"))
            else:
                first[key] = number
                asked = schema[key]
                try:
                    found[key] = asked.parse(value[1:-1] if value[:1] == '"' else value)
                except ValueError as error:
                    told = "refused" if asked.secret else f"refused: {error}"
                    wrong = fault(number, key, Kind.VALUE, told)
                    if not asked.secret:
                        wrong.__cause__ = error
                    faults.append(wrong)
                except Exception as error:
                    error.add_note(f"({here}, line {number}, {key})")
                    raise
        for key, asked in schema.items():
            if key not in first:
                found[key] = asked.default
                if asked.default is REQUIRED:
                    faults.append(fault(None, key, Kind.MISSING, "missing"))
        if faults:
            raise Dataclasses.SettingsInvalid(here, faults)
        return found

    @staticmethod
    def read(path: Path, opener: Opener | None) -> str:
        """All of it; a bad byte becomes a lone surrogate, which no good one can."""
        try:
            with contextlib.ExitStack() as stack:
                file = stack.enter_context(opener(path) if opener else path.open("rb"))
                data = b"".join(iter(file.readline, b""))
        except OSError as error:
            raise Dataclasses.SettingsUnreadable(
                path, f"{type(error).__name__}: {error}"
            ) from error
        return data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")


class Streaming:
    """Lines are parsed while the file is open; a chain of rules answers with the fault or None; facts are in `args`."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class SettingsError(Exception):
        def __init__(self, path: Path) -> None:
            super().__init__(path)

        path = property(lambda self: self.args[0])

    class SettingsUnreadable(SettingsError):
        def __init__(self, path: Path, reason: str) -> None:
            Exception.__init__(self, path, reason)

        reason = property(lambda self: self.args[1])

    class LineError(SettingsError):
        def __init__(
            self, path: Path, line: int | None, key: str | None, kind: Kind, reason: str
        ) -> None:
            Exception.__init__(self, path, line, key, kind, reason)

        line = property(lambda self: self.args[1])
        key = property(lambda self: self.args[2])
        kind = property(lambda self: self.args[3])
        reason = property(lambda self: self.args[4])

        def __str__(self) -> str:
            return " ".join(map(str, self.args))

    class SettingsInvalid(ExceptionGroup[Exception], SettingsError):
        def __new__(cls, path: Path, faults: Sequence[Exception]) -> Any:
            return super().__new__(cls, str(path), tuple(faults))

        def __init__(self, path: Path, faults: Sequence[Exception]) -> None:
            Exception.__init__(self, path, faults)

        def derive(self, faults: Sequence[Exception], /) -> Any:
            return Streaming.SettingsInvalid(self.path, faults)

    @staticmethod
    def load_settings(  # noqa: C901 - one loop: another style
        path: str | PathLike[str], schema: Mapping[str, Key], opener: Opener | None = None
    ) -> dict[str, Any]:
        fspath(path)
        where = Path(path)
        check(schema)
        lines: dict[str, int] = {}
        values: dict[str, Any] = {}
        faults: list[Exception] = []
        with contextlib.closing(Streaming.raw_lines(where, opener)) as stream:
            for number, raw in enumerate(stream, start=1):
                entry = Streaming.entry(raw, schema, lines)
                if entry is None:
                    continue
                key, kind, text = entry
                if key is not None and kind is not Kind.UNKNOWN:
                    lines.setdefault(key, number)
                if kind is None and key is not None:
                    with Streaming.noted(where, number, key):
                        outcome = Streaming.parsed(schema[key], text)
                    if isinstance(outcome, Streaming.Refused):
                        kind, text = Kind.VALUE, "refused"
                        if not schema[key].secret:
                            text = f"refused, {outcome.error}"
                    else:
                        values[key] = outcome
                if kind is not None:
                    fault = Streaming.LineError(where, number, key, kind, text)
                    faults.append(fault)
                    if kind is Kind.VALUE and key is not None and not schema[key].secret:
                        fault.__cause__ = outcome.error
        faults += [
            Streaming.LineError(where, None, key, Kind.MISSING, "nobody gives it")
            for key, asked in schema.items()
            if asked.default is REQUIRED and key not in lines
        ]
        if faults:
            raise Streaming.SettingsInvalid(where, faults)
        return {key: values.get(key, asked.default) for key, asked in schema.items()}

    class Refused:
        """Not an exception, so that nothing can raise it by mistake."""

        def __init__(self, error: ValueError) -> None:
            self.error = error

    @staticmethod
    def parsed(asked: Key, text: str) -> Any:
        try:
            return asked.parse(text)
        except ValueError as error:
            return Streaming.Refused(error)

    @staticmethod
    @contextlib.contextmanager
    def noted(path: Path, number: int, key: str) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            error.add_note(f"{key} in line {number} of {path}")
            raise

    @staticmethod
    def raw_lines(path: Path, opener: Opener | None) -> Iterator[bytes]:
        try:
            with (opener or (lambda at: at.open("rb")))(path) as file:
                mark = b"\xef\xbb\xbf"
                for raw in file:
                    line = raw.removeprefix(mark)
                    mark = b"\0not twice"
                    yield (
                        line.removesuffix(b"\n").removesuffix(b"\r") if line[-1:] == b"\n" else line
                    )
        except OSError as error:
            raise Streaming.SettingsUnreadable(path, repr(error)) from error

    @staticmethod
    def entry(  # noqa: PLR0911 - a return for each rule
        raw: bytes, schema: Mapping[str, Key], lines: Mapping[str, int]
    ) -> tuple[str | None, Kind | None, str] | None:
        """Key, fault and text of a line: the text of the fault, or the value."""
        if b"\0" in raw or not Streaming.is_text(raw):
            return None, Kind.TEXT, "is no text"
        line = raw.decode().strip(" \t")
        if line[:1] in {"", "#"}:
            return None
        left, sign, right = line.partition("=")
        key, value = left.rstrip("\t "), right.lstrip("\t ")
        if not sign or not NAMED.fullmatch(key):
            return None, Kind.SYNTAX, "is no `key = value`"
        if key not in schema:
            near = next((known for known in schema if alike(known, key)), None)
            return key, Kind.UNKNOWN, f"perhaps {near}" if near else "nobody knows it"
        if key in lines:
            return key, Kind.REPEATED, f"given in line {lines[key]}"
        if not value.startswith('"'):
            return key, None, value
        if value == '"' or not value.endswith('"'):
            return key, Kind.SYNTAX, "is not closed"
        return key, None, value[1:-1]

    @staticmethod
    def is_text(raw: bytes) -> bool:
        try:
            raw.decode()
        except UnicodeDecodeError:
            return False
        return True


def by_library(read: Callable[[str, Any], Iterator[tuple[int, str | None, str | None]]]) -> Any:
    """load_settings around a library that cuts a text into (line, key, value); None for a key is a bad line."""

    def load_settings(
        path: str | PathLike[str], schema: Mapping[str, Key], opener: Opener | None = None
    ) -> dict[str, Any]:
        here = Path(path)
        check(schema)
        text = Dataclasses.read(here, opener)
        fault = partial(Dataclasses.LineError, here)
        faults: list[Exception] = []
        values: dict[str, Any] = {}
        for line, key, value in read(text, fault):
            if key is None or value is None:
                faults.append(fault(line, None, Kind.SYNTAX, "cannot be read"))
            elif key not in schema:
                near = [each for each in schema if alike(each, key)]
                faults.append(fault(line, key, Kind.UNKNOWN, f"unknown, like {near}"))
            else:
                try:
                    values[key] = schema[key].parse(value)
                except ValueError as error:
                    wrong = fault(
                        line, key, Kind.VALUE, "secret" if schema[key].secret else str(error)
                    )
                    wrong.__cause__ = None if schema[key].secret else error
                    faults.append(wrong)
                    values[key] = None
                except Exception as error:
                    error.add_note(f"{here}, line {line}, key {key}")
                    raise
        faults += [
            fault(None, key, Kind.MISSING, "missing")
            for key, asked in schema.items()
            if key not in values and asked.default is REQUIRED
        ]
        if faults:
            raise Dataclasses.SettingsInvalid(here, faults)
        return {key: values.get(key, asked.default) for key, asked in schema.items()}

    return load_settings


def cut_by_configparser(text: str, fault: Any) -> Iterator[tuple[int, str | None, str | None]]:
    """(line, key, value), the line number looked up afterwards: the library does not tell it."""
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string("[settings]\n" + text)
    except configparser.ParsingError as error:
        for line, _ in error.errors:
            yield line - 1, None, None
    except configparser.Error:
        yield 1, None, None
    lines: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        lines.setdefault(line.partition("=")[0].strip(), number)
    for key, value in parser["settings"].items() if parser.has_section("settings") else ():
        yield lines.get(key, 1), key, value


def cut_by_dotenv(text: str, fault: Any) -> Iterator[tuple[int, str | None, str | None]]:
    """(line, key, value) of each binding."""
    parser: Any = importlib.import_module("dotenv.parser")
    for binding in parser.parse_stream(io.StringIO(text, newline="")):
        if binding.error or binding.key is not None:
            yield binding.original.line, None if binding.error else binding.key, binding.value


class ConfigParser:
    """configparser.RawConfigParser with one section, a loader around it."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {
        "P2": "a line that is indented goes on with the value of the one before; all white space is a blank",
        "P3": "lines are cut and values stripped at more than line feeds; NUL is a character",
        "P4": "a repeated key replaces the first (or ends it all at once); an empty key ends it as well",
        "P5": "with a line that cannot be read the faults come in another order, and some not at all",
        "P6": "of a repeated key the last value is parsed",
        "P10": "so a repeated value is in the cause of a fault",
    }

    SettingsError = Dataclasses.SettingsError
    SettingsUnreadable = Dataclasses.SettingsUnreadable
    LineError = Dataclasses.LineError
    SettingsInvalid = Dataclasses.SettingsInvalid
    load_settings = staticmethod(by_library(cut_by_configparser))


class Dotenv:
    """python-dotenv's parser, a loader around it."""

    requires = ("dotenv",)
    fails: ClassVar[dict[str, str]] = {
        "P2": "` #` begins a comment in a value, quotes have escapes and may span lines, keys may be anything",
        "P3": "a lone carriage return ends a line, and a binding begins at the empty lines before it",
        "P4": "a repeated key is no fault; a key without `=` is a binding",
        "P6": "it does not say where a repeated key was first given",
        "P8": "line numbers count from the empty lines before a binding",
        "P10": "a repeated value is parsed, and is in the cause of a fault",
    }

    SettingsError = Dataclasses.SettingsError
    SettingsUnreadable = Dataclasses.SettingsUnreadable
    LineError = Dataclasses.LineError
    SettingsInvalid = Dataclasses.SettingsInvalid
    load_settings = staticmethod(by_library(cut_by_dotenv))
