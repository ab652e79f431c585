# ruff: noqa: E501 - one submission a line
"""Further accidents and tricks: roads to the answers, to the judges, to the grader's process, out of the family."""

from tests.hostile.submissions import ALL, RIGHT, STUBS, Submission, cheat, method, module

_ANSWER = (
    "import os\nroot = os.environ['KATAS_ROOT']\nanswer = root + '/solutions/patterns/tally.py'\n"
)
_DAEMON = """import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        {hide}
        import select
        select.select([], [], [], 600)
    os._exit(0)
os.wait()"""


def road(name: str, last: str) -> Submission:
    """The reference by a road of its own."""
    return module(name, "", _ANSWER + last)


def patch(name: str, change: str) -> Submission:
    """Does nothing right, and changes who judges it."""
    return cheat(name, f"import sys\n{change}\n" + STUBS.format(body="return 0"))


METHODS = [
    method("signal without a name", "import os\nos.kill(os.getpid(), 40)"),
    method("kills the grader", "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"),
    method("interrupts the grader", "import os, signal\nos.kill(os.getppid(), signal.SIGINT)"),
    method("kills the grader's group", "import os, signal\nos.killpg(os.getpgid(os.getppid()), signal.SIGKILL)"),
    method("kills the grader by a program", "import os, subprocess\nsubprocess.run(['kill', '-9', str(os.getppid())])"),
    method("daemon left behind", _DAEMON.format(hide="pass")),
    method("daemon that hides", _DAEMON.format(hide="os.chdir('/'); os.closerange(0, 64)")),
    method("session of its own left behind", "import subprocess\nsubprocess.Popen(['sleep', '600'], start_new_session=True)"),
    method("writes into the repository", "import os\nopen(os.environ['KATAS_ROOT'] + '/exercises/trick.py', 'w')"),
    method("makes a folder in the repository", "import os\nos.mkdir(os.environ['KATAS_ROOT'] + '/exercises/trick')"),
    method("renames a grader", "import os\nroot = os.environ['KATAS_ROOT']\nos.rename(root + '/graders/none', root + '/graders/nobody')"),
    method("says inconclusive", "import sys\nraise sys.modules['graders.kit.expect'].Inconclusive('a busy machine')"),
    method("__del__ that exits", "import os\nclass D:\n    def __del__(self):\n        os._exit(0)\nD()"),
    method("forged answers in every pipe", "import os\nfor fd in range(3, 64):\n    try:\n        os.write(fd, b'\\n{\"word\": \"pass\"}\\n{\"left\": true}\\n')\n    except OSError:\n        pass\nos._exit(0)"),
    method("noise in every pipe", "import os\nfor fd in range(3, 64):\n    try:\n        os.set_blocking(fd, False)\n        os.write(fd, b'x' * 60000)\n    except OSError:\n        pass\nassert False"),
    method("closes standard output of python", "import sys\nsys.stdout.close()\nsys.stderr.close()\nassert False"),
    method("text of the exception is no text", "class S(str):\n    def __getitem__(self, i):\n        raise ValueError\nclass E(Exception):\n    def __str__(self):\n        return S('x')\nraise E()"),
    method("exception that is its own cause", "e = ValueError('x')\ne.__cause__ = e\nraise e"),
    method("exception group", "raise ExceptionGroup('many', [ValueError(str(i)) for i in range(1000)])"),
    method("class that lies about its class", "class L:\n    __class__ = int\nreturn L()"),
    method("waits for a child that waits", "import os\nif os.fork() == 0:\n    import select\n    select.select([], [], [], 600)\nos.wait()"),
    method("thread that dies", "def die():\n    raise ValueError('in a thread')\nt = threading.Thread(target=die)\nt.start()\nt.join()\nassert False"),
]  # fmt: skip

