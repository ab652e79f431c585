"""What the interviewer says, as text."""

from collections.abc import Iterator

from graders.kit.drill.desk import Desk
from graders.kit.drill.prose import clock, fill, wrapped
from graders.kit.drill.state import Drill

HELP = """\
ask N ...       ask scope questions by their numbers; `questions` lists them
requirements    hear the requirements; your file with the stub appears
hint            the next hint; costs points
grade           grade your file now
status, show    where you stand; everything you were told so far
pause, resume   stop the clock, and go on
finish          the end, with the scorecard (--no-grade: as it was last graded)
assess N x 7    afterwards: judge your seven steps (0 no, 1 partly, 2 well)
scorecard       the scorecard again
history         earlier drills
Single commands work from any terminal: nox -s drill -- ask 3"""


def opening(desk: Desk, drill: Drill) -> Iterator[str]:
    """The first words: the story only, and what may be asked."""
    yield f"{drill.title} ({drill.topic}), {drill.level}, {clock(drill.limit)} on the clock"
    yield f"in {desk.place(desk.workspace.folder)}; the clock runs"
    yield from worksheet(desk, "the seven steps to fill in: ")
    yield ""
    yield wrapped(desk.sheet.interview.story)
    yield ""
    yield from questions(desk, drill)
    yield ""
    yield "`ask 1 4` asks; `requirements` ends the questions and gives you the task; `help`"


def worksheet(desk: Desk, label: str) -> Iterator[str]:
    """Where the worksheet is, if there is one."""
    if desk.worksheet.is_file():
        yield f"{label}{desk.place(desk.worksheet)}"


def questions(desk: Desk, drill: Drill) -> Iterator[str]:
    """The numbered scope questions, those asked marked."""
    yield "What do you want to know?"
    for number, each in enumerate(desk.sheet.interview.scope, 1):
        mark = "*" if number in drill.asked else " "
        yield fill(each.question, f"{number:>3}{mark} ")


def answer(desk: Desk, number: int) -> str:
    """A question and its answer."""
    asked = desk.sheet.interview.scope[number - 1]
    return f"{fill(asked.question, f'{number:>3}. ')}\n{fill(asked.answer, '     ')}"


def requirements(desk: Desk) -> Iterator[str]:
    """The task, and where it is done."""
    yield wrapped(desk.sheet.interview.requirements)
    yield ""
    yield f"Your file: {desk.place(desk.code)}"
    if desk.code.suffix:
        yield f"If it outgrows one file, make it a package beside it: {desk.code.stem}/__init__.py"
    yield "`grade` as often as you like: the last grade before the time is up counts"


def hint(desk: Desk, number: int) -> str:
    """The hint of this number, from 1."""
    return fill(desk.sheet.interview.hints[number - 1], f"hint {number}: ")


def told(desk: Desk, drill: Drill) -> Iterator[str]:
    """Everything that was said so far, in the order of an interview."""
    yield wrapped(desk.sheet.interview.story)
    for number in drill.asked:
        yield "\n" + answer(desk, number)
    if drill.required:
        yield ""
        yield from requirements(desk)
    for number, _ in enumerate(drill.hints, 1):
        yield "\n" + hint(desk, number)
    yield from changes(desk, drill)


def changes(desk: Desk, drill: Drill) -> Iterator[str]:
    """The changes of requirements that have arrived."""
    for at, change in zip(drill.changes, desk.sheet.interview.changes, strict=False):
        yield f"\nchanged at {clock(at)}:\n{fill(change.text, '  ')}"


def status(desk: Desk, drill: Drill) -> Iterator[str]:
    """Where the drill stands."""
    talk = desk.sheet.interview
    yield f"{desk.workspace.folder.name}: {drill.title} ({drill.topic}), {drill.level}"
    yield f"  clock         {countdown(desk, drill)}"
    yield f"  questions     {len(drill.asked)} of {len(talk.scope)} asked"
    yield f"  requirements  {'known' if drill.required else 'not asked for yet'}"
    yield f"  hints         {len(drill.hints)} of {len(talk.hints)} used"
    yield f"  changes       {len(drill.changes)} arrived"
    yield f"  last grade    {_last_grade(desk, drill)}"
    yield from worksheet(desk, "  worksheet     ")
    if drill.required:
        yield f"  your file     {desk.place(desk.code)}"


def countdown(desk: Desk, drill: Drill) -> str:
    """The clock in words."""
    elapsed = drill.elapsed(desk.room.clock())
    left = drill.limit - elapsed
    rest = f"{clock(left)} left" if left > 0 else f"{clock(-left)} over"
    state = "" if drill.running else ", finished" if drill.finished is not None else ", paused"
    return f"{clock(elapsed)} of {clock(drill.limit)}, {rest}{state}"


def held(desk: Desk, drill: Drill) -> str:
    """What the last grade said, in one line."""
    last = drill.grades[-1]
    late = "" if last.elapsed <= drill.limit else ", after the end: does not count"
    return (
        f"{len(last.held)} of {len(desk.sheet.promises)} promises hold, "
        f"graded at {clock(last.elapsed)}{late}"
    )


def _last_grade(desk: Desk, drill: Drill) -> str:
    return held(desk, drill) if drill.grades else "none yet"
