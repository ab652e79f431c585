"""How fast a file is loaded. Never a verdict.

Sizes: files of 100 lines, without faults, with a bad value in each line, with a misspelt key in each.
Keys: 100, `key0` to `key99`, all of them required.
Mix: one load after the other, of the same bytes from memory.
Threads: one.
"""

import io
from typing import Any

import pytest

from contracts.thinking.errors import Key
from graders.kit import Implementation

LINES = 100
FILES = {
    "fine": "key{} = {}\n",
    "bad values": "key{} = x{}\n",
    "misspelt": "kez{} = {}\n",
}


@pytest.mark.parametrize("what", FILES)
def test_load(benchmark: Any, contender: Implementation, what: str) -> None:
    """`load_settings` of 100 lines; an operation is a line (what is wrong with them is in brackets)."""
    data = "".join(FILES[what].format(n, n) for n in range(LINES)).encode()
    schema = {f"key{n}": Key(int) for n in range(LINES)}

    def load() -> None:
        try:
            contender.load_settings("app.conf", schema, lambda _: io.BytesIO(data))
        except contender.SettingsInvalid:
            return

    benchmark.extra_info["operations"] = LINES
    benchmark(load)
