"""What a reviewer asks: is it plausible, and what does it hang on?"""

from collections.abc import Iterator
from dataclasses import fields, replace
from fractions import Fraction
from typing import Final

from contracts.services.framework import (
    YEAR,
    BadInput,
    Doubt,
    Estimate,
    Machine,
    Quantity,
    Workload,
)
from solutions.services.framework.plan import estimate
from solutions.services.framework.rules import WORKLOAD, check_plan

FIGURES: Final = tuple(each.name for each in fields(Estimate) if each.name != "bottleneck")


def doubts(workload: Workload, machine: Machine) -> frozenset[Doubt]:
    """Ask every question of the table."""
    plan = estimate(workload, machine)
    asked = {
        Doubt.FLAT: workload.peak_factor == 1,
        Doubt.WRITE_HEAVY: plan.writes.amount > plan.reads.amount,
        Doubt.STILL_FILLING: workload.retention_days > YEAR * workload.years,
        Doubt.ONE_COPY: workload.replicas == 1,
        Doubt.COLD_CACHE: workload.hot_reads < workload.hot_share,
        Doubt.CACHE_TOO_LARGE: plan.cache.amount > machine.memory_bytes,
        Doubt.ONE_SERVER: plan.servers == 1,
    }
    return frozenset(doubt for doubt, is_so in asked.items() if is_so)


def sensitivity(
    workload: Workload, machine: Machine, figure: str
) -> tuple[tuple[str, Fraction], ...]:
    """Double one input after the other."""
    check_plan(workload, machine)
    if figure not in FIGURES:
        raise BadInput("figure", f"must be one of {', '.join(FIGURES)}, not {figure!r}")
    before = _figure(workload, machine, figure)
    changes = [
        (name, (_figure(doubled, machine, figure) - before) / before if before else Fraction(0))
        for name, doubled in _doubled(workload)
    ]
    return tuple(sorted(changes, key=lambda change: -abs(change[1])))


def _doubled(workload: Workload) -> Iterator[tuple[str, Workload]]:
    for name, rule in WORKLOAD.items():
        twice = 2 * getattr(workload, name)
        if rule.allows(twice):
            yield name, replace(workload, **{name: twice})


def _figure(workload: Workload, machine: Machine, name: str) -> Fraction:
    value = getattr(estimate(workload, machine), name)
    return value.amount if isinstance(value, Quantity) else Fraction(value)
