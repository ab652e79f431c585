"""The page in a real browser: light and dark, at phone width."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.bench.house import House

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=380,1600",
)
DARK = "--blink-settings=preferredColorScheme=0"
PNG = b"\x89PNG"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt install chromium")


def picture(page: Path, folder: Path, *more: str) -> bytes:
    """What the page looks like."""
    assert CHROMIUM is not None
    folder.mkdir()
    target = folder / "page.png"
    command = [CHROMIUM, *FLAGS, *more, f"--user-data-dir={folder}", f"--screenshot={target}"]
    subprocess.run([*command, page.as_uri()], capture_output=True, check=True, timeout=120)
    return target.read_bytes()


def test_the_page_shows_in_light_and_in_dark(tmp_path: Path) -> None:
    """Both are drawn, and they are not the same."""
    house = House(tmp_path / "house")
    house.bench("tally", "--impl", "solutions")
    page = house.root / "results/bench/tally/index.html"
    light, dark = picture(page, tmp_path / "light"), picture(page, tmp_path / "dark", DARK)
    assert light.startswith(PNG)
    assert dark.startswith(PNG)
    assert light != dark
    assert min(len(light), len(dark)) > 20_000
