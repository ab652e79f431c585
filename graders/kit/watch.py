"""`nox -s watch`: grades a topic anew whenever its implementation is saved, and says what has changed.

What was red is graded first, and each check that changes its colour is told as soon as it has ended: whether
the change helped is known before everything has run again. The grader stays ready between two saves.
"""

import json
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from graders.kit.loading import START, Source, parse
from graders.kit.topics import Topic
from graders.kit.warm import Wanted, Warm

NAMED: Final = 8
LOOK: Final = 0.1
SETTLE_MS: Final = 100
"""An editor writes a file in several steps; so long after the last of them grading begins."""
Words = dict[str, str]


class Watcher:
    """Grades one implementation again and again; a save ends the run that is under way."""

    def __init__(self, source: Source, spec: str, say: Callable[[str], None] = print) -> None:
        self._source, self._spec, self._say = source, spec, say
        self._known: Words = {}
        self._grader = Warm(source.topic)
        self._saves = 0

    def saved(self) -> None:
        """The implementation has changed: what runs is out of date."""
        self._saves += 1

    def grade(self) -> None:
        """One round: what was red first. What has changed is told as soon as its check has ended."""
        save = self._saves
        self._say(f"-- {datetime.now():%H:%M:%S}  {self._source.topic.id}  ({self._spec})")  # noqa: DTZ005
        with tempfile.TemporaryDirectory(prefix="katas-watch-") as folder:
            results, report = Path(folder) / "results.json", Path(folder) / "report.txt"
            red = [name for name, word in self._known.items() if word != "pass"]
            self._grader.ask(Wanted(self._spec, str(results), first=red, report=str(report)))
            ended = None
            while ended is None and self._saves == save:
                ended = self._grader.answer(LOOK)
                self._tell(_words(results), save)
            if ended is None:
                self._begin_anew()
            elif report.is_file():
                self._say(report.read_text(encoding="utf-8").strip("\n"))
            else:
                self._say(self._grader.said())
                self._begin_anew()

    def end(self) -> None:
        """End what runs."""
        self._grader.close()

    def _begin_anew(self) -> None:
        self._grader.close()
        self._grader = Warm(self._source.topic)

    def _tell(self, words: Words, save: int) -> None:
        if self._saves != save:
            return
        for line in changes(self._known, words):
            self._say(line)
        self._known = {**self._known, **words}


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
            while not wake.wait(LOOK):
                pass  # the system may give Ctrl-C to any thread: Python answers it in this one
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
        watcher.end()


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


def _short(path: Path) -> str:
    return os.path.relpath(path, START)
