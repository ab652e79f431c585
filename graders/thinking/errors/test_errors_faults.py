"""All faults at once: which, where, in which order, and what they tell."""

import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.thinking.errors import REQUIRED, Key, Kind
from graders.kit import Implementation, check, ensure, equal, raises
from graders.thinking.errors.given import opening

PATH = "etc/app.conf"
SYNTAX, UNKNOWN, REPEATED = Kind.SYNTAX, Kind.UNKNOWN, Kind.REPEATED
VALUE, MISSING, TEXT = Kind.VALUE, Kind.MISSING, Kind.TEXT


def faults(impl: Implementation, text: str | bytes, schema: Mapping[str, Key]) -> list[Any]:
    """The faults of a file with this text."""
    error = raises(
        impl.SettingsInvalid,
        lambda: impl.load_settings(PATH, schema, opening(text)),
        did=f"loaded {text!r}",
    )
    return list(error.exceptions)


def places(errors: list[Any]) -> list[Any]:
    """(line, key, kind) of each."""
    return [(each.line, each.key, each.kind) for each in errors]


@check("P4", kind="behaviour")
def test_every_kind_at_once(impl: Implementation) -> None:
    """Every kind of fault between good lines; three required keys are missing, one of them in a bad line."""
    schema = {
        "zeta": Key(str),
        "port": Key(int),
        "name": Key(str),
        "alpha": Key(str),
        "size": Key(int, 1),
        "mode": Key(str),
    }
    data = (
        b"name = shop\nprot = 1\nno equals sign\nport = many\n# \xff\nname = again\n"
        b"size = 3\nsize = x\nmode\x00 = 1\nport = 80\n1st = x\n"
    )
    want = [
        (2, "prot", UNKNOWN),
        (3, None, SYNTAX),
        (4, "port", VALUE),
        (5, None, TEXT),
        (6, "name", REPEATED),
        (8, "size", REPEATED),
        (9, None, TEXT),
        (10, "port", REPEATED),
        (11, None, SYNTAX),
        (None, "zeta", MISSING),
        (None, "alpha", MISSING),
        (None, "mode", MISSING),
    ]
    equal(places(faults(impl, data, schema)), want, did=f"faults of {data!r}")


@check("P4", kind="behaviour")
def test_one_fault_alone_is_a_group(impl: Implementation) -> None:
    """One fault of each kind, alone in its file."""
    schema = {"a": Key(int, 0), "b": Key(int)}
    for text, want in (
        ("b = 1\nx = 1", (2, "x", UNKNOWN)),
        ("b = 1\nx", (2, None, SYNTAX)),
        ("b = x", (1, "b", VALUE)),
        ('b = "', (1, "b", SYNTAX)),
        ("b = 1\nb = 1", (2, "b", REPEATED)),
        ("a = 1", (None, "b", MISSING)),
        ("", (None, "b", MISSING)),
        ("b = 1\n\0", (2, None, TEXT)),
    ):
        equal(places(faults(impl, text, schema)), [want], did=f"faults of {text!r}")


@check("P4", kind="behaviour")
def test_the_first_fault_of_a_line_counts(impl: Implementation) -> None:
    """Lines with two or three things wrong."""
    schema = {"a": Key(int, 0), "secret": Key(int, 0, secret=True)}
    text = (
        'a = x\na = y\na = "1\nb = "1\nb = 1\n9 = "\na\0 = 1\n= 1\na\0\n"a" = 1\nb\0\nsecret = "x\n'
        "secret = x\n"
    )
    want = [
        (1, "a", VALUE),
        (2, "a", REPEATED),
        (3, "a", REPEATED),
        (4, "b", UNKNOWN),
        (5, "b", UNKNOWN),
        (6, None, SYNTAX),
        (7, None, TEXT),
        (8, None, SYNTAX),
        (9, None, TEXT),
        (10, None, SYNTAX),
        (11, None, TEXT),
        (12, "secret", SYNTAX),
        (13, "secret", REPEATED),
    ]
    equal(places(faults(impl, text, schema)), want, did=f"faults of {text!r}")


