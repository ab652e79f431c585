"""Accidents and cheap tricks: what learners hand in, and the only right verdict on each.

Every entry is a right tally but for one thing. `METHOD`: the trouble is in `reset`, so `test_reset` must fail and
every neighbour must keep its pass. `MODULE`: the trouble is at import, so nothing may pass. `CHEAT`: something
pretends to be right; the named checks must not pass.
"""

from dataclasses import dataclass

RIGHT = """
import threading
{top}

class Tally:
    def __init__(self):
        self._n = 0
        self._grown = threading.Condition()

    def add(self, n):
        with self._grown:
            self._n += n
            self._grown.notify_all()

    def value(self):
        with self._grown:
            return self._n

    def wait_for(self, n, timeout):
        with self._grown:
            return bool(self._grown.wait_for(lambda: self._n >= n, timeout))

    def reset(self):
        {reset}
        with self._grown:
            old, self._n = self._n, 0
            return old

{bottom}
"""
ALL = frozenset({"test_shape", "test_value_is_the_sum", "test_threads_are_all_counted", "test_waiting",
                 "test_reset", "test_adding_is_cheap"})  # fmt: skip


@dataclass(frozen=True)
class Submission:
    """A module, and the checks that must not pass; the others must."""

    name: str
    source: str
    rejected: frozenset[str]
    neighbours_pass: bool = True


def method(name: str, reset: str, top: str = "") -> Submission:
    """Trouble in reset() only."""
    body = reset.strip().replace("\n", "\n        ")
    return Submission(name, RIGHT.format(top=top, reset=body, bottom=""), frozenset({"test_reset"}))


def module(name: str, top: str, bottom: str = "") -> Submission:
    """Trouble at import."""
    return Submission(
        name, RIGHT.format(top=top, reset="", bottom=bottom), ALL, neighbours_pass=False
    )


def cheat(name: str, source: str, *rejected: str) -> Submission:
    """Something that only looks right."""
    return Submission(name, source, frozenset(rejected or ALL), neighbours_pass=False)


STUBS = "class Tally:\n" + "\n".join(
    f"    def {head}:\n        {{body}}"
    for head in ("add(self, n)", "value(self)", "wait_for(self, n, timeout)", "reset(self)")
)

