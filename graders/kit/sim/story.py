"""A schedule told in the learner's own lines."""

import sys
from types import FrameType

from graders.kit.sim.runtime import SITES
from graders.kit.sim.thread import SimThread

LINES_SHOWN = 5
SEGMENTS_SHOWN = 14
_WAITS = {
    ("threading.py", "Condition"): "waits in Condition.wait for a notify",
    ("threading.py", "Event"): "waits for an Event to be set",
    ("threading.py", "Semaphore"): "waits for a Semaphore to be released",
    ("threading.py", "BoundedSemaphore"): "waits for a Semaphore to be released",
    ("threading.py", "Barrier"): "waits at a Barrier for the others",
    ("queue.py", "get"): "waits in a queue's get for an item",
    ("queue.py", "put"): "waits in a queue's put for room",
    ("queue.py", "join"): "waits in a queue's join for task_done",
    ("_base.py", "result"): "waits for a future's result",
    ("_base.py", "exception"): "waits for a future's result",
}


def place(site: int) -> str:
    """A site as `file:line `source``."""
    if site < 0:
        return "the scene"
    file, line, text = SITES[site]
    return f"{file}:{line} `{text}`"


class Storyteller:
    """Records one schedule; `lines` is the story. Independent of memory addresses and file locations."""

    def __init__(self) -> None:
        self._segments: list[list[str]] = []
        self._passed: list[tuple[str, int, str]] = []
        self._last: dict[int, str] = {}
        self._running = "main"

    def passed(self, thread: SimThread, site: int) -> None:
        """A point: its line belongs to the running segment."""
        if site >= 0 and (not self._passed or self._passed[-1] != SITES[site]):
            self._passed.append(SITES[site])

    def switched(self, thread: SimThread, why: str, to: SimThread, now: float) -> None:
        """The running segment is over."""
        reason = self._reason(thread, why)
        self._last[thread.number] = reason
        if why == "stops" and self._passed:
            self._passed.pop()
        if thread.number or why not in {"joins", "lets the others run"}:
            self._segments.append(self._segment(thread, reason))
        self._passed = []
        self._running = to.name
        resumes = self._last.get(to.number, "").startswith(("stops", "waits"))
        if resumes and to is not thread and to.site >= 0 and to.number:
            self._passed.append(SITES[to.site])

    def ended(self, threads: list[SimThread]) -> None:
        """The last segment, then who is where."""
        waiting = [t for t in threads[1:] if not t.done and t.blocked_on is not None]
        if self._passed and self._running != "main":
            self._segments.append([f"{self._running} runs on", *self._code()])
        if waiting and not any(t.ready for t in threads):
            self._segments.append(
                [
                    "in the end:",
                    *(
                        f"    {t.name} {self._last[t.number]}"
                        for t in waiting
                        if t.number in self._last
                    ),
                ]
            )

    def lines(self) -> list[str]:
        """The story, the middle left out when it is long."""
        parts = self._segments
        if len(parts) > SEGMENTS_SHOWN:
            left_out = len(parts) - SEGMENTS_SHOWN
            head, tail = SEGMENTS_SHOWN // 2, SEGMENTS_SHOWN - SEGMENTS_SHOWN // 2
            parts = [*parts[:head], [f"… {left_out} more steps …"], *parts[-tail:]]
        return [line for part in parts for line in part]

    def _segment(self, thread: SimThread, reason: str) -> list[str]:
        return [
            f"{thread.name} runs, then {reason}" if self._passed else f"{thread.name} {reason}",
            *self._code(),
        ]

    def _code(self) -> list[str]:
        lines: list[str] = []
        for file, number, text in self._passed:
            line = f"    {file}:{number}  {text}"
            if not lines or lines[-1] != line:
                lines.append(line)
        if len(lines) > LINES_SHOWN:
            lines = [
                *lines[:2],
                f"    … {len(lines) - LINES_SHOWN + 1} more …",
                *lines[3 - LINES_SHOWN - 1 + 1 :][-2:],
            ]
        return lines

    def _reason(self, thread: SimThread, why: str) -> str:  # noqa: PLR0911 - a table
        at = place(thread.site)
        match why:
            case "ends":
                return "ends"
            case "stops":
                return f"stops before {at}"
            case "spins":
                return f"is interrupted in its loop at {at}"
            case "sleeps":
                return f"sleeps at {at}"
            case "joins":
                return f"waits for the end of {getattr(thread.blocked_on, 'name', 'a thread')}"
            case "waits":
                return f"{self._what_for(thread)} at {at}"
            case _:
                return why

    @staticmethod
    def _what_for(thread: SimThread) -> str:
        found = _library_call(sys._getframe(2))
        if found:
            return found
        owner = getattr(thread.blocked_on, "owner", None)
        if owner is thread:
            return "waits for a lock that it holds itself"
        return f"waits for a lock held by {owner.name}" if owner else "waits for a lock"


def _library_call(frame: FrameType | None) -> str:
    """Which of the library's waits the running thread is in: the outermost one below its own code."""
    found = ""
    while frame is not None:
        file = frame.f_code.co_filename.replace("\\", "/").rsplit("/", 1)[-1]
        if "wait" in frame.f_code.co_name or frame.f_code.co_name in {
            "get",
            "put",
            "join",
            "result",
            "acquire",
        }:
            owner = type(frame.f_locals.get("self")).__name__
            found = _WAITS.get((file, owner)) or _WAITS.get((file, frame.f_code.co_name)) or found
        frame = frame.f_back
    return found
