"""What several of the checks start from."""

from typing import Any

from contracts.services.job_queue import JobQueue


class Fixed:
    """A source of randomness that always says the same."""

    def __init__(self, number: float) -> None:
        self.number = number

    def random(self) -> float:
        """The number."""
        return self.number


def broken(_: Any) -> None:
    """A handler that always fails."""
    raise ValueError("broken")


def nothing(_: Any) -> None:
    """A handler that does nothing."""


def status(queue: JobQueue, job_id: str) -> str:
    """The status of a job, as a plain text."""
    return str(queue.get(job_id).status)