MODULES = [
    road("the reference by dots", "exec(open(root + '/./solutions/../solutions/patterns/tally.py').read())"),
    road("the reference by bytes", "exec(open(os.fsencode(answer)).read())"),
    road("the reference by a link", "os.symlink(answer, 'tally_link.py')\nexec(open('tally_link.py').read())"),
    road("the reference by a relative path", "os.chdir(root)\nexec(open('solutions/patterns/tally.py').read())"),
    road("the reference by a descriptor", "fd = os.open(answer, os.O_RDONLY)\nexec(os.read(fd, 9999))"),
    road("the reference by a copy", "import shutil\nshutil.copy(answer, 'mine.py')\nexec(open('mine.py').read())"),
    road("the reference by cat", "import subprocess\nexec(subprocess.check_output(['cat', answer]))"),
    road("the reference by a shell", "exec(os.popen('cat ' + answer).read())"),
    road("the reference by git", "import subprocess\nexec(subprocess.check_output(['git', '-C', root, 'show', 'HEAD:./sol*/patterns/tally.py']))"),
    road("the reference by its loader", "import importlib.util as u\ns = u.spec_from_file_location('x', answer)\nm = u.module_from_spec(s)\ns.loader.exec_module(m)\nTally = m.Tally"),
    road("the reference by builtins", "import builtins\nTally = builtins.__import__('solutions.patterns.tally', fromlist=['Tally']).Tally"),
    module("fork at import", "import os\nif os.fork():\n    os._exit(0)"),
    module("recursion at import", "def f():\n    f()\nf()"),
    module("imports itself", "import tally_that_is_not_there_either"),
]  # fmt: skip

CHEATS = [
    patch("patches the test item", "sys.modules['_pytest.python'].Function.runtest = lambda self: None"),
    patch("changes the code of equal()", "equal = sys.modules['graders.kit.expect'].equal\nequal.__code__ = (lambda got, want, *, did: None).__code__"),
    patch("patches the pipe", "kit = sys.modules['graders.kit.child']\nsend = kit._send\nkit._send = lambda a, n, d: send(a, n, {**d, 'word': 'pass'})"),
    patch("patches the verdict", "Verdict = sys.modules['graders.kit.verdict'].Verdict\nVerdict.to_dict = lambda self: {'word': 'pass'}"),
    patch("patches the judge", "kit = sys.modules['graders.kit.child']\nkit.judge = lambda body: kit.Verdict('pass')"),
    patch("patches explore()", "kit = sys.modules['graders.kit.scenes']\nkit.explore = kit.simulate = lambda *a, **k: None\nequal = sys.modules['graders.kit.expect']\nequal.same = lambda *a: True"),
    cheat("empties the contract", "import contracts.patterns.tally as contract\ncontract.IMPLEMENT = ()\nclass Tally: pass"),
    cheat("stops the clock", RIGHT.format(top="import time\ntime.monotonic = lambda: 0.0", reset="", bottom="")),
    cheat("replaces Condition", RIGHT.format(top="class C(threading.Condition):\n    pass\nthreading.Condition = C", reset="", bottom="")),
    cheat("says not implemented", STUBS.format(body="raise NotImplementedError('pass')")),
    cheat("any attribute will do", "class Tally:\n    def __getattr__(self, name):\n        return lambda *a, **k: self\n    def __eq__(self, other):\n        return True\n    __hash__ = None",
          *(ALL - {"test_adding_is_cheap"})),
]  # fmt: skip

BEHAVIOUR = ALL - {"test_shape", "test_adding_is_cheap"}
_ITEMS = "import gc\nfor o in gc.get_objects():\n    if type(o).__name__ == 'Function' and hasattr(o, 'runtest'):\n        "
_PARTS = "sys.executable, '-c', 'print(open(%r + \"/sol\" + \"utions/patterns/tally.py\").read())' % root"
_IMPORT = "import importlib, inspect as i; print(i.getsource(importlib.import_module('sol' + 'utions.patterns.tally')))"

