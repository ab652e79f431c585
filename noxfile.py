"""The only entrance. ``nox -l`` is the menu; what comes after ``--`` goes to the session."""

import sys
from pathlib import Path

import nox
from nox.project import dependency_groups, load_toml

if sys.version_info < (3, 11):
    sys.exit("error: Python 3.11 or newer is needed: install nox with it (pip install nox)")

nox.needs_version = ">=2026.10"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["grade-solutions"]

ROOT = Path(__file__).parent
# Learner code in exercises/ can never stand in for a module of the standard library or of pytest.
ENVIRONMENT = {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(ROOT)}
HERE = "{}.{}".format(*sys.version_info)
PYTHONS = sorted({"3.11", "3.12", "3.13", HERE}, key=lambda version: int(version.split(".")[1]))
GRACE = 10.0  # seconds that a service has to answer what has begun
TYPED = ["contracts", "solutions", "graders/kit", "tests", "noxfile.py"]


def kit(session: nox.Session, command: str, *arguments: str, group: str = "grade") -> None:
    """Run one command of the kit in the session's environment; Ctrl-C is the command's to answer."""
    install(session, group)
    session.run(
        "python",
        "-m",
        "graders.kit",
        command,
        *arguments,
        env=ENVIRONMENT,
        interrupt_timeout=GRACE,
        terminate_timeout=GRACE,
    )


def install(session: nox.Session, *groups: str) -> None:
    """Install dependency groups, unless the environment has them (with --no-venv: it must)."""
    if session.venv_backend == "none":
        return
    wanted = sorted(dependency_groups(load_toml(ROOT / "pyproject.toml"), *groups))
    stamp = Path(session.virtualenv.location) / "installed.txt"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8").splitlines() != wanted:
        session.install(*wanted)
        stamp.write_text("\n".join(wanted), encoding="utf-8")


@nox.session
def grade(session: nox.Session) -> None:
    """Grade your exercises: nox -s grade -- [topic ...] [--impl WHAT]."""
    kit(session, "grade", *session.posargs)


@nox.session(name="grade-solutions")
def grade_solutions(session: nox.Session) -> None:
    """Grade the references: nox -s grade-solutions -- [topic ...]."""
    kit(session, "grade", "--impl", "solutions", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure yours, the reference and the peers: nox -s bench -- [topic ...] [--impl WHAT] [--compare]."""
    kit(session, "bench", *session.posargs, group="bench")


@nox.session
def stubs(session: nox.Session) -> None:
    """Generate exercise modules from the contracts: nox -s stubs -- [topic ...] [--check]."""
    kit(session, "stubs", *session.posargs)


@nox.session
def new(session: nox.Session) -> None:
    """Scaffold a topic from templates: nox -s new -- chapter/topic."""
    kit(session, "new", *session.posargs)


@nox.session
def reset(session: nox.Session) -> None:
    """Start an exercise afresh, your work kept in backups/: nox -s reset -- topic."""
    kit(session, "reset", *session.posargs)


@nox.session
def topics(session: nox.Session) -> None:
    """List the catalogue, what is built, and how far you are: nox -s topics -- [topic ...]."""
    kit(session, "topics", *session.posargs)


@nox.session
def watch(session: nox.Session) -> None:
    """Grade an exercise whenever you save it: nox -s watch -- topic [--impl WHAT]."""
    kit(session, "watch", *session.posargs, group="watch")


@nox.session
def run(session: nox.Session) -> None:
    """Serve, or see it play: nox -s run -- topic [--impl WHAT] [--port N]."""
    kit(session, "run", *session.posargs)


@nox.session
def load(session: nox.Session) -> None:
    """Put services under load: nox -s load -- [topic ...] [--impl WHAT] [--requests N]."""
    kit(session, "load", *session.posargs)


@nox.session
def hint(session: nox.Session) -> None:
    """Read the next hint of a brief: nox -s hint -- topic [--all]."""
    kit(session, "hint", *session.posargs)


@nox.session
def drill(session: nox.Session) -> None:
    """Interview practice against the clock: nox -s drill -- [topic] [--minutes N] | COMMAND; -- help."""
    install(session, "drill")
    # Ctrl-C belongs to the drill: it pauses, or stops a graded run, in its own time.
    command = ["python", "-m", "graders.kit", "drill", *session.posargs]
    session.run(*command, env=ENVIRONMENT, interrupt_timeout=None)


@nox.session
def mutants(session: nox.Session) -> None:
    """The mutation score of the references, minutes a topic: nox -s mutants -- [topic ...]."""
    kit(session, "mutants", *session.posargs)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Test the kit, the graders and the repository: nox -s tests-3.12 -- [pytest options]."""
    install(session, "test")
    session.run("python", "-m", "pytest", "-n", "auto", *session.posargs, env=ENVIRONMENT)


@nox.session
def lint(session: nox.Session) -> None:
    """Lint and check the format of everything."""
    install(session, "lint")
    session.run("ruff", "check", *session.posargs)
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types, and that each reference has the constructors of its contract."""
    install(session, "types")
    folder = session.create_tmp()
    session.run("python", "-m", "graders.kit", "conformance", folder, env=ENVIRONMENT)
    session.run("mypy", *TYPED, folder, *session.posargs)
