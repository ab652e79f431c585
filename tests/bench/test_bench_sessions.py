"""`nox -s bench` as its users meet it: whole runs of a small topic."""

import json
import os
import re
import signal
from pathlib import Path

import psutil
import pytest

from tests.bench.house import House

HANGS_AND_DIES = """
import os, threading

class Tally:
    def __init__(self):
        self.n = 0
        self.gone = threading.Event()
    def add(self, n):
        self.n += n
    def value(self):
        self.gone.wait()
    def reset(self):
        os._exit(0)
"""
RAISES = """
class Tally:
    def add(self, n):
        raise ValueError("\\x1b[31m<script>alert(1)</script> [bold]\\ud800" + "x" * 10_000)
    def value(self):
        while True: pass
    def reset(self):
        print("spam" * 100)
        return 0
"""
SPINS = """
class Tally:
    def add(self, n):
        while True: pass
"""
TWICE = """

class Tally(Tally):
    def add(self, n):
        super().add(n)
        super().add(-n)
        super().add(n)
"""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A repository of its own."""
    return House(tmp_path / "house")


def files(house: House) -> set[str]:
    """Every file of the repository, results apart."""
    found = (path.relative_to(house.root) for path in house.root.rglob("*") if path.is_file())
    return {str(path) for path in found if path.parts[0] != "results"}


def test_before_anything_is_built(house: House) -> None:
    """The stub is not attempted; the reference and the peer have figures; who is missing is named."""
    before = files(house)
    code, out, err = house.bench("tally")
    assert (code, err) == (0, "")
    assert re.search(r"yours +- +- +- +not attempted", out)
    assert "Nobodys: no_such_library is not installed" in out
    assert "does not define Tally" not in out
    assert re.search(r"Plain +[\d,]+ +\d+\.\d\dx +±\d+ %", out)
    assert "Sizes" in out
    assert "Threads" in out
    assert max(map(len, out.splitlines()[1:])) <= 80
    assert not re.search(r"[\x1b\u2500-\u257f]", out)
    assert files(house) == before
    assert re.search(r"yours", (house.root / "results/bench/tally/index.html").read_text())
    assert (house.root / "results/bench/tally/chart.svg").read_text().startswith("<svg")


def test_a_peer_gets_no_help_from_the_reference(house: House) -> None:
    """What a library does not offer is no figure of the reference under its name."""
    out = house.bench("tally", "--impl", "solutions")[1]
    reset = out[out.index("reset: reset") :]
    assert re.search(r"Plain +- +- +- +AttributeError", reset)


def test_a_change_shows(house: House) -> None:
    """A method that does its work three times: slower; the others: no measurable difference."""
    house.processes = 3
    house.stub.write_text(house.right, encoding="utf-8")
    code, out, _ = house.bench("tally", "--compare")
    assert code == 0
    assert "No earlier run to compare with" in out
    house.stub.write_text(house.right + TWICE, encoding="utf-8")
    code, out, _ = house.bench("tally", "--compare")
    assert code == 0
    assert re.search(r"add +slower: takes \d\.\d\d times as long as before", out)
    assert re.search(r"value +no measurable difference \(under", out)
    runs = sorted((house.root / "results/bench/tally/runs").glob("*.json"))
    assert len(runs) == 2
    assert {"topic", "when", "impl", "machine", "workload", "operations"} <= set(
        json.loads(runs[0].read_text())
    )
    page = (house.root / "results/bench/tally/index.html").read_text()
    assert "times as long as before" in page


def test_a_contender_that_hangs_or_dies_is_left_behind(house: House) -> None:
    """What it did before has figures, the others are measured as ever, and the exit code says it."""
    house.stub.write_text(HANGS_AND_DIES, encoding="utf-8")
    code, out, err = house.bench("tally")
    assert (code, err) == (1, "")
    assert re.search(r"yours +[\d,]+ +\d", out)
    assert "stopped: it neither computed nor" in out
    assert "its process ended with exit code 0" in out
    assert len(re.findall(r"reference +[\d,]+ +1.00x", out)) == 3


def test_what_learner_code_says_is_harmless(house: House) -> None:
    """An error text is escaped and capped on the terminal and on the page; endless loops end."""
    house.stub.write_text(RAISES, encoding="utf-8")
    code, out, _ = house.bench("tally")
    page = (house.root / "results/bench/tally/index.html").read_text(encoding="utf-8")
    assert code == 1
    assert "ValueError" in out
    assert "[bold]" in out
    assert "\x1b" not in out + page
    assert "<script" not in page
    assert "spam" not in out
    assert "x" * 1000 not in out + page
    assert "of CPU time" in " ".join(out.split())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_running(house: House, how: signal.Signals) -> None:
    """Ctrl-C, or kill -9: every contender ends with the run, and no half run is kept."""
    if how is signal.SIGKILL and os.uname().sysname != "Linux":
        pytest.skip("only Linux tells a child that its parent was killed")
    house.stub.write_text(SPINS, encoding="utf-8")
    process = house.start("tally")
    assert process.stdout is not None
    while "add" not in (seen := process.stdout.read(1)) and seen != "…":
        assert seen, "it ended by itself"
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(how)
    process.communicate(timeout=60)
    assert process.returncode in {130, -signal.SIGKILL}
    assert children
    assert psutil.wait_procs(children, timeout=60)[1] == []
    assert not list((house.root / "results").rglob("*.json"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["taly"], "did you mean"),
        (["tally", "--impl", "nowhere.py"], "nor an existing file"),
        (["tally", "--impl", "peers:Plane"], "did you mean Plain"),
        (["tally", "--impl", "peers:Nobodys"], "no_such_library is not installed"),
        (["tally", "--compare", "2020"], "no run '2020'"),
        (["tally", "--compar", "--x"], "nox --usage bench"),
    ],
)
def test_a_mistake_is_one_line(house: House, arguments: list[str], says: str) -> None:
    """Before anything is measured: what was wrong, what to do, exit code 2."""
    code, out, err = house.bench(*arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_a_bench_that_cannot_be_read_is_said_so(house: House) -> None:
    """One line that names the file."""
    bench = house.root / "graders/patterns/tally/bench_tally.py"
    bench.write_text("def test_(:\n", encoding="utf-8")
    code, _, err = house.bench("tally")
    assert code == 2
    assert "bench_tally.py:1" in err
    bench.unlink()
    assert "tally has no bench yet" in house.bench("tally")[2]
