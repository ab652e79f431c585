"""A pytest plugin: plays a bench file with the contenders that `--contender` names, one after the other."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Who runs; given once for each turn."""
    parser.addoption("--contender", action="append", default=[], help="what --impl would name")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each workload runs once for each turn."""
    if "contender" in metafunc.fixturenames:
        turns = metafunc.config.getoption("--contender")
        names = [f"turn{number}" for number, _ in enumerate(turns)]
        metafunc.parametrize("contender", turns, ids=names, indirect=True)