@check("P4", kind="behaviour")
def test_a_fault_hides_no_other(impl: Implementation) -> None:
    """A bad value in the first line; the parsers of later lines note their calls, repeated keys are not parsed."""
    calls: list[str] = []

    def refusing(value: str) -> int:
        calls.append(value)
        raise ValueError(value)

    schema = {name: Key(refusing) for name in ("a", "b", "c", "d")}
    text = 'a = 1\nnonsense\nb = 2\na = 3\nc = "4\nc = 5\nd = 6\n'
    want = [
        (1, "a", VALUE),
        (2, None, SYNTAX),
        (3, "b", VALUE),
        (4, "a", REPEATED),
        (5, "c", SYNTAX),
        (6, "c", REPEATED),
        (7, "d", VALUE),
    ]
    equal(places(faults(impl, text, schema)), want, did=f"faults of {text!r}")
    equal(calls, ["1", "2", "6"], did="values that were parsed")


@check("P4", kind="behaviour")
def test_missing_keys(impl: Implementation) -> None:
    """Keys are missing that no line, a line without `=`, a comment, a line of bad bytes, another case would give."""
    schema = {name: Key(str) for name in ("f", "a", "e", "b", "d", "c", "g")}
    data = b'a\n# b = 1\nc = \xff\nD = 1\nd =\ng = "\n'
    want = [
        (1, None, SYNTAX),
        (3, None, TEXT),
        (4, "D", UNKNOWN),
        (6, "g", SYNTAX),
        *((None, name, MISSING) for name in ("f", "a", "e", "b", "c")),
    ]
    equal(places(faults(impl, data, schema)), want, did=f"faults of {data!r}")


@check("P5", kind="contract")
def test_attributes_and_text_of_a_fault(impl: Implementation) -> None:
    """Six faults of one file, the path given as a str and as a Path."""
    schema = {"port": Key(int), "name": Key(str), "mode": Key(str)}
    text = "\n" * 410 + "port = many\nnobody = 1\nport = 2\nmode\n\0\nname = 1\n"
    for path in (PATH, Path(PATH), "./etc//app.conf"):
        error = raises(
            impl.SettingsInvalid,
            lambda path=path: impl.load_settings(path, schema, opening(text)),
            did=f"load_settings({path!r}, …)",
        )
        equal(error.path, Path(path), did=f"path of the SettingsInvalid of {path!r}")
        ensure(
            str(Path(path)) in str(error),
            did="the text of SettingsInvalid",
            want="it holds the path",
            got=str(error),
        )
        kinds = {fault.kind for fault in error.exceptions}
        ensure(kinds >= {VALUE, UNKNOWN, MISSING}, did="kinds of the faults", got=kinds)
        for fault in error.exceptions:
            _look_at(impl, fault, Path(path))


def _look_at(impl: Implementation, fault: Any, path: Path) -> None:
    ensure(isinstance(fault, impl.LineError), did="a fault", want="a LineError", got=fault)
    equal(fault.path, path, did=f"path of {fault!r}")
    equal(type(fault.kind), Kind, did=f"the type of the kind of {fault!r}")
    ensure(
        type(fault.reason) is str and bool(fault.reason.strip()),
        did=f"reason of {fault!r}",
        want="a str that says something",
        got=fault.reason,
    )
    for part in (path, fault.line, fault.key, fault.reason):
        if part is not None:
            ensure(
                str(part) in str(fault),
                did=f"the text of a fault in line {fault.line}, key {fault.key}",
                want=f"it holds {str(part)!r}",
                got=str(fault),
            )


