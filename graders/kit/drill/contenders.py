"""A pytest plugin: plays a bench file with the contenders that `--contender` names, one after the other.

Its `contender` stands in front of the grading plugin's, so load it after that.
"""

import pytest

from graders.kit.loading import Implementation, open_source, parse
from graders.kit.plugin import topic_of


def pytest_addoption(parser: pytest.Parser) -> None:
    """Who runs; given once for each turn."""
    parser.addoption("--contender", action="append", default=[], help="what --impl would name")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each workload runs once for each turn."""
    if "contender" in metafunc.fixturenames:
        turns = metafunc.config.getoption("--contender")
        names = [f"turn{number}" for number, _ in enumerate(turns)]
        metafunc.parametrize("contender", turns, ids=names, indirect=True)


@pytest.fixture
def contender(request: pytest.FixtureRequest) -> Implementation:
    """The implementation whose turn it is, as it is."""
    topic = topic_of(request.path)
    assert topic is not None, "a bench file lies in its topic's folder"
    return open_source(parse(topic, request.param), points=False)
