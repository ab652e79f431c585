"""Loaders that are almost right: one wrong idea each, and the promise it breaks."""

import difflib
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from contracts.thinking.errors import REQUIRED, Key, Kind, Opener
from solutions.thinking import errors as reference
from solutions.thinking.errors import LineError, SettingsInvalid, SettingsUnreadable


class Load(reference._Load):
    """The reference's load, with its classes to be exchanged."""

    line_error: Any = LineError
    invalid: Any = SettingsInvalid

    def _fault(self, line: int | None, key: str | None, kind: Kind, reason: str) -> LineError:
        fault: LineError = self.line_error(self._path, line, key, kind, reason)
        self._faults.append(fault)
        return fault

    def settings(self) -> dict[str, Any]:
        try:
            return super().settings()
        except SettingsInvalid as error:
            group = self.invalid(error.path, error.exceptions)
        raise group


def loader(
    load: Any = Load,
    *,
    read: Callable[[Path, Opener | None], bytes] = reference._read,
    lines: Callable[[bytes], Sequence[bytes]] = reference._lines,
    check: Callable[[Any], None] = reference._check,
) -> Any:
    """load_settings out of parts, one of them wrong."""

    def load_settings(path: Any, schema: Mapping[str, Key], opener: Opener | None = None) -> Any:
        path = Path(path)
        check(schema)
        state = load(path, schema)
        for number, line in enumerate(lines(read(path, opener)), start=1):
            state.take(number, line)
        return state.settings()

    return staticmethod(load_settings)


class NoneIsNothing:
    """A parser that returns None, or something else that is false, has returned the default."""

    breaks = "P1"

    class Load(Load):
        def settings(self) -> dict[str, Any]:
            found = super().settings()
            return {
                name: key.default
                if not found[name] and key.default is not REQUIRED
                else found[name]
                for name, key in self._schema.items()
            }

    load_settings = loader(Load)


class InlineComments:
    """What follows a blank and `#` is cut off the value, as theskumar/python-dotenv does."""

    breaks = "P2"

    class Load(Load):
        def _assign(self, number: int, name: str, value: str) -> None:
            plain = value if value.startswith('"') else re.split(r"[ \t]#", value)[0].rstrip()
            super()._assign(number, name, plain)

    load_settings = loader(Load)


class StripsEverything:
    """`strip()` without an argument: a no-break space, a form feed is a blank."""

    breaks = "P2"

    class Load(Load):
        def _assign(self, number: int, name: str, value: str) -> None:
            super()._assign(number, name, value.strip())

    load_settings = loader(Load)


class SplitLines:
    """str.splitlines: form feeds and U+2028 end a line. As squid-protocol/gitgalaxy issue 1954."""

    breaks = "P3"

    load_settings = loader(
        lines=lambda data: [
            line.encode("utf-8", "surrogateescape")
            for line in data.decode("utf-8-sig", "surrogateescape").splitlines()
        ]
    )


class ByteOrderMarkStays:
    """Decodes as utf-8: the first key begins with U+FEFF. As theskumar/python-dotenv issue 637."""

    breaks = "P3"

    load_settings = loader(lines=lambda data: data.replace(b"\r\n", b"\n").split(b"\n"))


class OneAtATime:
    """The first fault ends the load: a restart for each mistake."""

    breaks = "P4"

    class Load(Load):
        def take(self, number: int, line: bytes) -> None:
            super().take(number, line)
            if self._faults:
                raise self.invalid(self._path, self._faults)

    load_settings = loader(Load)


class MissingOnlyWhenTheRestIsFine:
    """Missing keys are looked for only if no line is at fault."""

    breaks = "P4"

    class Load(Load):
        def settings(self) -> dict[str, Any]:
            if self._faults:
                raise SettingsInvalid(self._path, self._faults)
            return super().settings()

    load_settings = loader(Load)


class BadIsMissing:
    """A key whose value was refused is reported a second time, as missing, and may be given again."""

    breaks = "P4"

    class Load(Load):
        def _assign(self, number: int, name: str, value: str) -> None:
            super()._assign(number, name, value)
            if name not in self._values:
                del self._given[name]

    load_settings = loader(Load)


