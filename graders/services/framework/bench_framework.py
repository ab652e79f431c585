"""How fast estimates are made. Never a verdict.

Sizes: plans of three years with growth; quorums of nine parts.
Keys: texts and amounts of all units in turn, from a fixed list.
Mix: one function at a time: read, write, estimate, sensitivity, availability.
Threads: one.
"""

from fractions import Fraction
from typing import Any, Final

from contracts.services.framework import Group, Machine, Quantity, Unit, Workload
from graders.kit import Implementation

TEXTS: Final = ("1.5 GB", "300 ms", "2 MB/s", "10k/s", "500M/d", "64 GiB", "12 Gb/s", "7")
AMOUNTS: Final = [Quantity(Fraction(12_345_678, 7), unit) for unit in Unit]
WORKLOAD: Final = Workload(
    users=50_000_000,
    actions_per_user=80,
    reads_per_write=4,
    write_bytes=1_000,
    read_bytes=1_000,
    peak_factor=4,
    retention_days=400,
    replicas=3,
    annual_growth=Fraction(1, 5),
    years=3,
)
MACHINE: Final = Machine(
    slots=100,
    service_time=Fraction(1, 10),
    utilisation=Fraction(7, 10),
    disk_bytes=4 * 10**12,
    memory_bytes=64 * 10**9,
    network_bits=10**10,
)
QUORUM: Final = Group(tuple(Fraction(n, n + 1) for n in range(1, 10)), 5)


def test_reading(benchmark: Any, contender: Implementation) -> None:
    """`parse_quantity` of sizes, times, rates and a count."""
    benchmark.extra_info["operations"] = 25 * len(TEXTS)
    benchmark(lambda: [contender.parse_quantity(text) for _ in range(25) for text in TEXTS])


def test_writing(benchmark: Any, contender: Implementation) -> None:
    """`format_quantity` of an amount of each unit."""
    benchmark.extra_info["operations"] = 10 * len(AMOUNTS)
    benchmark(lambda: [contender.format_quantity(each) for _ in range(10) for each in AMOUNTS])


def test_estimating(benchmark: Any, contender: Implementation) -> None:
    """`estimate` of a chat, the same each time."""
    benchmark.extra_info["operations"] = 10
    benchmark(lambda: [contender.estimate(WORKLOAD, MACHINE) for _ in range(10)])


def test_sensitivity(benchmark: Any, contender: Implementation) -> None:
    """`sensitivity` of its storage."""
    benchmark.extra_info["operations"] = 1
    benchmark(lambda: contender.sensitivity(WORKLOAD, MACHINE, "storage"))


def test_composing(benchmark: Any, contender: Implementation) -> None:
    """`availability` of a quorum of five in nine unequal parts."""
    benchmark.extra_info["operations"] = 10
    benchmark(lambda: [contender.availability(QUORUM) for _ in range(10)])