@check("P5", kind="contract")
def test_errors_that_others_make(impl: Implementation) -> None:
    """All four errors are made by hand, by position and by keyword."""
    path = Path("some where/x.conf")
    made: list[Any] = [
        impl.LineError(path, 417, "port", VALUE, "too big"),
        impl.LineError(path=path, line=417, key="port", kind=VALUE, reason="too big"),
    ]
    for fault in made:
        got = (fault.path, fault.line, fault.key, fault.kind, fault.reason)
        equal(got, (path, 417, "port", VALUE, "too big"), did="attributes of a LineError")
        _look_at(impl, fault, path)
    fault = impl.LineError(path, None, None, MISSING, "nothing")
    equal((fault.line, fault.key), (None, None), did="line and key of a LineError without them")
    for unreadable in (
        impl.SettingsUnreadable(path, "gone"),
        impl.SettingsUnreadable(path=path, reason="gone"),
    ):
        equal((unreadable.path, unreadable.reason), (path, "gone"), did="a SettingsUnreadable")
        ensure(
            str(path) in str(unreadable),
            did="its text",
            want="it holds the path",
            got=str(unreadable),
        )
    for group in (impl.SettingsInvalid(path, made), impl.SettingsInvalid(path=path, faults=made)):
        ensure(
            group.path == path and list(group.exceptions) == made,
            did="a SettingsInvalid of two faults",
            want="its path and its faults",
            got=group,
        )
        ensure(str(path) in str(group), did="its text", want="it holds the path", got=str(group))
    equal(impl.SettingsError(path).path, path, did="path of a SettingsError")


@check("P6", kind="contract")
def test_a_near_key_is_named(impl: Implementation) -> None:
    """Misspelt keys: a character more, less, another, in other case, both; and with many other keys around."""
    others = {name: Key(str, "") for name in (*(f"q{n}" for n in range(30)), "xperty")}
    for known, given in (
        ("port", "prt"),
        ("port", "portt"),
        ("port", "pert"),
        ("port", "Port"),
        ("port", "PORT"),
        ("PORT", "port"),
        ("max-size", "max_size"),
        ("db.host", "DB.HOSTS"),
        ("timeout", "imeout"),
        ("timeout", "timeou"),
        ("listen", "_listen"),
        ("Retry", "RETRI"),
    ):
        schema = {**others, known: Key(str, "")}
        [fault] = faults(impl, f"{given} = 1\n", schema)
        ensure(
            known in fault.reason,
            did=f"the reason for `{given}`, the schema has `{known}` and {len(others)} others",
            want=f"it names {known}",
            got=fault.reason,
        )
    [fault] = faults(impl, "zzzzzz = 1\n", {"port": Key(str, "")})
    equal(fault.kind, UNKNOWN, did="the kind of a key that is like none")


@check("P6", kind="contract")
def test_what_reasons_tell(impl: Implementation) -> None:
    """A key in lines 417, 523 and 619, its value bad and then good; a parser's own words."""

    def parse(value: str) -> int:
        raise ValueError(f"{value} is not a colour of the rainbow")

    for first in ("purple", '"'):
        lines = {417: f"colour = {first}", 523: "colour = red", 619: "colour = blue"}
        text = "\n".join(lines.get(n, "") for n in range(1, 700))
        got = faults(impl, text, {"colour": Key(parse)})
        for fault in got[1:]:
            ensure(
                re.search(r"\b417\b", fault.reason) is not None,
                did=f"the reason of line {fault.line}; line 417 has the key, too",
                want="it names line 417",
                got=fault.reason,
            )
        if first == "purple":
            words = "purple is not a colour of the rainbow"
            ensure(
                words in got[0].reason,
                did="the reason of line 417",
                want=f"it holds {words!r}",
                got=got[0].reason,
            )


WORDS = ("a", "b", "cc", "d.d", "e-e", "f_f", "A", "zz", "")
VALUES = ("1", "22", "x", "", '"3"', '"', '" 4 "', '"x', "#", "5 # x", "\u2028", "6\f", "é", "\x00")


def _line(luck: random.Random) -> bytes:
    pad = lambda: luck.choice(("", " ", "\t ", ""))  # noqa: E731 - blanks here and there
    shape = luck.random()
    if shape < 0.1:
        line = pad()
    elif shape < 0.2:
        line = f"{pad()}# {luck.choice(VALUES)} = 1"
    elif shape < 0.3:
        line = f"{pad()}{luck.choice(WORDS)} {luck.choice(VALUES)}"
    else:
        line = f"{pad()}{luck.choice(WORDS)}{pad()}={pad()}{luck.choice(VALUES)}{pad()}"
    data = line.encode()
    return data + b"\xff" if luck.random() < 0.05 else data


