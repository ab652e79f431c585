"""The pytest plugin: graders are ordinary pytest functions, each run in a child of its own.

pytest itself never imports the code that is graded. Checks that will follow run ahead while one is waited for;
what measures throughput runs alone.
"""

import contextlib
import gc
import os
import select
import sys
from functools import partial
from pathlib import Path

import pytest

from graders.kit import scenes
from graders.kit.box import LOOK, Box
from graders.kit.child import DoesNotLoad, judge
from graders.kit.guard import close_the_book
from graders.kit.loading import Implementation, Source, open_source, parse, prepare_source
from graders.kit.mistakes import Mistake
from graders.kit.results import Results
from graders.kit.seal import Seal, places_of, seal, seal_library
from graders.kit.topics import ROOT, Topic
from graders.kit.verdict import Check, Verdict

SHAPE = "test_shape"
FIXTURES = frozenset({"impl", "plain", "reference", "plain_reference"})
ANSWER_PLACES = ("solutions", ".git")
TURNS = "graders.kit.bench.turns"
ANSWER_FILES = ("impostors.py", "peers.py")
HANGS_PER_TOPIC = 3
KEY = pytest.StashKey["Grading"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of a graded run."""
    group = parser.getgroup("katas", "grading")
    group.addoption(
        "--impl",
        default="exercises",
        help="exercises, solutions, peers:NAME, impostors:NAME, a path",
    )
    group.addoption("--in-process", action="store_true", help="for debuggers; not a graded run")
    group.addoption(
        "--replay", metavar="TOKEN", help="replay one schedule of a check, as a report names it"
    )
    group.addoption(
        "--only", metavar="NAMES", help="only the checks of these names, comma-separated"
    )
    group.addoption("--results", metavar="FILE", help="where to write results.json")


def pytest_configure(config: pytest.Config) -> None:
    """The mark of a check."""
    config.addinivalue_line("markers", "check(*promises, kind): a check of these promises")
    config.stash[KEY] = Grading(config)


def topic_of(path: Path) -> Topic | None:
    """The topic a file of `graders/<chapter>/<topic>/` belongs to; None for other files."""
    folder = path.parent
    if folder.parent.parent.name != "graders" or folder.parent.name == "kit":
        return None
    return Topic(folder.parent.name, folder.name, folder.parents[2])


class Grading:
    """The checks of this run and the children that are running."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.spec: str = config.getoption("--impl")
        self.in_process: bool = config.getoption("--in-process")
        self.results: Results | None = None
        self.checks: dict[str, Check] = {}
        self._order: list[pytest.Item] = []
        self._before: dict[Path, Seal] = {}
        self._running: dict[str, Box] = {}
        self._blocked: dict[str, str] = {}
        self._hangs: dict[str, int] = {}
        self._ahead = max(1, os.cpu_count() or 1)

    def expect(self, items: list[pytest.Item]) -> None:
        """Know every check beforehand; the shape of each topic comes first."""
        checks = [
            item for item in items if item.get_closest_marker("check") and topic_of(item.path)
        ]
        checks.sort(key=lambda item: (_id(item), item.name != SHAPE))
        places, known = iter(checks), set(checks)
        items[:] = [next(places) if item in known else item for item in items]
        self.prepare(self.spec, checks)
        if checks:
            files = {(item.path, _id(item)) for item in checks}
            self._before = {path: seal(*places_of(path, topic)) for path, topic in files}
            gc.freeze()  # what is here now, a child need neither look at nor copy
            self.begin(self.spec, checks, self._config.getoption("--results"))

    def begin(self, spec: str, checks: list[pytest.Item], results: str | None) -> None:
        """A run of these checks is to come: write down that none of them has run."""
        self.spec, self._order = spec, checks
        self.checks = {item.nodeid: describe(item, spec) for item in checks}
        self.results = Results(spec, list(self.checks.values()), results)

    def prepare(self, spec: str, checks: list[pytest.Item]) -> None:
        """Compile here, once, what each child will import; what cannot be is left to the child to report."""
        wanted = {
            (topic_of(i.path), name) for i in checks for name in getattr(i, "fixturenames", ())
        }
        for topic, name in wanted:
            if topic is not None and name in FIXTURES:
                source = "solutions" if "reference" in name else spec
                with contextlib.suppress(Mistake, OSError):
                    prepare_source(parse(topic, source), points="plain" not in name)

    def run(self, item: pytest.Item) -> Verdict:
        """The verdict on one check, from its child; later ones are started ahead."""
        if self.in_process:
            sys.breakpointhook = (
                sys.__breakpointhook__
            )  # not pytest's, which wants its own terminal
            verdict = judge(lambda: self._body(item))
            item.session._setupstate.teardown_exact(None)  # noqa: SLF001
            return verdict
        topic = self.checks[item.nodeid].topic
        if topic in self._blocked:
            return Verdict("blocked", got=self._blocked[topic])
        self._start_ahead(item)
        box = self._running[item.nodeid]
        while not box.done:
            self._look()
            if self.results is not None:
                self.results.save()
            if len(self._company()) < self._ahead:
                self._start_ahead(item)
        del self._running[item.nodeid]
        self._learn(topic, item, box.verdict)
        return box.verdict

    def end(self) -> None:
        """End what still runs, if the run was given up; nothing more will be known."""
        for box in self._running.values():
            box.end()
        if self.results is not None:
            self.results.save(at_once=True)

    def _start_ahead(self, item: pytest.Item) -> None:
        """Start this check, and those after it that do not mind company."""
        for other in self._order[self._order.index(item) :]:
            alone = self.checks[other.nodeid].kind == "throughput" or other.name == SHAPE
            if other is not item and (alone or len(self._company()) >= self._ahead):
                break
            if other.nodeid not in self._running:
                if alone:
                    self._drain()
                before = self._before[other.path]
                self._running[other.nodeid] = Box(partial(self._body, other), before=before)
            if alone:
                break

    def _company(self) -> list[Box]:
        """The children that have not ended."""
        return [box for box in self._running.values() if not box.done]

    def _drain(self) -> None:
        while self._company():
            self._look()

    def _look(self) -> None:
        boxes = self._company()
        ends = [end for box in boxes for end in box.readable]
        select.select(ends, [], [], LOOK if all(box.readable for box in boxes) else LOOK / 20)
        for box in boxes:
            box.look()

    def _learn(self, topic: str, item: pytest.Item, verdict: Verdict) -> None:
        """What does not load blocks its topic; so do three checks that never end."""
        if verdict.blocks:
            self._block(topic, "the module does not load")
        if verdict.want == "an end" and verdict.word == "fail":
            self._hangs[topic] = self._hangs.get(topic, 0) + 1
            if item.name == SHAPE:
                self._block(topic, "the module does not load")
            elif self._hangs[topic] >= HANGS_PER_TOPIC:
                self._block(topic, f"{HANGS_PER_TOPIC} checks did not come to an end")

    def _block(self, topic: str, why: str) -> None:
        self._blocked[topic] = why

    def _body(self, item: pytest.Item) -> None:
        """What runs in the child: fixtures, then the check."""
        scenes.REPLAY = self._config.getoption("--replay")
        if not isinstance(item, pytest.Function):
            raise TypeError(f"{item.name} is no function")
        function, names = item.obj, item._fixtureinfo.argnames  # noqa: SLF001 - held before graded code runs
        item.session._setupstate.setup(item)  # noqa: SLF001 - pytest has no public way to run one item
        function(**{name: item.funcargs[name] for name in names})
        scenes.replayed()


def _id(item: pytest.Item) -> str:
    topic = topic_of(item.path)
    assert topic is not None
    return topic.id


def describe(item: pytest.Item, impl: str) -> Check:
    """The check that a pytest item is."""
    mark = item.get_closest_marker("check")
    assert mark is not None
    text = " ".join((item.obj.__doc__ or "").split())  # type: ignore[attr-defined]
    return Check(item.nodeid, _id(item), item.name, mark.args, mark.kwargs["kind"], text, impl)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Everything that is expected is known before the first check runs."""
    names = set((config.getoption("--only") or "").split(",")) - {""}
    if names:
        items[:] = [
            item for item in items if item.name in names or item.name.partition("[")[0] in names
        ]
    config.stash[KEY].expect(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> object:
    """A check runs in its child; other tests run as ever."""
    grading = item.config.stash[KEY]
    if item.nodeid not in grading.checks:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    verdict = grading.run(item)
    grading.checks[item.nodeid].verdict.__dict__.update(verdict.__dict__)
    if grading.results is not None:
        grading.results.record(grading.checks[item.nodeid])
    item.ihook.pytest_runtest_logreport(
        report=_report(item, grading.checks[item.nodeid], grading.in_process)
    )
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _report(item: pytest.Item, check: Check, in_process: bool) -> pytest.TestReport:
    from graders.kit.report import explain  # noqa: PLC0415 - only for a failure

    verdict = check.verdict
    passed = verdict.word == "pass"
    return pytest.TestReport(
        item.nodeid,
        item.location,
        dict.fromkeys(item.keywords, 1),
        "passed" if passed else "failed",
        None if passed else "\n".join(explain(check, in_process=in_process)),
        "call",
        duration=verdict.seconds,
        start=0,
        stop=0,
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """What was expected and did not report has not passed."""
    grading = session.config.stash[KEY]
    grading.end()
    words = {check.verdict.word for check in grading.checks.values()}
    if words - {"pass"} and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _source(request: pytest.FixtureRequest, spec: str | None = None) -> Source:
    topic = topic_of(request.path)
    if topic is None:
        raise Mistake(f"{request.path.name} lies in no topic's folder")
    return parse(topic, spec or request.config.stash[KEY].spec)


def _open(
    request: pytest.FixtureRequest, *, points: bool, spec: str | None = None, close: bool = True
) -> Implementation:
    source = _source(request, spec)
    if spec is None and source.is_learners:
        wants_reference = {"reference", "plain_reference"} & set(request.fixturenames)
        for name in sorted(wants_reference):
            request.getfixturevalue(name)
        if close and not request.config.stash[KEY].in_process:
            answers = [ROOT / name for name in ANSWER_PLACES]
            answers += [source.topic.grader / name for name in ANSWER_FILES]
            close_the_book(*answers, house=ROOT, mine=source.path)
            seal_library()
    try:
        return open_source(source, points=points)
    except Mistake:
        raise
    except BaseException as error:
        raise DoesNotLoad(source.path.name, error) from error


@pytest.fixture
def impl(request: pytest.FixtureRequest) -> Implementation:
    """The implementation that is graded, with its switch points."""
    from graders.kit.sim import install  # noqa: PLC0415 - patches this process, which must be a child

    install()
    return _open(request, points=True)


@pytest.fixture
def plain(request: pytest.FixtureRequest) -> Implementation:
    """The implementation that is graded, as it is."""
    return _open(request, points=False)


@pytest.fixture
def reference(request: pytest.FixtureRequest) -> Implementation:
    """The reference solution with its switch points, to compare costs with."""
    return _open(request, points=True, spec="solutions")


@pytest.fixture
def plain_reference(request: pytest.FixtureRequest) -> Implementation:
    """The reference solution as it is, to compare times with."""
    return _open(request, points=False, spec="solutions")


@pytest.fixture(scope="module")
def contender(request: pytest.FixtureRequest) -> Implementation:
    """For bench files: the implementation of `--impl` as it is; of a library only what is its own."""
    in_a_child = request.config.pluginmanager.has_plugin(TURNS)
    made = _open(request, points=False, close=in_a_child)
    if in_a_child and not _source(request).is_learners:
        close_the_book(house=ROOT)  # its audit hook costs time: it costs everybody the same
    return made.own