class KeyOnlyInAttributes:
    """The text of a fault is its reason and its place; the key has to be guessed."""

    breaks = "P5"

    class LineError(LineError):
        def __str__(self) -> str:
            return f"{self.path}:{self.line}: {self.reason}"

    class Load(Load):
        def _fault(self, line: int | None, key: str | None, kind: Kind, reason: str) -> Any:
            fault = KeyOnlyInAttributes.LineError(self._path, line, key, kind, reason)
            self._faults.append(fault)
            return fault

    load_settings = loader(Load)


class CaseBlindHints:
    """difflib as it comes: PORT is like port in no letter."""

    breaks = "P6"

    class Load(Load):
        def _hint(self, name: str) -> str:
            near = difflib.get_close_matches(name, self._schema, 1)
            return f": did you mean {near[0]}?" if near else ""

    load_settings = loader(Load)


class MostAlike:
    """difflib's best match, blind to case: a key that shares more letters hides the one with a slip of the hand."""

    breaks = "P6"

    class Load(Load):
        def _hint(self, name: str) -> str:
            known = {each.lower(): each for each in self._schema}
            best = difflib.get_close_matches(name.lower(), known, n=1)
            return f": did you mean {known[best[0]]}?" if best else ""

    load_settings = loader(Load)


class FirstArgument:
    """Shows the first argument of the parser's error instead of its text: of a UnicodeError, the codec."""

    breaks = "P6"

    class Load(Load):
        def _fault(self, line: int | None, key: str | None, kind: Kind, reason: str) -> LineError:
            error = sys.exception()
            if error is not None and error.args and reason.endswith(str(error)):
                reason = f"bad value: {error.args[0]}"
            return super()._fault(line, key, kind, reason)

    load_settings = loader(Load)


class ContextIsEnough:
    """`raise LineError(...)` inside `except`, without `from`: a context, no cause."""

    breaks = "P7"

    class Load(Load):
        def _assign(self, number: int, name: str, value: str) -> None:
            before = len(self._faults)
            super()._assign(number, name, value)
            for fault in self._faults[before:]:
                fault.__context__, fault.__cause__ = fault.__cause__, None
                fault.__suppress_context__ = False

    load_settings = loader(Load)


class DuringHandlingOfTheAbove:
    """The group is raised inside an `except`: every report begins with another error."""

    breaks = "P7"

    class Load(Load):
        def settings(self) -> dict[str, Any]:
            try:
                for name, key in self._schema.items():
                    if key.default is REQUIRED:
                        self._given[name]
                return super().settings()
            except KeyError:
                return super().settings()

    load_settings = loader(Load)


class CatchesEverything:
    """Every Exception of a parser is a bad value. As ufal/neuralmonkey issue 12."""

    breaks = "P8"

    class Load(Load):
        def _assign(self, number: int, name: str, value: str) -> None:
            try:
                super()._assign(number, name, value)
            except Exception as error:
                self._fault(number, name, Kind.VALUE, f"bad value: {error}").__cause__ = error

    load_settings = loader(Load)


class FaultsInFinally:
    """Faults are raised in a `finally`: with one of them in the file, Ctrl-C is lost."""

    breaks = "P8"

    @staticmethod
    def load_settings(path: Any, schema: Mapping[str, Key], opener: Opener | None = None) -> Any:
        path = Path(path)
        reference._check(schema)
        load = Load(path, schema)
        data = reference._read(path, opener)
        try:
            for number, line in enumerate(reference._lines(data), start=1):
                load.take(number, line)
        finally:
            if load._faults:
                load.settings()
        return load.settings()


class ParsedInAGenerator:
    """Parsers run inside a generator, where StopIteration becomes a RuntimeError."""

    breaks = "P8"

    @staticmethod
    def load_settings(path: Any, schema: Mapping[str, Key], opener: Opener | None = None) -> Any:
        path = Path(path)
        reference._check(schema)
        load = Load(path, schema)
        data = reference._read(path, opener)

        def taken() -> Iterator[None]:
            for number, line in enumerate(reference._lines(data), start=1):
                yield load.take(number, line)

        for _ in taken():
            pass
        return load.settings()


