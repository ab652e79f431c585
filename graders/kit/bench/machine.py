"""Where a run was made: machine, Python, and the versions of the libraries that were measured."""

import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, packages_distributions, version

from graders.kit.parts import peers_of
from graders.kit.showcase import model
from graders.kit.topics import Topic


def describe(topic: Topic) -> dict[str, str]:
    """Facts by name; what cannot be found out is left out."""
    facts = {
        "machine": f"{model()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}"
        + ("" if _has_gil() else ", free-threaded"),
        "load": f"{os.getloadavg()[0]:.1f} in the minute before",
        "libraries": ", ".join(_libraries(topic)),
    }
    return {name: text for name, text in facts.items() if text}


def _has_gil() -> bool:
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def _libraries(topic: Topic) -> list[str]:
    names = {name for peer in peers_of(topic) for name in peer.requires}
    owners = packages_distributions()
    wanted = {owner for name in names for owner in owners.get(name, ())} | {"pytest-benchmark"}
    return [f"{name} {found}" for name in sorted(wanted) if (found := _version(name))]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def without_xdist(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment for measuring: pytest-benchmark measures nothing where pytest-xdist seems to be at work."""
    return {name: value for name, value in variables.items() if not name.startswith("PYTEST_XDIST")}
