"""Who takes part in a benchmark: yours, the reference, every peer that is installed; and who is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from graders.kit.loading import parse
from graders.kit.matrix import missing
from graders.kit.mistakes import Mistake
from graders.kit.parts import Peer, peers_of
from graders.kit.topics import Topic

YOURS: Final = "yours"
REFERENCE: Final = "reference"


@dataclass(frozen=True)
class Entrant:
    """One implementation that takes part: its name in the tables, and what `--impl` calls it."""

    name: str
    spec: str
    note: str = ""


def entrants(topic: Topic, impl: str) -> list[Entrant]:
    """Everybody who can be measured; Mistake if `impl` is nothing that exists."""
    source = parse(topic, impl)
    for peer in peers_of(topic):
        if source.kind == "peers" and source.name == peer.name and missing(peer):
            raise Mistake(f"--impl {impl}: {', '.join(missing(peer))} is not installed: install it")
    peers = [
        Entrant(peer.name, f"peers:{peer.name}", _note(peer))
        for peer in peers_of(topic)
        if not missing(peer)
    ]
    yours = Entrant(YOURS, impl, impl)
    return [yours, Entrant(REFERENCE, "solutions", "the model solution"), *peers]


def absent(topic: Topic) -> Iterator[str]:
    """Yield a line for each peer whose library is not installed."""
    for peer in peers_of(topic):
        if lacking := missing(peer):
            yield f"{peer.name}: {', '.join(lacking)} is not installed (dependency group peers)"


def _note(peer: Peer) -> str:
    what = f"a library: {', '.join(peer.requires)}" if peer.requires else "a variant"
    broken = f"; does not keep {', '.join(peer.promises)}" if peer.promises else ""
    return what + broken