class BugsFromNone:
    """`raise error from None` where a bare `raise` would do: what the parser was handling is hidden."""

    breaks = "P8"

    class Load(Load):
        def _assign(self, number: int, name: str, value: str) -> None:
            try:
                super()._assign(number, name, value)
            except Exception as error:
                raise error from error.__cause__

    load_settings = loader(Load)


class OwnErrorsAreTakenApart:
    """`except LineError` around the parser too: what an included file raised is this file's fault."""

    breaks = "P8"

    class Load(Load):
        def _assign(self, number: int, name: str, value: str) -> None:
            try:
                super()._assign(number, name, value)
            except LineError as fault:
                self._faults.append(fault)
            except SettingsInvalid as group:
                self._faults.extend(group.exceptions)  # type: ignore[arg-type]

    load_settings = loader(Load)


class ParserInsideTheTry:
    """One `try` around reading and parsing: a missing certificate is a settings file that cannot be read."""

    breaks = "P9"

    @staticmethod
    def load_settings(path: Any, schema: Mapping[str, Key], opener: Opener | None = None) -> Any:
        reference._check(schema)
        load = Load(Path(path), schema)
        try:
            for number, line in enumerate(reference._lines(reference._read(Path(path), opener)), 1):
                load.take(number, line)
        except OSError as error:
            raise SettingsUnreadable(Path(path), str(error)) from error
        return load.settings()


def leaky(path: Path, opener: Opener | None) -> bytes:
    """Close only after a good read."""
    try:
        file = opener(path) if opener else path.open("rb")
        data = file.read()
        file.close()
    except OSError as error:
        raise SettingsUnreadable(path, str(error)) from error
    return data


class LeftOpen:
    """The file is closed only if reading it went well."""

    breaks = "P9"

    load_settings = loader(read=leaky)


class FromNone:
    """`raise … from None` for a secret: the cause is hidden, but still hangs on `__context__`."""

    breaks = "P10"

    class Load(Load):
        def _assign(self, number: int, name: str, value: str) -> None:
            parse = self._schema[name].parse

            def watched(text: str) -> Any:
                try:
                    return parse(text)
                except ValueError as error:
                    seen.append(error)
                    raise

            seen: list[ValueError] = []
            schema, before = self._schema, len(self._faults)
            key = schema[name]
            self._schema = {**schema, name: Key(watched, key.default, key.secret)}
            super()._assign(number, name, value)
            self._schema = schema
            if seen and key.secret:
                self._faults[before].__context__ = seen[0]
                self._faults[before].__suppress_context__ = True

    load_settings = loader(Load)


class BytesInTheCause:
    """The cause of a TEXT fault is the UnicodeDecodeError, which carries the bytes of the line."""

    breaks = "P10"

    class Load(Load):
        def take(self, number: int, line: bytes) -> None:
            super().take(number, line)
            try:
                line.decode()
            except UnicodeDecodeError as error:
                self._faults[-1].__context__ = error
                self._faults[-1].__suppress_context__ = True

    load_settings = loader(Load)


class QuotesTheLine:
    """A line that is not understood is quoted, as pydantic/pydantic-settings issue 937 shows the input."""

    breaks = "P10"

    class Load(Load):
        def _entry(self, number: int, text: str) -> None:
            before = len(self._faults)
            super()._entry(number, text)
            for fault in self._faults[before:]:
                if fault.kind is Kind.SYNTAX and fault.key is None:
                    self._faults[before] = LineError(
                        self._path, number, None, Kind.SYNTAX, f"cannot read {text!r}"
                    )

    load_settings = loader(Load)


