"""The arithmetic of a plan: what the last day of it asks for."""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

from contracts.services.framework import (
    DAY,
    YEAR,
    Bottleneck,
    Estimate,
    Machine,
    Quantity,
    Unit,
    Workload,
)
from solutions.services.framework.rules import check_plan


def estimate(workload: Workload, machine: Machine) -> Estimate:
    """Work out every figure from the traffic of the last year."""
    check_plan(workload, machine)
    writes = writes_on_a_day(workload, workload.years) / DAY
    reads = writes * workload.reads_per_write
    peak_writes, peak_reads = writes * workload.peak_factor, reads * workload.peak_factor
    inbound = peak_writes * workload.write_bytes * 8
    outbound = peak_reads * workload.read_bytes * 8
    copy = kept(workload)
    in_flight = (peak_writes + peak_reads) * machine.service_time
    servers, bottleneck = _servers(in_flight, max(inbound, outbound), machine)
    shards = ceil(copy / (machine.disk_bytes * machine.utilisation))
    return Estimate(
        writes=Quantity(writes, Unit.PER_SECOND),
        reads=Quantity(reads, Unit.PER_SECOND),
        peak_writes=Quantity(peak_writes, Unit.PER_SECOND),
        peak_reads=Quantity(peak_reads, Unit.PER_SECOND),
        inbound=Quantity(inbound, Unit.BITS_PER_SECOND),
        outbound=Quantity(outbound, Unit.BITS_PER_SECOND),
        stored_per_day=Quantity(
            writes * DAY * workload.write_bytes * workload.replicas, Unit.BYTES
        ),
        storage=Quantity(copy * workload.replicas, Unit.BYTES),
        cache=Quantity(copy * workload.hot_share, Unit.BYTES),
        store_reads=Quantity(peak_reads * (1 - workload.hot_reads), Unit.PER_SECOND),
        in_flight=Quantity(in_flight, Unit.COUNT),
        servers=servers,
        bottleneck=bottleneck,
        shards=shards,
        nodes=shards * workload.replicas,
    )


def writes_on_a_day(workload: Workload, year: int) -> Fraction:
    """The writes of each day of a year; the first is year 1."""
    grown = Fraction(1 + workload.annual_growth) ** (year - 1)
    return workload.users * workload.actions_per_user * grown / (1 + workload.reads_per_write)


def kept(workload: Workload) -> Fraction:
    """Bytes of one copy that are there at the end of the last day."""
    writes = sum(
        (days * writes_on_a_day(workload, year) for year, days in _days_kept(workload)), Fraction(0)
    )
    return writes * workload.write_bytes


def _days_kept(workload: Workload) -> Iterator[tuple[int, int]]:
    """How many days of each year are still kept, the last year first."""
    left = workload.retention_days
    for year in range(workload.years, 0, -1):
        days = min(left, YEAR)
        yield year, days
        left -= days


def _servers(in_flight: Fraction, bits: Fraction, machine: Machine) -> tuple[int, Bottleneck]:
    """How many machines it takes, and why."""
    by_slots = ceil(in_flight / (machine.slots * machine.utilisation))
    by_network = ceil(bits / (machine.network_bits * machine.utilisation))
    if by_network > by_slots:
        return by_network, Bottleneck.NETWORK
    return by_slots, Bottleneck.SLOTS
