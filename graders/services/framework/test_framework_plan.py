"""The arithmetic of a plan: traffic, bandwidth, storage, cache, machines."""

import random
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from contracts.services.framework import Bottleneck, Estimate, Machine, Quantity, Unit, Workload
from graders.kit import Implementation, check, ensure, equal

SMALL: Final = Workload(
    users=86_400, actions_per_user=10, reads_per_write=4, write_bytes=1_000, read_bytes=250
)
"""2 writes and 8 reads a second."""
MACHINE: Final = Machine(
    slots=10,
    service_time=1,
    utilisation=1,
    disk_bytes=10**12,
    memory_bytes=10**10,
    network_bits=10**9,
)
FIGURES: Final = tuple(Estimate.__dataclass_fields__)
TRAFFIC: Final = ("writes", "reads", "peak_writes", "peak_reads")


def work(**changes: Any) -> Workload:
    """The small workload with other values."""
    return replace(SMALL, **changes)


def amount_of(
    impl: Implementation, figure: str, workload: Workload, machine: Machine = MACHINE
) -> Any:
    """The amount of one figure, whatever its unit."""
    value = getattr(impl.estimate(workload, machine), figure)
    return value.amount if isinstance(value, Quantity) else value


def exactly(
    impl: Implementation, figure: str, want: Fraction | int, unit: Unit, **changes: Any
) -> None:
    """A figure of the small workload, changed, must be this amount."""
    got = getattr(impl.estimate(work(**changes), MACHINE), figure)
    did = f"estimated {figure} of 86,400 users x 10 actions, 4 reads a write, 1,000 and 250 B"
    did += f", and {changes}" if changes else ""
    equal(got, Quantity(Fraction(want), unit), did=did)


@check("P6", kind="behaviour")
def test_traffic_is_shared_between_reads_and_writes(impl: Implementation) -> None:
    """Ratios of 4 to 1, 99 to 1, 1 to 1, 1 to 4, 1/2 to 1 and 0 to 1 of ten actions a second."""
    for ratio, writes in (
        (4, 2),
        (99, "1/10"),
        (1, 5),
        (Fraction(1, 4), 8),
        (Fraction(1, 2), "20/3"),
        (0, 10),
    ):
        exact = Fraction(writes)
        exactly(impl, "writes", exact, Unit.PER_SECOND, reads_per_write=ratio)
        exactly(impl, "reads", 10 - exact, Unit.PER_SECOND, reads_per_write=ratio)
    exactly(impl, "writes", Fraction(1, 432_000), Unit.PER_SECOND, users=1, actions_per_user=1)
    exactly(impl, "writes", Fraction(1, 5), Unit.PER_SECOND, actions_per_user=1)
    exactly(impl, "reads", Fraction(4, 15), Unit.PER_SECOND, actions_per_user=Fraction(1, 3))


