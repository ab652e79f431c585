"""What the author of a check needs, in one place.

Checks import from here; the parts live one idea per module beside this file.
"""

from graders.kit.checks import check
from graders.kit.expect import CheckFailed, Inconclusive, caught, ensure, equal, raises
from graders.kit.loading import Implementation
from graders.kit.scenes import explore, simulate
from graders.kit.sim import Sim

__all__ = [
    "CheckFailed",
    "Implementation",
    "Inconclusive",
    "Sim",
    "caught",
    "check",
    "ensure",
    "equal",
    "explore",
    "raises",
    "simulate",
]
