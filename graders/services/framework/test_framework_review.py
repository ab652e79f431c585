"""What a reviewer asks about, and which input matters most."""

import random
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any, Final

from contracts.services.framework import Doubt, Estimate, Machine, Quantity, Workload
from graders.kit import Implementation, check, equal

SOUND: Final = Workload(
    users=86_400,
    actions_per_user=10,
    reads_per_write=4,
    write_bytes=1_000,
    read_bytes=250,
    peak_factor=2,
    retention_days=365,
    replicas=2,
)
"""20 requests a second at the peak, 63.072 GB, a cache of 12.6144 GB: nothing to ask about."""
MACHINE: Final = Machine(
    slots=10,
    service_time=1,
    utilisation=1,
    disk_bytes=10**12,
    memory_bytes=12_614_400_000,
    network_bits=10**9,
)
RANGES: Final[dict[str, int | None]] = {
    "users": None,
    "actions_per_user": None,
    "reads_per_write": None,
    "write_bytes": None,
    "read_bytes": None,
    "peak_factor": None,
    "retention_days": None,
    "replicas": None,
    "annual_growth": None,
    "years": 100,
    "hot_share": 1,
    "hot_reads": 1,
}
"""The largest value of each input of a workload, in their order."""


def asked(
    impl: Implementation, want: set[Doubt], machine: Machine = MACHINE, **changes: Any
) -> None:
    """These doubts and no others about the sound workload, changed."""
    did = f"asked for the doubts about a sound plan with {changes or 'nothing changed'}, {machine}"
    equal(impl.doubts(replace(SOUND, **changes), machine), frozenset(want), did=did)


@check("P11", kind="behaviour")
def test_doubts_about_the_workload(impl: Implementation) -> None:
    """A sound plan, and each input moved to where the doubt begins, and one step before it."""
    tiny = Fraction(1, 10**20)
    asked(impl, set())
    asked(impl, {Doubt.FLAT}, peak_factor=1, actions_per_user=20, write_bytes=1)
    asked(impl, set(), peak_factor=1 + tiny, actions_per_user=20, write_bytes=1)
    asked(impl, {Doubt.WRITE_HEAVY}, reads_per_write=1 - tiny, write_bytes=1)
    asked(impl, {Doubt.WRITE_HEAVY}, reads_per_write=0, write_bytes=1)
    asked(impl, set(), reads_per_write=1, write_bytes=1)
    asked(impl, {Doubt.STILL_FILLING}, retention_days=366)
    asked(impl, set(), retention_days=364)
    asked(impl, {Doubt.STILL_FILLING}, retention_days=731, years=2, write_bytes=1)
    asked(impl, set(), retention_days=730, years=2, write_bytes=1)
    asked(impl, {Doubt.ONE_COPY}, replicas=1)
    asked(impl, {Doubt.COLD_CACHE}, hot_reads=Fraction(1, 5) - tiny)
    asked(impl, set(), hot_reads=Fraction(1, 5))
    asked(impl, set(), hot_share=0, hot_reads=0)


@check("P11", kind="behaviour")
def test_doubts_about_the_machines(impl: Implementation) -> None:
    """Memory that just holds the cache and just does not; one server, two, and one by the network."""
    asked(impl, {Doubt.CACHE_TOO_LARGE}, replace(MACHINE, memory_bytes=12_614_399_999))
    asked(impl, set(), replace(MACHINE, memory_bytes=1), hot_share=0)
    asked(impl, {Doubt.CACHE_TOO_LARGE}, hot_share=Fraction(1, 5) + Fraction(1, 10**20))
    asked(impl, set(), replicas=9)
    asked(impl, {Doubt.ONE_SERVER}, replace(MACHINE, slots=20))
    asked(impl, set(), replace(MACHINE, slots=19))
    asked(impl, set(), replace(MACHINE, slots=20, network_bits=31_999))
    asked(impl, {Doubt.ONE_SERVER}, replace(MACHINE, slots=20, network_bits=32_000))
    asked(impl, {Doubt.ONE_SERVER}, replace(MACHINE, slots=10**9), users=1, write_bytes=86_400)
    every = replace(
        SOUND, peak_factor=1, reads_per_write=0, retention_days=400, replicas=1, hot_reads=0
    )
    machine = replace(MACHINE, memory_bytes=1)
    did = "asked for the doubts about a plan with everything wrong"
    equal(impl.doubts(every, machine), frozenset(Doubt), did=did)


def moved(impl: Implementation, figure: str, want: list[tuple[str, str]], **changes: Any) -> None:
    """The figure must be moved by this much, in this order."""
    workload = replace(SOUND, **changes)
    pairs = tuple((name, Fraction(part)) for name, part in want)
    did = f"asked for the sensitivity of {figure} of {workload}"
    equal(impl.sensitivity(workload, MACHINE, figure), pairs, did=did)