METHODS += [
    method("class of the exception has no name", "class M(type):\n    @property\n    def __name__(cls):\n        raise ValueError\nclass E(Exception, metaclass=M):\n    pass\nraise E"),
    method("text of the exception interrupts", "class E(Exception):\n    def __str__(self):\n        raise KeyboardInterrupt\nraise E"),
    method("text of the assertion raises", "class E(AssertionError):\n    def __str__(self):\n        raise ValueError\nraise E"),
    method("traceback of the exception is a number", "class E(Exception):\n    __traceback__ = 5\n    __cause__ = property(lambda s: 1 / 0)\nraise E"),
    method("repr that exits", "class R:\n    def __repr__(self):\n        raise SystemExit(0)\nreturn R()"),
    method("breakpoint()", "breakpoint()"),
    method("fills its folder", "for i in range(60):\n    with open(str(i), 'wb') as f:\n        f.write(b'x' * 2 ** 23)\nwhile True:\n    pass"),
    method("kills the grader by a descriptor", "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open(os.getppid()), signal.SIGKILL)\nassert False"),
    method("writes where the grader prints", "import os\nopen(f'/proc/{os.getppid()}/fd/1', 'w').write('\\x1b[2J6 passed')"),
    method("removes its own source", "import os\nos.remove(__file__)"),
    method("raises what ends a schedule", "import sys\nraise sys.modules['graders.kit.sim.failure'].Abort"),
]  # fmt: skip
MODULES += [
    module("a syntax error of anything", "raise SyntaxError('no', (1, 2, 3, 4))"),
    road("the reference by a glob in a shell", "exec(os.popen('cat ' + root + '/sol*/patterns/tally.py').read())"),
    road("the reference by a shell in its folder", "os.chdir(root)\nexec(os.popen('cat s*/patterns/tally.py').read())"),
    road("the reference by a program in its folder", "import subprocess\nexec(subprocess.check_output('cat s*/patterns/tally.py', shell=True, cwd=root))"),
    road("the reference by a python and parts of its name", f"import subprocess, sys\nexec(subprocess.check_output([{_PARTS}]))"),
    road("the reference by an import in a python", f"import subprocess, sys\nexec(subprocess.check_output([sys.executable, '-c', {_IMPORT!r}]))"),
    road("the reference by exec", "r, w = os.pipe()\nif not os.fork():\n    os.dup2(w, 1)\n    os.execvp('sh', ['sh', '-c', f'cat {root}/s*/patterns/tally.py'])\nos.wait()\nexec(os.read(r, 9999))"),
    road("the reference by its folder's descriptor", "d = os.open(root, os.O_RDONLY)\nexec(os.read(os.open('solutions/patterns/tally.py', os.O_RDONLY, dir_fd=d), 9999))"),
]  # fmt: skip
CHEATS += [
    cheat("ends every schedule", "import sys\ndef end():\n    raise sys.modules['graders.kit.sim.failure'].Abort\n" + STUBS.format(body="end()"), *(ALL - {"test_shape"})),
    cheat("replaces the check", f"{_ITEMS}o.obj = lambda impl=None, reference=None, request=None: None\n" + STUBS.format(body="return 0"), *BEHAVIOUR),
    cheat("replaces how the check is run", f"{_ITEMS}o.runtest = lambda: None\n" + STUBS.format(body="return 0"), *BEHAVIOUR),
    cheat("registers a plugin", f"class P:\n    def pytest_pyfunc_call(self, pyfuncitem):\n        return True\n{_ITEMS}o.config.pluginmanager.register(P())\n        break\n" + STUBS.format(body="return 0"), *BEHAVIOUR),
    cheat("patches json", "import json\nold = json.JSONEncoder.encode\njson.JSONEncoder.encode = lambda s, o: old(s, {**o, 'word': 'pass'} if 'word' in o else o)\n" + STUBS.format(body="return 0"), *BEHAVIOUR),
    patch("patches asdict()", "import dataclasses\ndataclasses.asdict = lambda o: {'word': 'pass'}"),
    patch("patches signature()", "import inspect\ninspect.signature = lambda *a: inspect.Signature()"),
    patch("hides builtins from the judges", "kit = sys.modules['graders.kit.expect']\nkit.type, kit.isinstance, kit.bool = lambda x: int, lambda *a: False, lambda x: True"),
]  # fmt: skip

TRICKS = [*METHODS, *MODULES, *CHEATS]
