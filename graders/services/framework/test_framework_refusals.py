"""Bad arguments: refused with BadInput, which names the first bad field."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from contracts.services.framework import BadInput, Group, Machine, Quantity, Unit, Workload
from graders.kit import Implementation, check, equal, raises
from graders.kit.expect import show

GOOD: Final = Workload(
    users=1_000, actions_per_user=10, reads_per_write=4, write_bytes=1_000, read_bytes=250
)
MACHINE: Final = Machine(
    slots=10,
    service_time=1,
    utilisation=1,
    disk_bytes=10**12,
    memory_bytes=10**10,
    network_bits=10**9,
)
NAN: Final = float("nan")
INFINITE: Final = float("inf")
NO_NUMBERS: Final[tuple[Any, ...]] = (
    True,
    False,
    None,
    "1",
    "",
    b"1",
    1.0,
    0.5,
    NAN,
    INFINITE,
    -INFINITE,
    1e308,
    Decimal(1),
    Decimal("NaN"),
    1j,
    [1],
    (1,),
    {},
    Quantity(Fraction(1), Unit.COUNT),
)
"""What is no number without rounding."""
NEVER: Final = (0, -1, -(10**30), Fraction(1, 2), Fraction(1), Fraction(3, 2), *NO_NUMBERS)
"""What no count is. Fraction(1) is 1, but no int."""
LITTLE: Final = Fraction(1, 10**30)
HUGE: Final = Fraction(10**5_000)
"""Longer than Python turns into text."""
WORKLOAD: Final[dict[str, tuple[Any, ...]]] = {
    "users": NEVER,
    "actions_per_user": (0, -1, Fraction(0), -LITTLE, *NO_NUMBERS),
    "reads_per_write": (-1, -LITTLE, *NO_NUMBERS),
    "write_bytes": NEVER,
    "read_bytes": NEVER,
    "peak_factor": (0, Fraction(999, 1_000), 1 - LITTLE, -1, *NO_NUMBERS),
    "retention_days": NEVER,
    "replicas": NEVER,
    "annual_growth": (-1, -HUGE, -LITTLE, *NO_NUMBERS),
    "years": (101, 10**9, 10**5_000, *NEVER),
    "hot_share": (-LITTLE, 1 + LITTLE, 2, -1, HUGE, *NO_NUMBERS),
    "hot_reads": (-LITTLE, 1 + LITTLE, 2, -1, HUGE, *NO_NUMBERS),
}
MACHINES: Final[dict[str, tuple[Any, ...]]] = {
    "slots": NEVER,
    "service_time": (0, Fraction(0), -LITTLE, *NO_NUMBERS),
    "utilisation": (0, -LITTLE, 1 + LITTLE, 2, HUGE, *NO_NUMBERS),
    "disk_bytes": NEVER,
    "memory_bytes": NEVER,
    "network_bits": NEVER,
}


def names(job: Callable[[], object], field: str, did: str) -> None:
    """The call must be refused with the field's name."""
    error = raises(BadInput, job, did=did)
    equal(error.field, field, did=f"{did}, then asked the BadInput for its field")


@check("P15", kind="behaviour")
def test_bad_workloads(impl: Implementation) -> None:
    """Each field of a workload with every kind of value that it may not have."""
    impl.estimate(GOOD, MACHINE)
    for field, values in WORKLOAD.items():
        for value in values:
            bad = replace(GOOD, **{field: value})
            did = f"estimated a workload with {field}={show(value)}"
            names(lambda bad=bad: impl.estimate(bad, MACHINE), field, did)


@check("P15", kind="behaviour")
def test_bad_machines(impl: Implementation) -> None:
    """Each field of a machine with every kind of value that it may not have."""
    impl.estimate(GOOD, MACHINE)
    for field, values in MACHINES.items():
        for value in values:
            bad = replace(MACHINE, **{field: value})
            did = f"estimated on a machine with {field}={show(value)}"
            names(lambda bad=bad: impl.estimate(GOOD, bad), field, did)


