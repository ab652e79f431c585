"""What a bench file says of its workload, read through `ast`: nothing is imported."""

import ast
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from graders.kit.mistakes import Mistake
from graders.kit.parts import parse
from graders.kit.topics import Topic

FACTS: Final = ("Sizes", "Keys", "Mix", "Threads")
_FACT: Final = re.compile(rf"^({'|'.join(FACTS)}): (.*(?:\n +.*)*)", re.MULTILINE)


@dataclass(frozen=True)
class Workload:
    """A topic's bench file: its facts by name, what each operation does, and a mark of its text."""

    facts: dict[str, str]
    texts: dict[str, str]
    mark: str

    def text(self, op: str) -> str:
        """What the operation does, in a sentence; its parameters stand in the name."""
        return self.texts.get(op.partition("[")[0], "")


def read_workload(topic: Topic) -> Workload:
    """Read the docstrings of the topic's bench file; Mistake if there is none."""
    path = topic.grader / f"bench_{topic.name}.py"
    if not path.is_file():
        raise Mistake(f"{topic.id} has no bench yet: write {path.relative_to(topic.root)}")
    tree = parse(path)
    found = _FACT.findall(ast.get_docstring(tree, clean=False) or "")
    texts = {
        node.name: " ".join((ast.get_docstring(node) or "").replace("`", "").split())
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    mark = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return Workload({name: " ".join(text.split()) for name, text in found}, texts, mark)


def title(op: str) -> str:
    """The name of an operation as tables show it."""
    return op.removeprefix("test_").replace("_", " ")