@check("P6", kind="behaviour")
def test_the_peak_is_the_average_times_its_factor(impl: Implementation) -> None:
    """Factors of 1, 3 and 5/2; the averages and what is stored stay as they are."""
    for factor in (1, 3, Fraction(5, 2)):
        exactly(impl, "peak_writes", 2 * Fraction(factor), Unit.PER_SECOND, peak_factor=factor)
        exactly(impl, "peak_reads", 8 * Fraction(factor), Unit.PER_SECOND, peak_factor=factor)
        exactly(impl, "writes", 2, Unit.PER_SECOND, peak_factor=factor)
        exactly(impl, "reads", 8, Unit.PER_SECOND, peak_factor=factor)
        exactly(impl, "storage", 63_072_000_000, Unit.BYTES, peak_factor=factor)
        exactly(impl, "stored_per_day", 172_800_000, Unit.BYTES, peak_factor=factor)
        exactly(impl, "cache", 63_072_000_000 // 5, Unit.BYTES, peak_factor=factor)


@check("P6", kind="behaviour")
def test_traffic_grows_by_compound_years(impl: Implementation) -> None:
    """A half more each year: the first year is as told, the fourth has 27/8 of it."""
    for years, factor in ((1, 1), (2, "3/2"), (3, "9/4"), (4, "27/8")):
        plan = {"annual_growth": Fraction(1, 2), "years": years}
        exactly(impl, "writes", 2 * Fraction(factor), Unit.PER_SECOND, **plan)
        exactly(impl, "peak_reads", 8 * Fraction(factor), Unit.PER_SECOND, **plan)
    exactly(impl, "reads", 8 * 2**99, Unit.PER_SECOND, annual_growth=1, years=100)
    exactly(impl, "reads", 8, Unit.PER_SECOND, annual_growth=0, years=100)
    plan = {"annual_growth": Fraction(1, 7), "years": 30}
    exactly(impl, "writes", 2 * Fraction(8, 7) ** 29, Unit.PER_SECOND, **plan)


@check("P7", kind="behaviour")
def test_bandwidth_is_in_bits_and_at_the_peak(impl: Implementation) -> None:
    """Writes come in, reads go out; copies, retention and cache change nothing."""
    for plan in ({}, {"replicas": 3}, {"retention_days": 7}, {"hot_share": 1, "hot_reads": 1}):
        exactly(impl, "inbound", 16_000, Unit.BITS_PER_SECOND, **plan)
        exactly(impl, "outbound", 16_000, Unit.BITS_PER_SECOND, **plan)
    exactly(impl, "inbound", 48_000, Unit.BITS_PER_SECOND, peak_factor=3)
    exactly(impl, "outbound", 40_000, Unit.BITS_PER_SECOND, peak_factor=Fraction(5, 2))
    exactly(impl, "inbound", 16, Unit.BITS_PER_SECOND, write_bytes=1)
    exactly(impl, "outbound", 64, Unit.BITS_PER_SECOND, read_bytes=1)
    exactly(impl, "inbound", 24_000, Unit.BITS_PER_SECOND, annual_growth=Fraction(1, 2), years=2)


@check("P8", kind="behaviour")
def test_storage_is_what_is_kept(impl: Implementation) -> None:
    """172.8 MB a day, kept for a day, a month, for the plan, and for longer than the plan."""
    day = 172_800_000
    for days, kept in ((1, 1), (30, 30), (364, 364), (365, 365), (366, 365), (10**9, 365)):
        exactly(impl, "storage", day * kept, Unit.BYTES, retention_days=days)
    for days, kept in (
        (364, 364),
        (366, 366),
        (730, 730),
        (1_094, 1_094),
        (1_095, 1_095),
        (1_096, 1_095),
    ):
        exactly(impl, "storage", day * kept, Unit.BYTES, retention_days=days, years=3)
    exactly(impl, "storage", day * 365 * 3, Unit.BYTES, replicas=3)
    exactly(impl, "stored_per_day", day * 3, Unit.BYTES, replicas=3)
    exactly(impl, "storage", day * 36_500, Unit.BYTES, retention_days=10**18, years=100)
    exactly(impl, "storage", 73_000, Unit.BYTES, users=1, reads_per_write=49, actions_per_user=10)


@check("P8", kind="behaviour")
def test_each_day_is_stored_with_the_traffic_of_its_year(impl: Implementation) -> None:
    """Doubled each year: 1, 2 and 4 times 172.8 MB a day, kept from one day to three years."""
    day, grows = 172_800_000, {"annual_growth": 1, "years": 3}
    for days, units in (
        (1, 4), (365, 1_460), (366, 1_462), (400, 1_530), (730, 2_190), (731, 2_191), (1_000, 2_460),
        (1_095, 2_555), (5_000, 2_555),
    ):  # fmt: skip
        exactly(impl, "storage", day * units, Unit.BYTES, retention_days=days, **grows)
    exactly(impl, "stored_per_day", day * 4, Unit.BYTES, **grows)
    exactly(impl, "storage", day * 2_555 * 2, Unit.BYTES, retention_days=1_095, replicas=2, **grows)


@check("P9", kind="behaviour")
def test_the_cache_holds_a_share_of_one_copy(impl: Implementation) -> None:
    """Shares from nothing to all; more copies need no larger cache."""
    kept = 172_800_000 * 365
    for share in (0, Fraction(1, 5), Fraction(1, 3), 1):
        for replicas in (1, 3):
            plan = {"hot_share": share, "replicas": replicas}
            exactly(impl, "cache", kept * Fraction(share), Unit.BYTES, **plan)
    exactly(impl, "cache", kept // 5, Unit.BYTES)
    exactly(impl, "cache", 172_800_000 * 7 // 5, Unit.BYTES, retention_days=7)


@check("P9", kind="behaviour")
def test_the_store_is_left_with_the_reads_that_miss(impl: Implementation) -> None:
    """Of 8 reads a second, 24 at the peak, what the cache does not serve."""
    for served, left in ((0, 24), (Fraction(4, 5), "24/5"), (Fraction(1, 3), 16), (1, 0)):
        exactly(
            impl, "store_reads", Fraction(left), Unit.PER_SECOND, hot_reads=served, peak_factor=3
        )
    exactly(impl, "store_reads", Fraction(8, 5), Unit.PER_SECOND)
    exactly(impl, "store_reads", Fraction(8, 5), Unit.PER_SECOND, hot_share=1)
    exactly(impl, "store_reads", 0, Unit.PER_SECOND, reads_per_write=0)


def servers(
    impl: Implementation, want: tuple[int, Bottleneck], workload: Workload, **machine: Any
) -> None:
    """So many servers, for this reason."""
    made = impl.estimate(workload, replace(MACHINE, **machine))
    did = f"estimated servers and bottleneck of {workload} on {machine or 'the usual machine'}"
    equal((made.servers, made.bottleneck), want, did=did)


@check("P10", kind="behaviour")
def test_servers_have_slots_for_everything_in_flight(impl: Implementation) -> None:
    """Ten requests a second that take 1 s, 0.7 s or longer, in slots of which a part may be used."""
    slots = Bottleneck.SLOTS
    exactly(impl, "in_flight", 10, Unit.COUNT)
    exactly(impl, "in_flight", 25, Unit.COUNT, peak_factor=Fraction(5, 2))
    short = impl.estimate(SMALL, replace(MACHINE, service_time=Fraction(1, 300))).in_flight
    equal(
        short,
        Quantity(Fraction(1, 30), Unit.COUNT),
        did="estimated in_flight of 10 a second x 1/300 s",
    )
    for changes, want in (
        ({}, 1), ({"slots": 9}, 2), ({"slots": 5}, 2), ({"slots": 1}, 10), ({"slots": 11}, 1),
        ({"service_time": Fraction(10**9 + 1, 10**9)}, 2), ({"service_time": Fraction(1, 10**9)}, 1),
        ({"utilisation": Fraction(7, 10), "service_time": Fraction(7, 10)}, 1),
        ({"utilisation": Fraction(7, 10), "service_time": Fraction(21, 10)}, 3),
        ({"utilisation": Fraction(7, 10), "service_time": Fraction(21, 10) + Fraction(1, 10**20)}, 4),
        ({"utilisation": Fraction(1, 3), "service_time": Fraction(1, 3)}, 1),
        ({"utilisation": Fraction(7, 10)}, 2),
        ({"slots": 3, "utilisation": Fraction(1, 2), "service_time": Fraction(29, 10)}, 20),
        ({"service_time": 10**20, "slots": 1}, 10**21),
        ({"service_time": 10**20 + Fraction(1, 100), "slots": 1}, 10**21 + 1),
    ):  # fmt: skip
        servers(impl, (want, slots), SMALL, **changes)


@check("P10", kind="behaviour")
def test_servers_have_room_on_their_network_cards(impl: Implementation) -> None:
    """16 kb/s in and out: the larger direction counts, and slots count if they need as many."""
    slots, network = Bottleneck.SLOTS, Bottleneck.NETWORK
    for workload, changes, want in (
        (SMALL, {"network_bits": 16_000}, (1, slots)), (SMALL, {"network_bits": 15_999}, (2, network)),
        (SMALL, {"network_bits": 8_000}, (2, network)),
        (SMALL, {"network_bits": 8_000, "slots": 5}, (2, slots)),
        (SMALL, {"network_bits": 8_000, "slots": 4}, (3, slots)),
        (SMALL, {"network_bits": 16_000, "utilisation": Fraction(4, 5)}, (2, slots)),
        (SMALL, {"network_bits": 5_000, "utilisation": Fraction(4, 5)}, (4, network)),
        (work(write_bytes=10), {"network_bits": 1_000}, (16, network)),
        (work(read_bytes=10), {"network_bits": 1_000}, (16, network)),
        (work(peak_factor=2), {"network_bits": 16_000, "slots": 20}, (2, network)),
        (SMALL, {"network_bits": 1}, (16_000, network)),
        (work(replicas=5), {"network_bits": 16_000}, (1, slots)),
    ):  # fmt: skip
        servers(impl, want, workload, **changes)


@check("P10", kind="behaviour")
def test_shards_hold_one_copy_and_nodes_all(impl: Implementation) -> None:
    """63.072 GB in disks that fit exactly, that are a byte too small, and of which a part is used."""
    for changes, machine, want in (
        ({}, {}, (1, 1)), ({}, {"disk_bytes": 63_072_000_000}, (1, 1)),
        ({}, {"disk_bytes": 63_071_999_999}, (2, 2)),
        ({"replicas": 3}, {"disk_bytes": 63_072_000_000}, (1, 3)),
        ({"replicas": 3}, {"disk_bytes": 63_071_999_999}, (2, 6)),
        ({"replicas": 3}, {"disk_bytes": 10**11}, (1, 3)),
        ({"replicas": 2}, {"disk_bytes": 2 * 10**11}, (1, 2)),
        ({}, {"disk_bytes": 90_102_857_143, "utilisation": Fraction(7, 10)}, (1, 1)),
        ({}, {"disk_bytes": 90_102_857_142, "utilisation": Fraction(7, 10)}, (2, 2)),
        ({}, {"disk_bytes": 21_024_000_000}, (3, 3)),
        ({"peak_factor": 9}, {"disk_bytes": 63_072_000_000}, (1, 1)),
        ({"replicas": 7}, {"disk_bytes": 1}, (63_072_000_000, 441_504_000_000)),
        ({"retention_days": 1, "users": 1, "reads_per_write": 99}, {}, (1, 1)),
    ):  # fmt: skip
        made = impl.estimate(work(**changes), replace(MACHINE, **machine))
        did = f"estimated shards and nodes of 63.072 GB, {changes}, {machine or 'disks of 1 TB'}"
        equal((made.shards, made.nodes), want, did=did)


def chance_plan(chance: random.Random) -> tuple[Workload, Machine]:
    """Any plan."""

    def part() -> Fraction:
        return Fraction(chance.randint(0, 20), 20)

    def ratio(least: int) -> Fraction:
        return least + Fraction(chance.randint(0, 400), chance.choice([1, 3, 7, 100]))

    workload = Workload(
        users=chance.randint(1, 10 ** chance.randint(1, 18)),
        actions_per_user=ratio(0) + Fraction(1, 9),
        reads_per_write=ratio(0),
        write_bytes=chance.randint(1, 10 ** chance.randint(1, 9)),
        read_bytes=chance.randint(1, 10 ** chance.randint(1, 9)),
        peak_factor=ratio(1),
        retention_days=chance.choice([1, 30, 364, 365, 366, chance.randint(1, 4_000)]),
        replicas=chance.randint(1, 7),
        annual_growth=chance.choice([Fraction(0), Fraction(1, 5), Fraction(3, 7), Fraction(2)]),
        years=chance.randint(1, 7),
        hot_share=part(),
        hot_reads=part(),
    )
    machine = Machine(
        slots=chance.randint(1, 1_000),
        service_time=Fraction(chance.randint(1, 900), chance.choice([1, 7, 1_000])),
        utilisation=Fraction(chance.randint(1, 20), 20),
        disk_bytes=chance.randint(1, 10**13),
        memory_bytes=chance.randint(1, 10**12),
        network_bits=chance.randint(1, 10**11),
    )
    return workload, machine


def day_by_day(workload: Workload) -> tuple[Fraction, Fraction]:
    """Writes of the last day, and writes that are kept then; each day is asked whether it is."""
    share = Fraction(1) / (workload.reads_per_write + 1)
    first = 365 * workload.years - workload.retention_days
    per_year = [Fraction(workload.users) * workload.actions_per_user * share]
    for _ in range(workload.years - 1):
        per_year.append(per_year[-1] * (1 + Fraction(workload.annual_growth)))
    days = [
        sum(day >= first for day in range(365 * y, 365 * y + 365)) for y in range(workload.years)
    ]
    return per_year[-1], sum((n * w for n, w in zip(days, per_year, strict=True)), Fraction(0))


def fewest(need: Fraction, room: Fraction) -> int:
    """How many rooms it takes."""
    count, rest = divmod(need, room)
    return int(count) + (rest > 0)


def model(workload: Workload, machine: Machine) -> Estimate:
    """The figures, by another road."""
    last_day, kept = day_by_day(workload)
    requests = last_day * (1 + workload.reads_per_write) * workload.peak_factor / 86_400
    reads = last_day * workload.reads_per_write
    into = last_day * workload.write_bytes * workload.peak_factor / 10_800
    out = reads * workload.read_bytes * workload.peak_factor / 10_800
    copy, flying = kept * workload.write_bytes, requests * machine.service_time
    by_slots = fewest(flying, machine.slots * Fraction(machine.utilisation))
    by_network = fewest(max(into, out), machine.network_bits * Fraction(machine.utilisation))
    shards = fewest(copy, machine.disk_bytes * Fraction(machine.utilisation))
    return Estimate(
        Quantity(last_day / 86_400, Unit.PER_SECOND),
        Quantity(reads / 86_400, Unit.PER_SECOND),
        Quantity(last_day * workload.peak_factor / 86_400, Unit.PER_SECOND),
        Quantity(reads * workload.peak_factor / 86_400, Unit.PER_SECOND),
        Quantity(into, Unit.BITS_PER_SECOND),
        Quantity(out, Unit.BITS_PER_SECOND),
        Quantity(last_day * workload.write_bytes * workload.replicas, Unit.BYTES),
        Quantity(copy * workload.replicas, Unit.BYTES),
        Quantity(copy * workload.hot_share, Unit.BYTES),
        Quantity(reads * workload.peak_factor * (1 - workload.hot_reads) / 86_400, Unit.PER_SECOND),
        Quantity(flying, Unit.COUNT),
        max(by_slots, by_network),
        Bottleneck.NETWORK if by_network > by_slots else Bottleneck.SLOTS,
        shards,
        shards * workload.replicas,
    )


@check("P6", "P7", "P8", "P9", "P10", kind="behaviour")
def test_any_plan_agrees_with_another_way_to_reckon(impl: Implementation) -> None:
    """Sixty plans from seed 5, up to 10 ** 18 users."""
    chance = random.Random(5)
    for _ in range(60):
        workload, machine = chance_plan(chance)
        got, want = impl.estimate(workload, machine), model(workload, machine)
        ensure(isinstance(got, Estimate), did="estimated a plan", want="an Estimate", got=got)
        for figure in FIGURES:
            did = f"estimated {figure} of {workload} on {machine}"
            equal(getattr(got, figure), getattr(want, figure), did=did)


@check("P6", "P7", "P8", "P9", "P10", kind="behaviour")
def test_more_of_anything_never_needs_less(impl: Implementation) -> None:
    """Fifteen plans from seed 6: doubled users double every amount; better machines are never more."""
    chance = random.Random(6)
    for _ in range(15):
        workload, machine = chance_plan(chance)
        plan = impl.estimate(workload, machine)
        double = impl.estimate(replace(workload, users=2 * workload.users), machine)
        better = impl.estimate(
            workload,
            replace(
                machine,
                slots=2 * machine.slots,
                disk_bytes=2 * machine.disk_bytes,
                network_bits=2 * machine.network_bits,
            ),
        )
        for figure in FIGURES:
            one, two = getattr(plan, figure), getattr(double, figure)
            did = f"estimated {figure} of {workload} and of twice the users"
            if isinstance(one, Quantity):
                equal(two, Quantity(2 * one.amount, one.unit), did=did)
                equal(
                    getattr(better, figure), one, did=f"estimated {figure}, then on better machines"
                )
            elif figure != "bottleneck":
                many = 2 * one
                ensure(
                    many - 1 - workload.replicas <= two <= many,
                    did=did,
                    want=f"about {many}",
                    got=two,
                )
                fewer = getattr(better, figure)
                did = f"estimated {figure} of {workload}, then on machines with twice of everything"
                ensure(one <= 2 * fewer and fewer <= one, did=did, want=f"half of {one}", got=fewer)
