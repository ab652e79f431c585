"""Modules for the type checker: each assigns a reference to the factory of its contract.

Neither a Protocol nor an abstract class reports a wrong ``__init__``; a factory Protocol does,
once something is assigned to it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from graders.kit.topics import Topic


def conformance(topic: Topic) -> str:
    """Return a module whose types are right exactly if the reference conforms."""
    return "\n".join(
        [
            '# mypy: disable-error-code="type-arg"',
            f"import contracts.{topic.chapter}.{topic.name} as contract",
            f"import solutions.{topic.chapter}.{topic.name} as solution",
            "",
            *_lines(topic),
            "",
        ]
    )


def write_conformance(topic: Topic, folder: Path) -> Path:
    """Write the module into ``folder`` and return its path."""
    path = folder / f"conformance_{topic.chapter}_{topic.name}.py"
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(conformance(topic), encoding="utf-8")
    return path


def _lines(topic: Topic) -> Iterator[str]:
    contract = topic.definition
    for number, name in enumerate(contract.implement):
        if not isinstance(contract.definitions[name], ast.ClassDef):
            yield f"given_{number} = contract.{name}"
            yield f"given_{number} = solution.{name}"
        elif contract.factory(name):
            yield f"made_{number}: contract.New{name} = solution.{name}"
        else:
            yield f"def returned_{number}(it: solution.{name}) -> contract.{name}:"
            yield "    return it"