@check("P15", kind="behaviour")
def test_the_first_bad_field_is_named(impl: Implementation) -> None:
    """Two bad fields at a time, in a workload, in a machine, and one in each."""
    impl.estimate(GOOD, MACHINE)
    every = [(field, True) for field in WORKLOAD] + [(field, False) for field in MACHINES]
    for place, (first, ours) in enumerate(every):
        for second, theirs in every[place + 1 :: 3]:
            workload = replace(
                GOOD, **{name: -1 for name, here in ((first, ours), (second, theirs)) if here}
            )
            machine = replace(
                MACHINE,
                **{name: -1 for name, here in ((first, ours), (second, theirs)) if not here},
            )
            did = f"estimated with {first}=-1 and {second}=-1"
            names(lambda w=workload, m=machine: impl.estimate(w, m), first, did)
    lazy = replace(GOOD, users=0, hot_reads=NAN)
    names(
        lambda: impl.estimate(lazy, replace(MACHINE, slots="1")),
        "users",
        "estimated with users=0, hot_reads=nan, slots='1'",
    )


@check("P15", kind="behaviour")
def test_the_ends_of_the_ranges_are_allowed(impl: Implementation) -> None:
    """Each field with its smallest and largest value, as an int and as a Fraction."""
    for field, values in (
        ("users", (1, 10**30, 10**5_000)), ("actions_per_user", (LITTLE, 10**30)),
        ("reads_per_write", (0, Fraction(0), LITTLE, 10**30)),
        ("write_bytes", (1, 10**30)), ("read_bytes", (1, 10**30)),
        ("peak_factor", (1, Fraction(1), 1 + LITTLE, 10**30)),
        ("retention_days", (1, 10**30)), ("replicas", (1, 10**30)),
        ("annual_growth", (0, Fraction(0), LITTLE, 1, 10**3)),
        ("years", (1, 2, 100)), ("hot_share", (0, Fraction(0), LITTLE, 1, Fraction(1))),
        ("hot_reads", (0, LITTLE, 1, Fraction(1))),
    ):  # fmt: skip
        for value in values:
            made = impl.estimate(replace(GOOD, **{field: value}), MACHINE)
            did = f"estimated a workload with {field}={show(value)}: it is allowed; the type of servers"
            equal(type(made.servers), int, did=did)
    for field, values in (
        ("slots", (1, 10**30)), ("service_time", (LITTLE, 10**30)),
        ("utilisation", (LITTLE, 1, Fraction(1))),
        ("disk_bytes", (1, 10**30, 10**5_000)), ("memory_bytes", (1, 10**30)),
        ("network_bits", (1, 10**30)),
    ):  # fmt: skip
        for value in values:
            made = impl.estimate(GOOD, replace(MACHINE, **{field: value}))
            did = f"estimated on a machine with {field}={show(value)}: it is allowed; the type of nodes"
            equal(type(made.nodes), int, did=did)


@check("P15", kind="behaviour")
def test_the_review_refuses_what_estimate_refuses(impl: Implementation) -> None:
    """Bad fields for doubts and sensitivity; figures that there are none of."""
    impl.doubts(GOOD, MACHINE)
    impl.sensitivity(GOOD, MACHINE, "storage")
    for field, values in (WORKLOAD | MACHINES).items():
        for value in (values[0], 1.0, True, None):
            workload = replace(GOOD, **{field: value}) if field in WORKLOAD else GOOD
            machine = replace(MACHINE, **{field: value}) if field in MACHINES else MACHINE
            did = f"with {field}={value!r}"
            names(
                lambda w=workload, m=machine: impl.doubts(w, m),
                field,
                f"asked for the doubts {did}",
            )
            for figure in ("storage", "nothing"):
                names(
                    lambda w=workload, m=machine, f=figure: impl.sensitivity(w, m, f),
                    field,
                    f"asked for the sensitivity of {figure} {did}",
                )
    for figure in (
        "bottleneck", "", "Storage", "storage ", "users", "amount", "__class__", "__doc__",
        None, 0, True, ["storage"], b"storage",
    ):  # fmt: skip
        bad: Any = figure
        names(
            lambda f=bad: impl.sensitivity(GOOD, MACHINE, f),
            "figure",
            f"asked for the sensitivity of {figure!r}",
        )


