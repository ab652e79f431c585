r"""Errors: load a settings file, and tell whoever wrote it everything that is wrong with it at once.

Seen in production in every service that starts: `configparser`, python-dotenv, dynaconf, pydantic's
settings. Reading `key = value` is ten lines. What costs a night is the tenth restart for the tenth
mistake, the stack trace without a line number, the parser's bug that was reported as the user's, the
Ctrl-C that was swallowed, and the password that an error has carried into the logs.

The format, decided here because real ones disagree:

* A file is UTF-8. One byte order mark at its very beginning is skipped. A line ends with a line
  feed, or with a carriage return directly before one, and with nothing else: a form feed, U+0085,
  U+2028 or a carriage return elsewhere is a character like any other. The last line needs no end.
* Blanks are the space and the tab, nothing else. They do not count around a line, a key or a value.
* A line without anything else is skipped, and so is a comment: its first other character is `#`.
  Anywhere else `#` is an ordinary character, and so are `;`, `'`, `\` and `[`: there are no
  sections, no escapes, and a value never goes on in the next line.
* Every other line is `key = value`, cut at the first `=`. A key begins with an ASCII letter or `_`
  and goes on with ASCII letters, digits, `_`, `.` and `-`. Case matters.
* A value may be empty. One that begins with `"` has to end with another `"`, and what is between
  them is the value, as it is: blanks, `#` and further `"` included.

What is wrong with a line is one fault, the first that applies:

1. TEXT: its bytes are not UTF-8, or hold a NUL character; in a comment, too.
2. SYNTAX without a key: there is no `=`, or what is before it is no key.
3. UNKNOWN: the schema does not have the key.
4. REPEATED: an earlier line of the file has the key, whatever was wrong with that line's value.
   This line's value is not parsed.
5. SYNTAX with a key: the value begins with `"` and does not end with another.
6. VALUE: the parser has raised a ValueError (or an instance of a subclass, like UnicodeError).

After these come the faults without a line: MISSING, for a key without a default that no line gives.
A line of fault 5 or 6 gives its key; one of fault 1 or 2 gives none.

Only ValueError says "this value is bad". KeyError, TypeError or `decimal.InvalidOperation` from a
parser is a bug of the program, not a fault of the file, and whoever wants it otherwise catches it in
the parser. OSError from a parser (the value was the path of another file, say) is none of the
settings file, and the errors below from a parser (it has loaded another file) are not taken apart.

Left open: when the file is closed, as long as it is before the load returns or raises; whether all
of it is read before the first parser is called; whether the errors have attributes besides those
named here; what a copy or a pickle keeps of causes and tracebacks; what the local variables of a
traceback's frames hold (tools that write those down have to be told to leave them out); what comes
of a file that cannot be closed after reading it or a parser has raised something else; whether an
exception that the caller is handling during the load becomes a context.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, Protocol

TITLE: Final = "Errors"
LEVEL: Final = "medium"
MINUTES: Final = 60
IMPLEMENT: Final = (
    "SettingsError",
    "SettingsUnreadable",
    "LineError",
    "SettingsInvalid",
    "load_settings",
)
PROMISES: Final = {
    "P1": "A file without faults gives a new dict with exactly the keys of the schema, in the order"
    " of the schema: what the parser has made of the value, or the default, that very object; each"
    " parser is called once with the value as a str, in the order of the lines, in the caller's"
    " thread, and not at all for a default.",
    "P2": "Blanks, comments, keys, values and quotes are what the format says.",
    "P3": "Bytes, byte order mark and ends of lines are what the format says: every line number is"
    " the one that a text editor shows.",
    "P4": "If there are faults, SettingsInvalid is raised with one LineError for each, and nothing"
    " else: those of lines in the order of the lines, one a line, then the missing keys in the order"
    " of the schema; a fault never hides one of another line.",
    "P5": "A LineError has the file's Path, the number of the line (the first is 1), the key, the"
    " kind and a reason as attributes, None for what it does not have; its text holds path, line,"
    " key and reason, and the texts of SettingsInvalid and SettingsUnreadable hold the path.",
    "P6": "The reason of UNKNOWN names a key of the schema that the key is, but for letter case and"
    " at most one character more, less or changed, if there is such a key of four or more characters;"
    " the reason of REPEATED names the number of the line that gave the key first; the reason of"
    " VALUE holds the text of the parser's error unless the key is secret.",
    "P7": "The cause of a VALUE fault whose key is not secret is the exception that the parser raised,"
    " that very object, with its own traceback, cause, context and notes untouched; every other"
    " LineError, and SettingsInvalid, shows neither a cause nor a context.",
    "P8": "Whatever else a parser raises leaves load_settings at once, as that very object with its"
    " cause and context untouched, before another parser is called; if it is an Exception, one more"
    " note tells the path, the line and the key.",
    "P9": "The file is opened once, with Path(path), and it is closed when the load is over, however"
    " it ends; an OSError in opening, reading or closing it becomes SettingsUnreadable with that"
    " error as its cause, and nothing else that is raised there or in a parser does.",
    "P10": "Of the text of the file nothing but keys is in an error of these types or in a note that"
    " load_settings adds, however deep one looks (text, repr, args, attributes, notes, causes,"
    " contexts, shown or not), except the value in a VALUE fault whose key is not secret.",
    "P11": "SettingsUnreadable, LineError and SettingsInvalid are SettingsErrors, SettingsInvalid is"
    " an ExceptionGroup, too; all of them come through pickle, copy and deepcopy with type, text,"
    " attributes, notes and faults; and what `split`, `subgroup` and `except*` make of a"
    " SettingsInvalid is a SettingsInvalid of the same path.",
    "P12": "Loads share nothing: each has its own errors, loads in several threads or inside a parser"
    " do not disturb or wait for each other, and neither schema nor defaults are changed.",
    "P13": "A path that is neither a str nor a PathLike of str, or a schema that holds something that"
    " is no Key, is a TypeError, and a schema with a name that no line can give is a ValueError whose"
    " text holds that name: before anything is opened.",
    "P14": "The time of a load is proportional to the lines plus the keys of the schema, however"
    " many of the lines are at fault; only an UNKNOWN line may take as long as the schema has keys.",
}


class Required(Enum):
    """The type of REQUIRED: None would be a fine default."""

    REQUIRED = "required"


REQUIRED: Final = Required.REQUIRED
Parse = Callable[[str], Any]
Opener = Callable[[Path], BinaryIO]
"""Opens a file for reading bytes, or raises. The file is a whole BinaryIO, as `open(path, "rb")` gives."""


@dataclass(frozen=True)
class Key:
    """What the schema says about one key.

    `parse` turns the text of the value into the setting; it raises ValueError for a bad value.
    Without a `default` the key is required. The value of a `secret` key is shown nowhere.
    """

    parse: Parse
    default: Any | Literal[Required.REQUIRED] = REQUIRED
    secret: bool = False


class Kind(StrEnum):
    """What is wrong with a line, or with the lack of one."""

    TEXT = "text"
    SYNTAX = "syntax"
    UNKNOWN = "unknown"
    REPEATED = "repeated"
    VALUE = "value"
    MISSING = "missing"


class SettingsError(Protocol):
    """Everything that can be wrong with a settings file. A subclass of Exception.

    The classes are yours to write, bases included: a Protocol cannot say that they are exceptions.
    """

    path: Path
    """The file."""


class NewSettingsError(Protocol):
    """How the base is made; load_settings itself raises only the others."""

    def __call__(self, path: Path) -> SettingsError:
        """Make an error about a file."""
        ...


class SettingsUnreadable(SettingsError, Protocol):
    """The file could not be read; its cause is the OSError."""

    reason: str
    """Why, for a person."""


class NewSettingsUnreadable(Protocol):
    """How it is made."""

    def __call__(self, path: Path, reason: str) -> SettingsUnreadable:
        """Make the error; who raises it sets the cause."""
        ...


class LineError(SettingsError, Protocol):
    """One fault. `except*` and `subgroup` can tell them apart by their attributes."""

    line: int | None
    """The number of the line; None for a missing key."""
    key: str | None
    """The key as the line has it; None if it has none."""
    kind: Kind
    """What is wrong."""
    reason: str
    """What is wrong, for a person. Never empty."""


class NewLineError(Protocol):
    """How one is made."""

    def __call__(
        self, path: Path, line: int | None, key: str | None, kind: Kind, reason: str
    ) -> LineError:
        """Make the error; who makes it sets the cause."""
        ...


class SettingsInvalid(SettingsError, Protocol):
    """All faults of one file. A subclass of ExceptionGroup: the faults are its `exceptions`."""


class NewSettingsInvalid(Protocol):
    """How it is made."""

    def __call__(self, path: Path, faults: Sequence[Exception]) -> SettingsInvalid:
        """Make a group of at least one fault; by position or by keyword, it is the same."""
        ...


def load_settings(
    path: str | PathLike[str], schema: Mapping[str, Key], opener: Opener | None = None
) -> dict[str, Any]:
    """Read the settings that `schema` describes from the file at `path`.

    `opener` opens the file; None: the file system does. Raises SettingsUnreadable, SettingsInvalid,
    whatever a parser raises that is no ValueError, TypeError and ValueError for wrong arguments.
    May be called by any number of threads, and by a parser.
    """
    raise NotImplementedError
