"""Gradescope's results.json: a point a check, and only a pass scores.

Put it at /autograder/results/results.json (https://gradescope-autograders.readthedocs.io).
"""

import json
from collections.abc import Sequence
from typing import Any

from graders.kit.report import explain
from graders.kit.verdict import Check


def gradescope(checks: Sequence[Check]) -> str:
    """The whole document; the total is the sum of the tests."""
    passed = sum(check.verdict.word == "pass" for check in checks)
    document = {
        "output": f"{passed} of {len(checks)} checks pass",
        "output_format": "text",
        "execution_time": round(sum(check.verdict.seconds for check in checks), 3),
        "stdout_visibility": "hidden",
        "tests": [_test(number, check) for number, check in enumerate(checks, 1)],
    }
    return json.dumps(document, indent=1) + "\n"


def _test(number: int, check: Check) -> dict[str, Any]:
    passed = check.verdict.word == "pass"
    return {
        "name": f"{check.topic}: {check.name} ({', '.join(check.promises)})",
        "number": str(number),
        "score": int(passed),
        "max_score": 1,
        "status": "passed" if passed else "failed",
        "output": check.text if passed else "\n".join(explain(check)),
        "output_format": "text",
        "tags": [check.kind, *check.promises],
        "visibility": "visible",
    }