@check("P15", kind="behaviour")
def test_quantities_that_cannot_be_written(impl: Implementation) -> None:
    """Amounts that are no exact number or out of the range, and units that are none."""
    impl.format_quantity(Quantity(Fraction(1), Unit.BYTES))
    for amount in (
        -1,
        -LITTLE,
        10**30 + 1,
        10**30 + LITTLE,
        LITTLE / 2,
        HUGE,
        1 / HUGE,
        *NO_NUMBERS,
    ):
        for unit in (Unit.BYTES, Unit.SECONDS, "B"):
            bad: Any = Quantity(amount, unit)  # type: ignore[arg-type]
            did = f"wrote a Quantity of {show(amount)} {unit}"
            names(lambda bad=bad: impl.format_quantity(bad), "amount", did)
    for thing in ("B", "", "s", "BYTES", None, 0, "kB", b"B", ["B"], Unit):
        for number in (0, 1, 1_500):
            bad = Quantity(number, thing)  # type: ignore[arg-type]
            names(lambda bad=bad: impl.format_quantity(bad), "unit", f"wrote {bad}")


@check("P15", kind="behaviour")
def test_systems_that_are_none(impl: Implementation) -> None:
    """Availabilities out of 0 to 1, empty groups, and numbers of parts that there are not."""
    half = Fraction(1, 2)
    impl.availability(Group((half, 1), 1))
    for call, what in ((impl.availability, "availability"), (impl.downtime, "downtime")):
        for part in (-LITTLE, 1 + LITTLE, 2, -1, HUGE, *NO_NUMBERS):
            did = f"asked for the {what} of {show(part)}"
            names(lambda p=part, c=call: c(p), "availability", did)
            inside: Any = Group((half, Group((half, part), 1)), 1)
            names(
                lambda p=inside, c=call: c(p),
                "availability",
                f"asked for the {what} of {show(inside)}",
            )
        for parts, needed, field in (
            ((), 1, "parts"), ((), 0, "parts"), ([half], 1, "parts"), (None, 1, "parts"),
            (half, 1, "parts"), ("11", 1, "parts"),
            ({half: 1}, 1, "parts"), ((half,), 0, "needed"), ((half,), 2, "needed"),
            ((half, half), -1, "needed"), ((half, half), 3, "needed"),
            ((half, half), True, "needed"), ((half, half), 1.0, "needed"),
            ((half, half), Fraction(1), "needed"), ((half, half), None, "needed"),
            ((half, half), "1", "needed"), ((2, half), 3, "needed"),
            ((half, 2), 1, "availability"), ((Group((), 1), 2), 1, "parts"),
            ((2, Group((), 1)), 1, "availability"),
            ((Group((half,), 2), Group((), 1)), 1, "needed"), ((1, Group((), 1)), 1, "parts"),
            ((0, Group((half,), 0)), 2, "needed"),
        ):  # fmt: skip
            bad: Any = Group(parts, needed)  # type: ignore[arg-type]
            names(lambda b=bad, c=call: c(b), field, f"asked for the {what} of {bad}")


@check("P15", kind="behaviour")
def test_equal_is_not_the_same(impl: Implementation) -> None:
    """A good argument first, and then one that is equal to it but of another type."""
    one = replace(GOOD, users=1, actions_per_user=2)
    impl.estimate(one, MACHINE)
    impl.doubts(one, MACHINE)
    impl.sensitivity(one, MACHINE, "servers")
    for field, value in (
        ("users", True),
        ("users", 1.0),
        ("actions_per_user", 2.0),
        ("users", Decimal(1)),
        ("replicas", True),
        ("users", Fraction(1)),
    ):
        twin = replace(one, **{field: value})
        did = f"with a good plan, then with an equal one that has {field}={value!r}"
        names(lambda t=twin: impl.estimate(t, MACHINE), field, f"estimated {did}")
        names(lambda t=twin: impl.doubts(t, MACHINE), field, f"asked for the doubts {did}")
        names(
            lambda t=twin: impl.sensitivity(t, MACHINE, "servers"),
            field,
            f"asked for the sensitivity {did}",
        )
    impl.availability(1)
    impl.availability(Group((1, 1), 1))
    impl.format_quantity(Quantity(Fraction(1, 2), Unit.BYTES))
    wrong: Any = True
    names(
        lambda: impl.availability(wrong),
        "availability",
        "asked for the availability of 1, then of True",
    )
    group: Any = Group((1, 1.0), 1)
    names(
        lambda: impl.availability(group),
        "availability",
        "asked for the availability of (1, 1), then of (1, 1.0)",
    )
    group = Group((1, 1), True)
    names(lambda: impl.availability(group), "needed", "asked for 1 needed of (1, 1), then for True")
    wrong = Quantity(0.5, Unit.BYTES)  # type: ignore[arg-type]
    names(lambda: impl.format_quantity(wrong), "amount", "wrote 1/2 B, then 0.5 B")
