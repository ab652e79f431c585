# ruff: noqa: E501 - one submission a line
"""Right code in unusual clothes: ordinary features of the language and its library, which no check may mind."""

from collections.abc import Callable
from pathlib import Path

from tests.hostile.submissions import RIGHT

Dress = Callable[[str], str]
PLAIN = RIGHT.format(top="", reset="", bottom="")


def use(top: str = "", reset: str = "", bottom: str = "", dress: Dress = str) -> bytes:
    """The right tally, with more at its top, in reset() or at its end, or in another dress."""
    body = reset.strip().replace("\n", "\n        ")
    return dress(RIGHT.format(top=top, reset=body, bottom=bottom)).encode()


FILES = {
    "logs and prints": use("import logging, sys, atexit\nlogging.basicConfig(level=logging.DEBUG)\natexit.register(print, 'bye')\nprint('\u2713')", "logging.exception('x', exc_info=ValueError('y'))\nprint(self, file=sys.stderr, flush=True)"),
    "sqlite3, files, temporary folders": use("import os, sqlite3, tempfile", "c = sqlite3.connect('my.db')\nc.execute('create table if not exists t (x)')\nc.close()\nwith tempfile.TemporaryDirectory() as d:\n    open(d + '/a', 'w').close()\nfd = os.open('.', os.O_RDONLY)\nos.fsync(fd)\nos.close(fd)\nopen('/proc/self/status').close()"),
    "weakref, contextvars, hooks": use("import contextvars, gc, gettext, sys, weakref\ngettext.install('x')\nv = contextvars.ContextVar('v', default=0)\nalive = weakref.WeakSet()\nthreading.excepthook = sys.excepthook = sys.unraisablehook = lambda *a: None", "alive.add(self)\nweakref.finalize(self, print, 1)\nv.set(1)\ngc.collect()"),
    "annotations for later": b'"""Doc."""\nfrom __future__ import annotations\nfrom typing import TYPE_CHECKING, TypeAlias\nif TYPE_CHECKING:\n    from nowhere import Nothing\nNumber: TypeAlias = "int | float"\n__all__ = ["Tally"]\ndef f(x: Nothing) -> Nothing: ...\n' + PLAIN.encode(),
    "a main program, tests, names of its own": use("import unittest\nprint = max = id = list\ngr\u00f6\u00dfe = 1\n__name__ = 'renamed'", "gr\u00f6\u00dfe", "class T(unittest.TestCase):\n    def test_x(self): ...\ndef test_mine():\n    assert False\nif __name__ == '__main__':\n    raise SystemExit"),
    "BOM and CRLF": b"\xef\xbb\xbf" + PLAIN.replace("\n", "\r\n").encode(),
    "tabs, form feeds, a long line, no last newline": use(f"X = '{'x' * 100_000}'", dress=lambda s: s.replace("    ", "\t").replace("\n\n", "\n\f\n").rstrip()),
    "latin-1 that says so": f"# -*- coding: latin-1 -*-\nx = '\u00fc'\n{PLAIN}".encode("latin-1"),
    "metaclass, slots, decorators": use("import functools\nclass M(type):\n    def __call__(cls, *a):\n        return super().__call__(*a)\ndef traced(f):\n    @functools.wraps(f)\n    def inner(*a, **k):\n        return f(*a, **k)\n    return inner", dress=lambda s: s.replace("class Tally:", "class Tally(metaclass=M):\n    __slots__ = ('_n', '_grown')").replace("    def add", "    @traced\n    def add")),
    "threads of its own": use("from concurrent.futures import ThreadPoolExecutor\nclass W(threading.Thread):\n    def run(self):\n        self.out = 1\nw = W()\nw.start()\nw.join()", "w = W(daemon=True)\nw.start()\nw.join()\nwith ThreadPoolExecutor(2) as e:\n    assert list(e.map(abs, [-1, -2])) == [1, 2]"),
    "async, match, except*": use("import asyncio", "async def f():\n    await asyncio.sleep(0.01)\n    return await asyncio.to_thread(abs, -1)\nassert asyncio.run(f()) == 1\nmatch {'a': [1, 2]}:\n    case {'a': [x, *rest]} if x:\n        pass\ntry:\n    raise ExceptionGroup('g', [ValueError('x')])\nexcept* ValueError:\n    pass"),
    "programs": use("import os, signal, subprocess, sys", "assert subprocess.check_output([sys.executable, '-c', 'print(1)']) == b'1\\n'\nsubprocess.run('echo hi', shell=True, check=True)\nsubprocess.run([sys.executable, __file__], check=True)\np = subprocess.Popen(['sleep', '60'], start_new_session=True)\nos.killpg(p.pid, signal.SIGKILL)\np.wait()"),
    "processes": use("import multiprocessing as m", "p = m.get_context('spawn').Process(target=print)\np.start()\np.join()\nassert p.exitcode == 0\nq = m.get_context('fork').Process(target=print)\nq.start()\nq.join()"),
    "looks at itself": use("import inspect, pathlib, sys", "pathlib.Path(__file__).read_text()\ninspect.getsource(Tally)\ninspect.stack()\nsys._getframe(1).f_code"),
}  # fmt: skip
PACKAGES = {
    "relative imports, names of the library": {
        "__init__.py": "from .core import Tally\nfrom . import queue\n__all__ = ['Tally']",
        "core.py": "from .util.base import Base\nfrom .threading import helper\n" + PLAIN.replace("class Tally:", "class Tally(Base):"),
        "queue.py": "X = 1", "threading.py": "def helper(): ...", "util/__init__.py": "", "util/base.py": "class Base: ...",
    },
    "a cycle done right, traps beside it": {
        "__init__.py": "from .a import Tally", "a.py": f"from . import b\n{PLAIN}", "b.py": "from . import a\ndef f():\n    return a.Tally",
        "__main__.py": "raise SystemExit", "conftest.py": "raise ValueError", "test_t.py": "raise ValueError",
    },
}  # fmt: skip


def write(name: str, folder: Path) -> Path:
    """The file or the package of a submission, below `folder`."""
    if name in FILES:
        path = folder / "tally.py"
        path.write_bytes(FILES[name])
        return path
    for part, text in PACKAGES[name].items():
        path = folder / "tally" / part
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "tally"
