"""A chat service on the back of an envelope: figures, doubts, what matters most, and its nines."""

from dataclasses import fields
from fractions import Fraction
from typing import Final

from contracts.services.framework import (
    LATENCIES,
    Estimate,
    Group,
    Machine,
    Quantity,
    Unit,
    Workload,
)
from graders.kit import Implementation

CHAT: Final = Workload(
    users=50_000_000,
    actions_per_user=80,
    reads_per_write=1,
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


def play(impl: Implementation) -> None:
    """Print what one would have on the whiteboard after ten minutes."""
    print(
        "A chat: 50 M users, 80 actions a day, 1 kB each, peak x 4, kept 400 days, 3 copies, 20 % a year"
    )
    plan = impl.estimate(CHAT, MACHINE)
    for each in fields(Estimate):
        value = getattr(plan, each.name)
        text = impl.format_quantity(value) if isinstance(value, Quantity) else value
        print(f"  {each.name:<15}{getattr(text, 'value', text)}")
    print(
        "doubts:", ", ".join(sorted(doubt.value for doubt in impl.doubts(CHAT, MACHINE))) or "none"
    )
    print("storage, when an input is doubled:")
    for name, change in impl.sensitivity(CHAT, MACHINE, "storage")[:8]:
        print(f"  {name:<20}{float(100 * change):+.0f} %")
    for guess in ("3 PB", "30 PB", "300 TB", "30 TB"):
        word = "agrees" if impl.agrees(guess, plan.storage) else "does not agree"
        print(f"  a guess of {guess} {word}")
    _play_nines(impl)
    print("to know by heart:")
    for what, text in LATENCIES.items():
        times = impl.parse_quantity(text).amount / impl.parse_quantity("100 ns").amount
        factor = impl.format_quantity(Quantity(times, Unit.COUNT))
        print(f"  {text:>7}  {what:<32}{factor:>6} x memory")


def _play_nines(impl: Implementation) -> None:
    three = Fraction(999, 1_000)
    for what, system in (
        ("three nines", three),
        ("three such in a row", Group((three,) * 3, 3)),
        ("two such side by side", Group((three,) * 2, 1)),
        ("two of three", Group((three,) * 3, 2)),
    ):
        print(f"  {what:<24}down {impl.format_quantity(impl.downtime(system))} a year")
