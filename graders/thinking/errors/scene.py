"""A service does not start: what whoever wrote its settings gets to read."""

import io
from pathlib import Path

from contracts.thinking.errors import Key, Kind
from graders.kit import Implementation

GOOD = 'name = "the shop"\nport = 8080\npin = 1234\n'
BAD = "# after a long day\nname = the shop\nprot = 8080\nport = eighty\npin = l234\nname = shop\ntimeout 5\n"
SCHEMA = {
    "name": Key(str),
    "port": Key(int),
    "pin": Key(int, secret=True),
    "timeout": Key(float, 2.5),
    "folder": Key(Path),
}


def play(impl: Implementation) -> None:
    """Show a good file, a bad one, and how the faults are told apart."""

    def load(text: str) -> object:
        schema = SCHEMA if text == BAD else {**SCHEMA, "folder": Key(Path, Path("/srv"))}
        return impl.load_settings("app.conf", schema, lambda _: io.BytesIO(text.encode()))

    print(f"a good file gives {load(GOOD)}")
    print("a bad one gives everything that is wrong with it, at once:")
    try:
        load(BAD)
    except impl.SettingsInvalid as error:
        for fault in error.exceptions:
            print(f"  {fault.kind:<9} {fault}")
            if fault.__cause__ is not None:
                print(f"            caused by {fault.__cause__!r}")
        missing, rest = error.split(lambda each: getattr(each, "kind", None) is Kind.MISSING)
        print(f"split by kind: {len(missing.exceptions)} missing, {len(rest.exceptions)} others,")
        print(f"  both are {type(missing).__name__} of {missing.path}")
    try:
        impl.load_settings("gone.conf", SCHEMA)
    except impl.SettingsError as error:
        print(f"a missing file: {error}")