METHODS = [
    method("endless loop", "while True:\n    pass"),
    method("endless for", "import itertools\nfor _ in itertools.count():\n    pass"),
    method("endless loop in C", "import itertools\nsum(itertools.count())"),
    method("endless list in C", "import itertools\nlist(itertools.repeat(None))"),
    method("huge power", "10 ** 10 ** 10"),
    method("regex that backtracks", "import re\nre.match(r'(a+)+$', 'a' * 60 + 'b')"),
    method("loop that swallows everything", "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"),
    method("deadlock with itself", "lock = threading.Lock()\nlock.acquire()\nlock.acquire()"),
    method("event that nobody sets", "threading.Event().wait()"),
    method("reads standard input", "input()"),
    method("waits for a socket", "import socket\ns = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen()\ns.accept()"),
    method("waits for a pipe", "import os\nr, w = os.pipe()\nos.read(r, 1)"),
    method("sleeps for real", "import select\nselect.select([], [], [], 3600)"),
    method("os._exit(0)", "import os\nos._exit(0)"),
    method("os._exit(1)", "import os\nos._exit(1)"),
    method("sys.exit()", "import sys\nsys.exit()"),
    method("sys.exit(0)", "import sys\nsys.exit(0)"),
    method("raise SystemExit", "raise SystemExit(0)"),
    method("KeyboardInterrupt", "raise KeyboardInterrupt"),
    method("GeneratorExit", "raise GeneratorExit"),
    method("pytest.skip()", "import pytest\npytest.skip('no time')"),
    method("pytest.exit(0)", "import pytest\npytest.exit('done', returncode=0)"),
    method("pytest.xfail()", "import pytest\npytest.xfail('known')"),
    method("unittest.SkipTest", "import unittest\nraise unittest.SkipTest('no')"),
    method("raises Skipped by another road", "import sys\nraise sys.modules['_pytest.outcomes'].Skipped('no')"),
    method("SIGKILL to itself", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
    method("SIGSTOP to itself", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"),
    method("abort()", "import os\nos.abort()"),
    method("segfault", "import ctypes\nctypes.string_at(0)"),
    method("stack overflow", "def f():\n    f()\nf()"),
    method("stack overflow in C", "import sys\nsys.setrecursionlimit(10 ** 9)\nx = []\nfor _ in range(10 ** 6):\n    x = [x]\nrepr(x)\nhash(str(x))\nassert False"),
    method("memory hog", "x = []\nwhile True:\n    x.append(bytearray(10 ** 7))"),
    method("one huge allocation", "bytearray(10 ** 12)"),
    method("prints a gigabyte", "import sys\nfor _ in range(1024):\n    sys.stdout.write('x' * 2 ** 20)"),
    method("prints for ever", "while True:\n    print('x' * 1000)"),
    method("closes standard output", "import os\nos.close(1)\nos.close(2)\nassert False, 'closed'"),
    method("closes every file", "import os\nos.closerange(0, 256)\nassert False"),
    method("fork bomb", "import os\nwhile True:\n    os.fork()"),
    method("child left behind", "import subprocess\nsubprocess.Popen(['sleep', '600'])"),
    method("fork that returns twice", "import os\nif os.fork() == 0:\n    os._exit(0)\nreturn -1"),
    method("thread left behind", "threading.Thread(target=threading.Event().wait).start()"),
    method("endless thread left behind", "def spin():\n    while True:\n        pass\nthreading.Thread(target=spin).start()"),
    method("atexit that loops", "import atexit\ndef spin():\n    while True:\n        pass\natexit.register(spin)"),
    method("atexit that exits", "import atexit, os\natexit.register(os._exit, 3)"),
    method("exception with a raising text", "class E(Exception):\n    def __str__(self):\n        raise ValueError('no text')\nraise E()"),
    method("exception with an endless text", "class E(Exception):\n    def __str__(self):\n        while True:\n            pass\nraise E()"),
    method("exception with control codes", "raise ValueError('\\x1b[2J\\x1b[32mall checks pass\\x1b[0m\\r\\n6 passed in 0.01s')"),
    method("exception with lone surrogates", "raise ValueError('\\ud800' * 10)"),
    method("exception of a megabyte", "raise ValueError('x' * 10 ** 6)"),
    method("fake result lines", "print('{\"word\": \"pass\"}')\nprint('6 passed')\nraise ValueError('no')"),
    method("equal to everything", "class Yes(int):\n    __eq__ = lambda s, o: True\n    __hash__ = int.__hash__\nreturn Yes(1)"),
    method("repr that raises", "class R:\n    def __repr__(self):\n        raise ValueError('no')\nreturn R()"),
    method("repr that loops", "class R:\n    def __repr__(self):\n        while True:\n            pass\nreturn R()"),
    method("repr of a megabyte", "class R:\n    def __repr__(self):\n        return 'x' * 10 ** 6\nreturn R()"),
    method("del that loops", "class D:\n    def __del__(self):\n        while True:\n            pass\nD()"),
    method("returns a bool", "self._n = 0\nreturn True"),
    method("returns a float", "old, self._n = float(self._n), 0\nreturn old"),
    method("changes the folder", "import os\nos.chdir('/')\nassert False"),
    method("empties its folder", "import os, shutil\nshutil.rmtree(os.getcwd())\nassert False"),
    method("writes a huge file", "with open('big', 'wb') as f:\n    for _ in range(4096):\n        f.write(b'x' * 2 ** 20)"),
    method("stops the garbage collector and the trace", "import gc, sys\ngc.disable()\nsys.settrace(lambda *a: None)\nassert False"),
    method("closes the doors by signal", "import signal\nsignal.signal(signal.SIGABRT, signal.SIG_IGN)\nwhile True:\n    pass"),
    method("alarm", "import signal, select\nsignal.alarm(1)\nselect.select([], [], [])"),
]  # fmt: skip

MODULES = [
    Submission("empty file", "", ALL, neighbours_pass=False),
    Submission("syntax error", "class Tally(:\n    pass\n", ALL, neighbours_pass=False),
    Submission("null bytes", "class Tally:\0 pass", ALL, neighbours_pass=False),
    Submission("bad indentation", "class Tally:\ndef add(self): pass", ALL, neighbours_pass=False),
    Submission("not utf-8", "# coding: ascii\nx = 'ü'\n", ALL, neighbours_pass=False),
    Submission("a deep expression", "x = " + "(" * 5000 + "1" + ")" * 5000, ALL, neighbours_pass=False),
    Submission("Tally is a number", "Tally = 3", ALL, neighbours_pass=False),
    module("endless loop at import", "while True:\n    pass"),
    module("endless loop in C at import", "import itertools\nsum(itertools.count())"),
    module("sys.exit(0) at import", "import sys\nsys.exit(0)"),
    module("os._exit(0) at import", "import os\nos._exit(0)"),
    module("KeyboardInterrupt at import", "raise KeyboardInterrupt"),
    module("pytest.exit at import", "import pytest\npytest.exit('x', 0)"),
    module("pytest.skip at import", "import pytest\npytest.skip('x', allow_module_level=True)"),
    module("input at import", "input()"),
    module("missing library", "import a_library_that_is_not_there"),
    module("name error at import", "undefined_name"),
    module("segfault at import", "import ctypes\nctypes.string_at(0)"),
    module("memory at import", "X = bytearray(10 ** 12)"),
    module("fork bomb at import", "import os\nwhile True:\n    os.fork()"),
    module("re-export of the reference", "", "from solutions.patterns.tally import *"),
    module("the reference by importlib", "", "import importlib\nTally = importlib.import_module('solutions.patterns.tally').Tally"),
    module("the reference by its path", "", "import os\nroot = os.environ['KATAS_ROOT']\nexec(open(root + '/solutions/patterns/tally.py').read())"),
    module("the reference by runpy", "", "import os, runpy\nTally = runpy.run_path(os.environ['KATAS_ROOT'] + '/solutions/patterns/tally.py')['Tally']"),
    module("imports the kit", "import graders.kit.expect"),
    module("thread at import that never ends", "threading.Thread(target=threading.Event().wait).start()"),
]  # fmt: skip

CHEATS = [
    cheat("every method passes", STUBS.format(body="pass"), *(ALL - {"test_shape", "test_adding_is_cheap"})),
    cheat("the stub", STUBS.format(body="raise NotImplementedError")),
    cheat("a method is missing", RIGHT.format(top="", reset="", bottom="del Tally.reset"), "test_shape", "test_reset"),
    cheat("a wrong signature", RIGHT.format(top="", reset="", bottom="Tally.add = lambda self: None"), "test_shape", "test_value_is_the_sum"),
    cheat("always equal", "class Any_(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\n"
          + STUBS.format(body="return Any_()"), *(ALL - {"test_shape", "test_adding_is_cheap"})),
    cheat("a mock of everything", "from unittest.mock import MagicMock\nTally = MagicMock()", *(ALL - {"test_shape", "test_adding_is_cheap"})),
    cheat("no lock", RIGHT.format(top="import contextlib", reset="", bottom="").replace("threading.Condition()", "type('N', (), {'__enter__': lambda s: s, '__exit__': lambda s, *a: None, 'notify_all': lambda s: None})()"),
          "test_threads_are_all_counted", "test_waiting"),
    cheat("threading.Lock replaced", RIGHT.format(top="class No:\n    acquire = lambda s, *a, **k: True\n    release = lambda s: None\n    __enter__ = lambda s: s\n    __exit__ = lambda s, *a: None\nthreading.Lock = threading.RLock = threading._allocate_lock = No", reset="", bottom=""), "test_waiting"),
    cheat("patches equal() through sys.modules", "import sys\nkit = sys.modules['graders.kit.expect']\nkit.same = lambda *a: True\nkit.equal = lambda *a, **k: None\n" + STUBS.format(body="return 0")),
    cheat("patches builtins", "import builtins\nbuiltins.type = lambda x: int\nbuiltins.isinstance = lambda *a: True\nbuiltins.all = lambda x: True\nbuiltins.any = lambda x: True\n" + STUBS.format(body="return 0"),
          "test_value_is_the_sum", "test_reset", "test_threads_are_all_counted"),
]  # fmt: skip

SUBMISSIONS = [*METHODS, *MODULES, *CHEATS]