def _model(  # noqa: C901 - the rules, in their order
    lines: list[bytes], schema: dict[str, Key]
) -> tuple[dict[str, Any], list[Any]]:
    """The rules of the contract once more, one after the other."""
    values: dict[str, Any] = {}
    wrong: list[Any] = []
    given: set[str] = set()
    for number, data in enumerate(lines, start=1):
        text = data.decode(errors="surrogateescape")
        match = re.fullmatch(
            r"[ \t]*(?:(?P<key>[A-Za-z_][\w.-]*)[ \t]*=(?P<value>.*))?", text, re.DOTALL | re.ASCII
        )
        if re.search("[\0\udc80-\udcff]", text):
            wrong.append((number, None, TEXT))
        elif re.match(r"[ \t]*(#|$)", text):
            continue
        elif match is None or match["key"] is None:
            wrong.append((number, None, SYNTAX))
        elif match["key"] not in schema:
            wrong.append((number, match["key"], UNKNOWN))
        elif match["key"] in given:
            wrong.append((number, match["key"], REPEATED))
        else:
            given.add(match["key"])
            value = re.fullmatch(r'"(?P<in>.*)"|[^"].*|', match["value"].strip(" \t"), re.DOTALL)
            inner = value and (value[0] if value["in"] is None else value["in"])
            if inner is None:
                wrong.append((number, match["key"], SYNTAX))
            elif inner.strip().isdigit():
                values[match["key"]] = int(inner)
            else:
                wrong.append((number, match["key"], VALUE))
    wrong += [(None, name, MISSING) for name, key in schema.items()
              if key.default is REQUIRED and name not in given]  # fmt: skip
    return {name: values.get(name, key.default) for name, key in schema.items()}, wrong


@check("P2", "P3", "P4", kind="behaviour")
def test_generated_files(plain: Implementation) -> None:
    """Two hundred and fifty files of up to eight lines made from seeds 0 to 249, against a model of the format."""

    def parse(value: str) -> int:
        if value.strip().isdigit():
            return int(value)
        raise ValueError(value)

    for seed in range(250):
        luck = random.Random(seed)
        names = luck.sample(WORDS[:7], luck.randrange(1, 7))
        schema = {name: Key(parse, luck.choice((REQUIRED, None))) for name in names}
        lines = [_line(luck) for _ in range(luck.randrange(9))]
        ends = [luck.choice((b"\n", b"\n", b"\r\n")) for _ in lines]
        ends[-1:] = [luck.choice((b"", b"\n"))] if lines else []
        data = b"".join(line + end for line, end in zip(lines, ends, strict=True))
        want, wrong = _model(lines, schema)
        try:
            got: Any = plain.load_settings(PATH, schema, opening(data))
        except plain.SettingsInvalid as error:
            got = places(list(error.exceptions))
        equal(got, wrong or want, did=f"loaded {data!r} (seed {seed}), keys {', '.join(names)}")


@check("P4", kind="behaviour")
def test_ten_thousand_faults(plain: Implementation) -> None:
    """Ten thousand lines, all of them at fault, of three kinds in turn."""
    text = "port = x\n" + "port = 1\nnonsense\nwhat = 1\n" * 3_333
    got = places(faults(plain, text, {"port": Key(int)}))
    want: list[Any] = [(1, "port", VALUE)]
    for n in range(3_333):
        line = 2 + 3 * n
        want += [(line, "port", REPEATED), (line + 1, None, SYNTAX), (line + 2, "what", UNKNOWN)]
    equal(len(got), len(want), did="the number of faults in ten thousand bad lines")
    ensure(
        got == want, did="faults of a file of ten thousand bad lines", want=str(want[:4]), got=got
    )