@check("P12", kind="behaviour")
def test_sensitivity_by_example(impl: Implementation) -> None:
    """Storage, store reads and cache, with inputs that may be doubled and inputs that may not."""
    still = [("read_bytes", "0"), ("peak_factor", "0")]
    moved(
        impl,
        "storage",
        [("users", "1"), ("actions_per_user", "1"), ("write_bytes", "1"), ("replicas", "1"),
         ("reads_per_write", "-4/9"), *still, ("retention_days", "0"), ("annual_growth", "0"),
         ("years", "0"), ("hot_share", "0")],
    )  # fmt: skip
    moved(
        impl,
        "store_reads",
        [("users", "1"), ("actions_per_user", "1"), ("peak_factor", "1"), ("hot_reads", "-1"),
        ("reads_per_write", "1/9"),
            ("write_bytes", "0"), ("read_bytes", "0"), ("retention_days", "0"), ("replicas", "0"),
            ("annual_growth", "0"), ("years", "0"), ("hot_share", "0")],
        hot_reads=Fraction(1, 2),
    )  # fmt: skip
    moved(
        impl,
        "cache",
        [
            ("years", "5/4"),
            ("users", "1"),
            ("actions_per_user", "1"),
            ("write_bytes", "1"),
            ("retention_days", "2/3"),
            ("reads_per_write", "-4/9"),
            ("annual_growth", "1/3"),
            *still,
            ("replicas", "0"),
        ],
        annual_growth=Fraction(1, 2),
        years=2,
        hot_share=Fraction(3, 5),
    )


@check("P12", kind="behaviour")
def test_sensitivity_at_the_ends_of_the_ranges(impl: Implementation) -> None:
    """Inputs that are zero, whose double is just allowed, and whose double is not."""
    for changes, left_out in (
        ({"hot_share": Fraction(1, 2), "years": 50}, {"hot_reads"}),
        ({"hot_share": Fraction(51, 100), "years": 51}, {"hot_share", "hot_reads", "years"}),
        ({"hot_share": 0, "hot_reads": 0, "annual_growth": 0}, set()),
        ({"hot_share": 1, "hot_reads": 1}, {"hot_share", "hot_reads"}),
        ({"years": 100, "hot_reads": Fraction(1, 2)}, {"years"}),
    ):  # fmt: skip
        names = [name for name, _ in impl.sensitivity(replace(SOUND, **changes), MACHINE, "writes")]
        did = f"asked for the sensitivity of writes with {changes}: which inputs are in it"
        equal(sorted(names), sorted(set(RANGES) - left_out), did=did)
    for figure, changes in (
        ("reads", {"reads_per_write": 0}),
        ("cache", {"hot_share": 0}),
        ("store_reads", {"hot_reads": 1}),
    ):
        got = impl.sensitivity(replace(SOUND, **changes), MACHINE, figure)
        did = f"asked for the sensitivity of {figure} with {changes}, which is 0"
        names = [name for name in RANGES if name != "hot_reads"]
        equal(got, tuple((name, Fraction(0)) for name in names), did=did)


@check("P12", kind="behaviour")
def test_sensitivity_of_numbers_of_machines_jumps(impl: Implementation) -> None:
    """Servers, shards and nodes are whole numbers, before and after."""
    tight = replace(MACHINE, slots=13, disk_bytes=50 * 10**9)
    for figure, changes in (
        ("servers", {"users": "1", "reads_per_write": "0", "peak_factor": "1", "write_bytes": "0"}),
        ("shards", {"users": "1/2", "reads_per_write": "-1/2", "replicas": "0", "years": "0"}),
        (
            "nodes",
            {"users": "1/2", "reads_per_write": "-1/2", "replicas": "1", "write_bytes": "1/2"},
        ),
    ):
        got = dict(impl.sensitivity(SOUND, tight, figure))
        want = {name: Fraction(part) for name, part in changes.items()}
        did = f"asked for the sensitivity of {figure} on machines of 13 slots and 50 GB"
        equal({name: got.get(name) for name in want}, want, did=did)


@check("P12", kind="behaviour")
def test_sensitivity_is_what_estimate_says(impl: Implementation) -> None:
    """The figures of six plans from seed 8, beside estimates of the plans with one input doubled."""
    chance = random.Random(8)
    for round_ in range(6):
        workload = replace(
            SOUND,
            users=chance.randint(1, 10**9),
            reads_per_write=Fraction(chance.randint(1, 90), 10),
            retention_days=chance.randint(1, 2_000),
            annual_growth=Fraction(chance.randint(1, 9), 10),
            years=chance.randint(1, 3),
            hot_share=Fraction(chance.randint(1, 10), 10),
            hot_reads=Fraction(chance.randint(1, 9), 10),
        )
        plans = {name: plan for name in RANGES if (plan := _doubled(workload, name)) is not None}
        made = {name: impl.estimate(plan, MACHINE) for name, plan in plans.items()}
        before = impl.estimate(workload, MACHINE)
        figures = [each.name for each in fields(Estimate) if each.name != "bottleneck"]
        for figure in figures[round_ % 3 :: 3]:
            start = _number(before, figure)
            changes = [(name, _number(plan, figure) / start - 1) for name, plan in made.items()]
            want = tuple(sorted(changes, key=lambda pair: abs(pair[1]), reverse=True))
            did = f"asked for the sensitivity of {figure} of {workload}"
            equal(impl.sensitivity(workload, MACHINE, figure), want, did=did)


def _doubled(workload: Workload, name: str) -> Workload | None:
    twice, most = 2 * getattr(workload, name), RANGES[name]
    return replace(workload, **{name: twice}) if most is None or twice <= most else None


def _number(plan: Estimate, figure: str) -> Fraction:
    value = getattr(plan, figure)
    return Fraction(value.amount if isinstance(value, Quantity) else value)
