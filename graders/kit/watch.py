"""`nox -s watch`: grades a topic anew whenever its implementation is saved, and says what has changed.

What was red is graded first, on its own, and each check that changes its colour is told as soon as it has ended:
whether the change helped is known before everything has run again.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from graders.kit.loading import START, Source, parse
from graders.kit.report import clean
from graders.kit.topics import Topic

NAMED: Final = 8
LOOK: Final = 0.2
SETTLE_MS: Final = 100
"""An editor writes a file in several steps; so long after the last of them grading begins."""
Words = dict[str, str]


@dataclass
class Watcher:
    """Grades one implementation again and again; a save ends the run that is under way."""

    source: Source
    spec: str
    say: Callable[[str], None] = print
    _known: Words = field(default_factory=dict)
    _run: subprocess.Popen[str] | None = None
    _saves: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def saved(self) -> None:
        """The implementation has changed: what runs is out of date."""
        with self._lock:
            self._saves += 1
            if self._run is not None:
                self._run.terminate()

    def grade(self) -> None:
        """One round: what was red, then everything."""
        save = self._saves
        self.say(f"-- {datetime.now():%H:%M:%S}  {self.source.topic.id}  ({self.spec})")  # noqa: DTZ005
        red = [name for name, word in self._known.items() if word != "pass"]
        if 0 < len(red) < len(self._known):
            self._graded(red, save)
        report = self._graded([], save)
        if self._saves == save:
            self.say(report)

    def _tell(self, words: Words, save: int) -> None:
        if self._saves != save:
            return
        for line in changes(self._known, words):
            self.say(line)
        self._known = {**self._known, **words}

    def _graded(self, names: Sequence[str], save: int) -> str:
        """The report, from what holds to the end. What has changed is told as soon as its check has ended."""
        with tempfile.TemporaryDirectory(prefix="katas-watch-") as folder:
            results = Path(folder) / "results.json"
            command = [sys.executable, "-m", "graders.kit", "grade", self.source.topic.id]
            command += ["--impl", self.spec, "--results", str(results)]
            for name in names:
                command += ["--check", name]
            report = self._output(command, lambda: self._tell(_words(results), save))
            return _without_progress(report)

    def _output(self, command: Sequence[str], look: Callable[[], None]) -> str:
        with self._lock:
            self._run = subprocess.Popen(
                command,
                cwd=START,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return self._run.communicate(timeout=LOOK)[0]
                look()
        finally:
            self._run.kill()
            look()


def watch(topic: Topic, spec: str) -> int:
    """Grade now and after each save, until Ctrl-C."""
    import watchfiles  # noqa: PLC0415 - only this session installs it

    source, stop = parse(topic, spec), threading.Event()
    watcher = Watcher(source, spec)
    wake = threading.Event()
    wake.set()
    place = source.path if source.path.is_dir() else source.path.parent
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def notice() -> None:
        for found in watchfiles.watch(
            place, debounce=SETTLE_MS, step=SETTLE_MS // 2, stop_event=stop, raise_interrupt=False
        ):
            if any(concerns(source.path, Path(name)) for _, name in found):
                watcher.saved()
                wake.set()

    threading.Thread(target=notice, daemon=True).start()
    try:
        while True:
            wake.wait()
            wake.clear()
            watcher.grade()
            if not wake.is_set():
                print(f"watching {_short(source.path)}   (Ctrl-C ends it)", flush=True)
    except KeyboardInterrupt:
        watcher.saved()
        print("\nstopped watching")
        return 0
    finally:
        stop.set()


def concerns(path: Path, changed: Path) -> bool:
    """Whether a changed file is the implementation, or one of its modules."""
    if path.is_dir():
        return changed.suffix == ".py" and changed.is_relative_to(path)
    return changed == path


def changes(before: Words, now: Words) -> Iterator[str]:
    """What is newly green and newly red; nothing for the first run."""
    if not before:
        return
    green = [name for name, word in now.items() if word == "pass" != before.get(name, "pass")]
    red = [name for name, word in now.items() if word != "pass" == before.get(name)]
    for label, names in (("newly green", green), ("newly red", red)):
        if names:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            yield f"   {label}: {', '.join(names[:NAMED])}{more}"


def _words(results: Path) -> Words:
    try:
        checks = json.loads(results.read_text(encoding="utf-8"))["checks"]
    except (OSError, ValueError):
        return {}
    return {check["name"]: check["word"] for check in checks if check["word"] != "not run"}


def _without_progress(report: str) -> str:
    """From the first empty line on: the dots before it were progress."""
    _, found, rest = report.partition("\n\n")
    return rest.rstrip() if found else "\n".join(clean(line) for line in report.splitlines())


def _short(path: Path) -> str:
    return os.path.relpath(path, START)
