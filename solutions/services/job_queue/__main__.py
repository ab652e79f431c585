"""The queue as a server on loopback: `python -m solutions.services.job_queue --port 8080`.

On Ctrl-C or SIGTERM running jobs get `--grace` seconds; what is handed back is printed, a line of
JSON for each job.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from solutions import serving
from solutions.services.job_queue import JobApp, JobQueue


def nap(payload: Any) -> str:
    """Sleep for as many seconds as the payload says."""
    time.sleep(float(payload))
    return "slept"


HANDLERS: dict[str, Callable[[Any], Any]] = {
    "echo": lambda payload: payload,
    "sum": sum,
    "nap": nap,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    parser = serving.parser("solutions.services.job_queue", "A job queue with an HTTP front.")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--capacity", type=int, default=1_000, help="unfinished jobs")
    parser.add_argument("--max-attempts", type=int, default=3)
    parser.add_argument("--max-body-bytes", type=int, default=100_000)
    parser.add_argument("--grace", type=float, default=10.0, help="seconds for running jobs")
    options = parser.parse_args(arguments)
    made: list[JobQueue] = []

    def make() -> JobApp:
        if not options.grace >= 0:
            raise ValueError(f"grace must not be negative, not {options.grace}")
        made.append(
            JobQueue(HANDLERS, options.workers, options.capacity, max_attempts=options.max_attempts)
        )
        return JobApp(made[0], options.max_body_bytes)

    def end() -> None:
        stopped = made[0].stop(options.grace)
        for job in (*stopped.returned, *stopped.running):
            left = {"id": job.id, "kind": job.kind, "payload": job.payload, "status": job.status}
            print(json.dumps(left), flush=True)

    return serving.run(make, options.port, end)


if __name__ == "__main__":
    sys.exit(main())
