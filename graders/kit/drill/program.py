"""`nox -s drill -- …`: a command and its arguments, or a topic and options for the prompt."""

import io
import sys
from collections.abc import Sequence

from graders.kit.drill.commands import COMMANDS, run
from graders.kit.drill.desk import Room
from graders.kit.drill.keyboard import Keyboard
from graders.kit.drill.prompt import open_prompt


def main(arguments: Sequence[str], room: Room | None = None) -> int:
    """Run it; the exit code. Mistake for what cannot be done."""
    room = room or Room()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if arguments and arguments[0] in COMMANDS:
        return run(room, arguments)
    return open_prompt(room, list(arguments), Keyboard())
