"""The arguments of a command: complaints are one line, which names the mistake and the repair."""

import argparse
from typing import Any, Final, NoReturn

from graders.kit.mistakes import Mistake

SELECTORS: Final = "a topic, chapter/topic or a chapter; nothing for all"


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are one line, and whose options are written out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Raise the complaint as a Mistake."""
        raise Mistake(f"{message}: see `nox --usage {self.prog.rpartition(' ')[2]}`")
