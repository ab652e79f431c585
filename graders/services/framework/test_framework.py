"""Three systems, worked by hand: the tables of the brief."""

from fractions import Fraction
from typing import Final

from contracts.services.framework import Bottleneck, Doubt, Machine, Quantity, Unit, Workload
from graders.kit import Implementation, check, equal
from graders.kit.shape import test_shape  # noqa: F401

MACHINE: Final = Machine(
    slots=100,
    service_time=Fraction(1, 10),
    utilisation=Fraction(7, 10),
    disk_bytes=4 * 10**12,
    memory_bytes=64 * 10**9,
    network_bits=10**10,
)
SHORTENER: Final = Workload(
    users=10_000_000,
    actions_per_user=10,
    reads_per_write=99,
    write_bytes=500,
    read_bytes=500,
    peak_factor=3,
    retention_days=5 * 365,
    replicas=3,
    years=5,
)
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
VIDEO: Final = Workload(
    users=20_000_000,
    actions_per_user=5,
    reads_per_write=199,
    write_bytes=100_000_000,
    read_bytes=20_000_000,
    peak_factor=2,
    retention_days=10 * 365,
    replicas=2,
    annual_growth=Fraction(1, 2),
    years=2,
    hot_share=Fraction(1, 20),
    hot_reads=Fraction(9, 10),
)

AMOUNTS: Final[dict[str, Unit]] = {
    "writes": Unit.PER_SECOND,
    "reads": Unit.PER_SECOND,
    "peak_writes": Unit.PER_SECOND,
    "peak_reads": Unit.PER_SECOND,
    "inbound": Unit.BITS_PER_SECOND,
    "outbound": Unit.BITS_PER_SECOND,
    "stored_per_day": Unit.BYTES,
    "storage": Unit.BYTES,
    "cache": Unit.BYTES,
    "store_reads": Unit.PER_SECOND,
    "in_flight": Unit.COUNT,
}


def worked(
    impl: Implementation,
    name: str,
    workload: Workload,
    amounts: str,
    machines: tuple[int, Bottleneck, int, int],
) -> None:
    """Every figure of a system must be the one worked by hand."""
    made = impl.estimate(workload, MACHINE)
    for (figure, unit), amount in zip(AMOUNTS.items(), amounts.split(), strict=True):
        want = Quantity(Fraction(amount), unit)
        equal(getattr(made, figure), want, did=f"estimated {figure} of the {name} of the brief")
    got = (made.servers, made.bottleneck, made.shards, made.nodes)
    did = f"estimated servers, bottleneck, shards and nodes of the {name} of the brief"
    equal(got, machines, did=did)


def written(impl: Implementation, name: str, workload: Workload, texts: str) -> None:
    """Every amount must read as in the brief's table."""
    made = impl.estimate(workload, MACHINE)
    for figure, text in zip(AMOUNTS, texts.split(", "), strict=True):
        did = f"wrote the {figure} of the {name} of the brief, {getattr(made, figure)!r}"
        equal(impl.format_quantity(getattr(made, figure)), text, did=did)


@check("P6", "P7", "P8", "P9", "P10", kind="behaviour")
def test_the_url_shortener_of_the_brief(impl: Implementation) -> None:
    """10 M users with 10 actions a day, 99 reads for a write, kept for the five years of the plan."""
    amounts = (
        "625/54 6875/6 625/18 6875/2 1250000/9 13750000 1500000000"
        " 2737500000000 182500000000 1375/2 3125/9"
    )
    worked(impl, "URL shortener", SHORTENER, amounts, (5, Bottleneck.SLOTS, 1, 3))


@check("P6", "P7", "P8", "P9", "P10", kind="behaviour")
def test_the_chat_of_the_brief(impl: Implementation) -> None:
    """50 M users with 80 messages sent or read a day, 20 % growth, three years, kept for 400 days."""
    amounts = (
        "100000/3 100000/3 400000/3 400000/3 3200000000/3 3200000000/3 8640000000000"
        " 3405600000000000 227040000000000 80000/3 80000/3"
    )
    worked(impl, "chat", CHAT, amounts, (381, Bottleneck.SLOTS, 406, 1_218))


@check("P6", "P7", "P8", "P9", "P10", kind="behaviour")
def test_the_video_service_of_the_brief(impl: Implementation) -> None:
    """20 M users with 5 actions a day, 199 views for an upload, 50 % growth, kept for ever."""
    amounts = (
        "625/72 124375/72 625/36 124375/36 125000000000/9 4975000000000/9 150000000000000"
        " 91250000000000000 2281250000000000 24875/72 3125/9"
    )
    worked(impl, "video service", VIDEO, amounts, (79, Bottleneck.NETWORK, 16_295, 32_590))


@check("P3", "P6", "P7", "P8", "P9", kind="behaviour")
def test_the_tables_of_the_brief_as_text(impl: Implementation) -> None:
    """The three systems estimated, and each amount written."""
    written(
        impl,
        "URL shortener",
        SHORTENER,
        "11.6/s, 1.15k/s, 34.7/s, 3.44k/s, 139 kb/s, 13.8 Mb/s, 1.5 GB, 2.74 TB, 183 GB, 688/s, 347",
    )
    written(
        impl,
        "chat",
        CHAT,
        "33.3k/s, 33.3k/s, 133k/s, 133k/s, 1.07 Gb/s, 1.07 Gb/s, 8.64 TB, 3.41 PB, 227 TB, 26.7k/s,"
        " 26.7k",
    )
    written(
        impl,
        "video service",
        VIDEO,
        "8.68/s, 1.73k/s, 17.4/s, 3.45k/s, 13.9 Gb/s, 553 Gb/s, 150 TB, 91.3 PB, 2.28 PB, 345/s, 347",
    )


@check("P11", kind="behaviour")
def test_the_doubts_about_the_systems_of_the_brief(impl: Implementation) -> None:
    """What a reviewer asks about the three."""
    large, filling = Doubt.CACHE_TOO_LARGE, Doubt.STILL_FILLING
    for name, workload, want in (
        ("URL shortener", SHORTENER, {large}),
        ("chat", CHAT, {large}),
        ("video service", VIDEO, {large, filling}),
    ):
        did = f"asked for the doubts about the {name} of the brief"
        equal(impl.doubts(workload, MACHINE), frozenset(want), did=did)
