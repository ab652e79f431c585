"""JUnit XML (xunit2 as pytest writes it): a suite a topic, a case a check.

What is not a pass is a failure, or an error where the check could not decide; nothing is ever "skipped", which many
readers take for a pass.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Final
from xml.etree import ElementTree as ET

from graders.kit.report import clean, explain
from graders.kit.verdict import Check

ERRORS: Final = frozenset({"error", "inconclusive", "not run"})


def junit(checks: Sequence[Check]) -> str:
    """The whole document."""
    root = ET.Element("testsuites", name="system-design-katas")
    for topic, group in groupby(checks, key=lambda check: check.topic):
        _suite(root, topic, list(group))
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, topic: str, checks: Sequence[Check]) -> None:
    words = [check.verdict.word for check in checks]
    errors = sum(word in ERRORS for word in words)
    suite = ET.SubElement(
        root,
        "testsuite",
        name=topic,
        tests=str(len(checks)),
        failures=str(len(words) - words.count("pass") - errors),
        errors=str(errors),
        skipped="0",
        time=f"{sum(check.verdict.seconds for check in checks):.3f}",
    )
    for check in checks:
        _case(suite, check)


def _case(suite: ET.Element, check: Check) -> None:
    verdict = check.verdict
    case = ET.SubElement(
        suite,
        "testcase",
        classname=check.topic.replace("/", "."),
        name=check.name,
        time=f"{verdict.seconds:.3f}",
    )
    if verdict.word == "pass":
        return
    kind = "error" if verdict.word in ERRORS else "failure"
    message = f"{verdict.word}: {clean(verdict.got or verdict.did)}".rstrip(": ")
    found = ET.SubElement(case, kind, message=message, type=verdict.word)
    found.text = "\n".join(explain(check))
