"""The scorecard in a real browser: light and dark, at the width of a phone, with nothing asked of the network.

Needs Chromium (`apt-get install chromium`); without it these tests are skipped, and say so.
"""

import http.server
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from graders.kit.drill.card import card
from graders.kit.drill.card_page import html
from graders.kit.drill.events import Event
from graders.kit.drill.sheet import Sheet
from graders.kit.drill.state import fold
from graders.kit.page import write_page
from graders.kit.topics import find
from tests.drill.house import House

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is missing: apt-get install chromium"
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE = 390
EVIL = (
    'fail: P3 test_x: <script>document.title="pwned"</script><img src="http://127.0.0.1:{port}/x">'
)


class Watcher(http.server.BaseHTTPRequestHandler):
    """Remembers that somebody asked."""

    def do_GET(self) -> None:
        """Every request is one too many."""
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def watcher() -> Iterator[http.server.HTTPServer]:
    """A server that hears whether a page asks for something."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Watcher)
    server.asked = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def shown(tmp_path: Path, watcher: http.server.HTTPServer) -> Path:
    """The scorecard of an eventful drill of the longest brief, with a learner's evil text."""
    house = House(tmp_path / "house")
    topic = find(["cache"])[0]
    data = {"topic": topic.id, "title": topic.title, "level": topic.level, "minutes": 60}
    events = [Event("started", 0, data), Event("required", 300), Event("hinted", 700)]
    for minute, held in ((12, 4), (25, 9), (40, 7), (55, 14)):
        promises = list(topic.definition.promises)[:held]
        line = EVIL.format(port=watcher.server_port)
        kinds = {"behaviour": [held, 43], "timing": [held, 22]}
        graded = {"held": promises, "kinds": kinds, "open": [line] * 3, "digest": ""}
        events.append(Event("graded", minute * 60, graded))
        events += [Event("changed", minute * 60)] if minute in {25, 40} else []
    events += [
        Event("finished", 3_500, {}),
        Event("assessed", 3_600, {"steps": [2, 1, 0, 2, 2, 1, 1]}),
    ]
    path = tmp_path / "scorecard.html"
    write_page(path, html(card(fold(events), Sheet(topic), "workspaces/cache-1", house.root)))
    return path


def browse(tmp_path: Path, page: Path, *options: str) -> str:
    """Open the page in a fresh browser; what it printed."""
    profile = tmp_path / f"profile-{len(list(tmp_path.iterdir()))}"
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", *options, page.as_uri()]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def framed(tmp_path: Path, page: Path, expression: str, *options: str) -> str:
    """What an expression says of the page, `d` being its document, in a frame as wide as a phone."""
    frame = tmp_path / "frame.html"
    text = page.read_text(encoding="utf-8").replace("&", "&amp;").replace('"', "&quot;")
    frame.write_text(
        f'<title>?</title><iframe width="{PHONE}" height="800" style="border:0" srcdoc="{text}">'
        "</iframe><script>onload=()=>{const d=document.querySelector('iframe').contentDocument;"
        f"document.title={expression}}}</script>",
        encoding="utf-8",
    )
    found = re.search(r"<title>(.*?)</title>", browse(tmp_path, frame, "--dump-dom", *options))
    assert found is not None
    return found[1]


def test_the_page_is_shown_as_text_and_asks_for_nothing(
    tmp_path: Path, shown: Path, watcher: http.server.HTTPServer
) -> None:
    """The learner's markup is text; no script ran; the watching server heard nothing."""
    dom = browse(tmp_path, shown, "--dump-dom")
    assert "<title>Scorecard: Cache</title>" in dom
    assert "&lt;script&gt;" in dom
    assert dom.count("<rect") >= 14
    assert watcher.asked == []  # type: ignore[attr-defined]


def test_light_and_dark(tmp_path: Path, shown: Path) -> None:
    """The colours follow what the reader's system prefers."""
    colours = "getComputedStyle(d.body).backgroundColor+' '+getComputedStyle(d.body).color"
    light = framed(tmp_path, shown, colours)
    dark = framed(tmp_path, shown, colours, "--blink-settings=preferredColorScheme=0")
    assert light == "rgb(255, 255, 255) rgb(29, 36, 48)"
    assert dark == "rgb(20, 24, 31) rgb(230, 233, 238)"


def test_nothing_sticks_out_on_a_phone(tmp_path: Path, shown: Path) -> None:
    """In a frame of 390 pixels the page is as wide as the frame: it never scrolls sideways."""
    wide, frame = framed(
        tmp_path, shown, "d.documentElement.scrollWidth+' '+d.documentElement.clientWidth"
    ).split()
    assert int(wide) <= int(frame) <= PHONE
