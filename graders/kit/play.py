"""`nox -s run`: a topic's scene with any implementation; services on loopback until Ctrl-C or SIGTERM.

A scene is `graders/<chapter>/<topic>/scene.py`: either `app(impl)`, a WSGI application, with `TRY`, what to type
against it ({url} stands for its address), or `play(impl)`, which shows something and returns.
"""

import errno
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import Any, Final

from graders.kit.http import serving
from graders.kit.loading import open_source, parse
from graders.kit.mistakes import Mistake
from graders.kit.report import clean
from graders.kit.sim import Manner, load
from graders.kit.topics import Topic

PORT: Final = 8080
LOOK: Final = 0.2
BUSY: Final = {errno.EADDRINUSE: "is in use", errno.EACCES: "is not yours to use"}


def run(topic: Topic, spec: str, port: int | None = None) -> int:
    """Play the scene, or serve until a signal; exit code 0, 1 if the implementation raised."""
    path = topic.grader / "scene.py"
    if not path.is_file():
        raise Mistake(f"{topic.id} has no scene yet: write graders/{topic.id}/scene.py")
    scene = load(f"_scene_{topic.chapter}_{topic.name}", path, Manner(points=False))
    if port is not None and not hasattr(scene, "app"):
        raise Mistake(f"{topic.id} is no service: leave --port away")
    source = parse(topic, spec)
    try:
        impl = open_source(source, points=False)
        if hasattr(scene, "app"):
            _serve(scene, scene.app(impl), PORT if port is None else port)
        else:
            scene.play(impl)
    except (Mistake, KeyboardInterrupt):
        raise
    except NotImplementedError:
        print(f"not written yet: {source.path} (try --impl solutions)", file=sys.stderr)
        return 1
    except BaseException as error:  # noqa: BLE001 - whatever learner code raises is shown to its author
        _show(error)
        return 1
    return 0


def _show(error: BaseException) -> None:
    for line in "".join(traceback.format_exception(error)).splitlines():
        print(clean(line), file=sys.stderr)


def _serve(scene: ModuleType, app: Any, port: int) -> None:
    with _stopped_by_signals() as stopped:
        try:
            with serving(app, port) as (host, bound):
                _invite(scene, f"http://{host}:{bound}")
                while not stopped.wait(LOOK):
                    pass  # the system may give a signal to any thread: Python answers it in this one
        except OSError as error:
            if error.errno not in BUSY:
                raise
            free = "--port 0 takes a free one"
            raise Mistake(f"port {port} {BUSY[error.errno]}: {free}") from None
        except OverflowError:
            raise Mistake(f"port {port} is none: take one from 0 to 65535") from None
    print("stopped", flush=True)


def _invite(scene: ModuleType, url: str) -> None:
    print(f"listening on {url}   (Ctrl-C stops it)")
    for line in scene.TRY:
        print(f"  {line.format(url=url)}")
    sys.stdout.flush()


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set; a second Ctrl-C ends the program as ever."""
    stopped = threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    for number in before:
        signal.signal(number, stop)
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