class NoDerive:
    """A subclass of ExceptionGroup without `derive`: the halves are plain. As python-trio/flake8-async pull 448."""

    breaks = "P11"

    class SettingsInvalid(SettingsInvalid):
        def derive(self, faults: Sequence[Exception], /) -> Any:
            return ExceptionGroup(self.message, faults)

    class Load(Load):
        def settings(self) -> dict[str, Any]:
            self.invalid = NoDerive.SettingsInvalid
            return super().settings()

    load_settings = loader(Load)


class NotPickled:
    """`super().__init__(message)`: it pickles, and does not unpickle. As python/cpython issue 98873."""

    breaks = "P11"

    class LineError(LineError):
        def __init__(
            self, path: Path, line: int | None, key: str | None, kind: Kind, reason: str
        ) -> None:
            super().__init__(path, line, key, kind, reason)
            self.args = (f"{path}:{line}: {reason}",)

    class Load(Load):
        def _fault(self, line: int | None, key: str | None, kind: Kind, reason: str) -> Any:
            fault = NotPickled.LineError(self._path, line, key, kind, reason)
            self._faults.append(fault)
            return fault

    load_settings = loader(Load)


class ForgetsKeywords:
    """Lets BaseException keep the arguments: by keyword it keeps none. As encode/httpx pull 3207."""

    breaks = "P11"

    class SettingsUnreadable(SettingsUnreadable):
        def __init__(self, path: Path, reason: str) -> None:
            args = self.args
            super().__init__(path, reason)
            self.args = args


class CopiesTheFields:
    """`__copy__` makes a new fault of its fields, and forgets the notes."""

    breaks = "P11"

    class LineError(LineError):
        def __copy__(self) -> Any:
            return type(self)(self.path, self.line, self.key, self.kind, self.reason)

    class Load(Load):
        def _fault(self, line: int | None, key: str | None, kind: Kind, reason: str) -> Any:
            fault = CopiesTheFields.LineError(self._path, line, key, kind, reason)
            self._faults.append(fault)
            return fault

    load_settings = loader(Load)


class CurrentFile:
    """The file that is being loaded is a global, for the texts of errors."""

    breaks = "P12"

    class Load(Load):
        current: Any = None

        def __init__(self, path: Path, schema: Mapping[str, Key]) -> None:
            super().__init__(path, schema)
            type(self).current = path

        def _fault(self, line: int | None, key: str | None, kind: Kind, reason: str) -> LineError:
            fault = LineError(type(self).current, line, key, kind, reason)
            self._faults.append(fault)
            return fault

    load_settings = loader(Load)


LOCK = threading.RLock()


class OneLockForAll:
    """A lock around the whole load: a slow parser holds up everybody."""

    breaks = "P12"

    @staticmethod
    def load_settings(path: Any, schema: Mapping[str, Key], opener: Opener | None = None) -> Any:
        with LOCK:
            return reference.load_settings(path, schema, opener)


class ChecksTooLate:
    """A wrong schema is found out when the file is open, or never."""

    breaks = "P13"

    load_settings = loader(check=lambda schema: None)


class ChecksEachSchemaOnce:
    """Remembers which schemas were fine; that one has got a key since then is not seen."""

    breaks = "P12"

    known: ClassVar[dict[int, Any]] = {}

    @staticmethod
    def _check(schema: Any) -> None:
        if id(schema) not in ChecksEachSchemaOnce.known:
            reference._check(schema)
            ChecksEachSchemaOnce.known[id(schema)] = schema

    load_settings = loader(check=_check)


class LooksWhetherItWasReported:
    """Goes through all faults for each unknown key, to say whether it was there before."""

    breaks = "P14"

    class Load(Load):
        def _hint(self, name: str) -> str:
            again = any(fault.key == name for fault in self._faults)
            return super()._hint(name) + (" (again)" if again else "")

    load_settings = loader(Load)


class ScansTheFaults:
    """Whether a line has its fault already is looked up in the list of faults."""

    breaks = "P14"

    class Load(Load):
        def _fault(self, line: int | None, key: str | None, kind: Kind, reason: str) -> LineError:
            for fault in self._faults:
                if fault.line == line and fault.key == key:
                    return fault
            return super()._fault(line, key, kind, reason)

    load_settings = loader(Load)
