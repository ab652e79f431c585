"""The text format 0.0.4, read by a strict parser."""

import math
import random
import re
from collections.abc import Iterator

from graders.kit import CheckFailed, Implementation, Sim, check, equal, simulate

NAME = re.compile("[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile('([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\n]|\\\\["\\\\n])*)"')
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|NaN|[+-]Inf")
PARTS = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}
SPECIAL = (
    "",
    "\\",
    '"',
    "\n",
    "\\n",
    '\\"',
    '"}',
    "a,b",
    "{",
    " ",
    "\r",
    "\t",
    "é",
    "\u2028",
    "😀",
    "#",
)

Sample = tuple[str, tuple[tuple[str, str], ...], str]
Family = tuple[str, str, list[Sample]]


def fail(line: str, want: str) -> CheckFailed:
    """What is wrong with a line."""
    return CheckFailed("the text of render() was read line by line", want, repr(line))


def unescaped(text: str) -> str:
    """The text as it was before it was escaped."""
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text)


def labels_of(line: str, text: str) -> tuple[tuple[str, str], ...]:
    """The labels between the braces, sorted by name."""
    pairs = []
    while text:
        found = LABEL.match(text)
        if found is None:
            raise fail(line, 'labels as name="value", separated by commas, escaped')
        pairs.append((found[1], unescaped(found[2])))
        text = text[found.end() :]
        if (text and not text.startswith(",")) or text == ",":
            raise fail(line, "a comma between labels, and nothing else")
        text = text[1:]
    if len(dict(pairs)) < len(pairs):
        raise fail(line, "no label twice")
    return tuple(sorted(pairs))


def sample_of(line: str) -> Sample:
    """Name, labels and number of a sample line."""
    name = NAME.match(line)
    if name is None:
        raise fail(line, "a sample that begins with its name")
    rest, pairs = line[name.end() :], ()
    if rest.startswith("{"):
        inside, brace, rest = rest[1:].rpartition("}")
        if not brace:
            raise fail(line, "a closing brace")
        pairs = labels_of(line, inside)  # type: ignore[assignment]
    if not rest.startswith(" ") or not NUMBER.fullmatch(rest[1:]):
        raise fail(line, "one blank, and a number as the format has it")
    return name[0], pairs, rest[1:]


def typed(line: str, name: str, family: Family) -> Family:
    """The family with its type."""
    named, _, kind = line[7:].partition(" ")
    if named != name or family[1] or family[2]:
        raise fail(line, "one TYPE line, after HELP of the same name and before the samples")
    return family[0], kind, []


def families(text: str) -> Iterator[tuple[str, Family]]:
    """Name, and (help, kind, samples), of each metric, in the order of the text."""
    text.encode()  # no lone surrogate
    if text and not text.endswith("\n"):
        raise fail(text[-40:], "a newline at the end of the last line")
    name, family = "", ("", "", [])  # type: tuple[str, Family]
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            if name:
                yield name, family
            name, _, help_text = line[7:].partition(" ")
            family = (unescaped(help_text), "", [])
        elif line.startswith("# TYPE "):
            family = typed(line, name, family)
        else:
            sample = sample_of(line)
            if sample[0] not in {name + part for part in PARTS.get(family[1], ())}:
                raise fail(line, f"a sample of the metric {name!r}, kind {family[1]!r}")
            family[2].append(sample)
    if name:
        yield name, family


def parsed(text: str) -> dict[str, Family]:
    """All metrics; CheckFailed if one is there twice or a sample is."""
    found = list(families(text))
    names = [name for name, _ in found]
    samples = [sample[:2] for _, family in found for sample in family[2]]
    for each in (names, samples):
        for thing in each:
            if each.count(thing) > 1:  # type: ignore[arg-type]
                raise fail(str(thing), "every metric and every sample once")
    return dict(found)


@check("P3", kind="behaviour")
def test_every_kind_is_written_as_the_format_has_it(impl: Implementation) -> None:
    """A counter, a gauge and a histogram with labels are rendered."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        equal(registry.render(), "", did="render() without metrics")
        registry.counter("jobs_total", "Jobs that are done.", ("queue", "Kind_1")).add(
            3, queue="mail", Kind_1="a"
        )
        registry.counter("unused_total", "Nothing yet.", ("queue",))
        registry.gauge("app:depth", "Depth.").set(-2.5)
        registry.histogram("wait_seconds", "Waiting.", ("queue",), (0.1, 1, 2.5)).observe(
            1, queue="mail"
        )
        got = parsed(registry.render())
        equal(
            {name: each[:2] for name, each in got.items()},
            {
                "jobs_total": ("Jobs that are done.", "counter"),
                "unused_total": ("Nothing yet.", "counter"),
                "app:depth": ("Depth.", "gauge"),
                "wait_seconds": ("Waiting.", "histogram"),
            },
            did="four metrics rendered: name, help and type of each",
        )
        counter = [(name, pairs, float(value)) for name, pairs, value in got["jobs_total"][2]]
        want = [("jobs_total", (("Kind_1", "a"), ("queue", "mail")), 3.0)]
        equal(counter, want, did="a counter with the labels queue and Kind_1: its sample")
        equal(
            got["unused_total"][2], [], did="a counter with labels that was not used: its samples"
        )
        gauge = [(name, pairs, float(value)) for name, pairs, value in got["app:depth"][2]]
        equal(gauge, [("app:depth", (), -2.5)], did="a gauge without labels: its sample")
        lines = [
            (name, float(dict(pairs).get("le", "nan")), float(value))
            for name, pairs, value in got["wait_seconds"][2]
        ]
        did = "a histogram with buckets 0.1, 1, 2.5 in which 1 was observed: "
        names = [name for name, _, _ in lines]
        equal(names[:4], ["wait_seconds_bucket"] * 4, did=did + "its first samples")
        want_last = ["wait_seconds_count", "wait_seconds_sum"]
        equal(sorted(names[4:]), want_last, did=did + "its last samples, in either order")
        equal([bound for _, bound, _ in lines[:4]], [0.1, 1.0, 2.5, math.inf], did=did + "bounds")
        equal([value for _, _, value in lines], [0.0, 1.0, 1.0, 1.0, 1.0, 1.0], did=did + "numbers")
        for name, pairs, _ in got["wait_seconds"][2]:
            equal(dict(pairs).get("queue"), "mail", did=f"{did}the label queue of {name}")
            equal("le" in dict(pairs), name.endswith("_bucket"), did=f"{did}a label le in {name}")
        last = dict(got["wait_seconds"][2][3][1])["le"]
        equal(last, "+Inf", did=did + "the label le of the last bucket")

    simulate(scene)


@check("P3", kind="behaviour")
def test_label_values_and_help_texts_are_escaped(impl: Implementation) -> None:
    """Backslashes, quotes, newlines and braces in label values and help texts; also from seed 3."""

    def scene(sim: Sim) -> None:
        dice = random.Random(3)
        mixed = ["".join(dice.choices(SPECIAL, k=6)) for _ in range(30)]
        registry = impl.Registry()
        counter = registry.counter("c_total", "Help.", ("a", "b"))
        values = list(dict.fromkeys((*SPECIAL, *mixed)))
        for number, value in enumerate(values):
            counter.add(number, a=value, b="x")
        text = registry.render()
        samples = parsed(text)["c_total"][2]
        got = {dict(pairs)["a"]: float(number) for _, pairs, number in samples}
        want = {value: float(number) for number, value in enumerate(values)}
        for value in values:
            equal(got.get(value), want[value], did=f"added under a={value!r}; the sample read back")
        equal(len(samples), len(values), did="samples of different label values")
        equal(
            text.count("\r"),
            sum(v.count("\r") for v in values),
            did="carriage returns, not escaped",
        )
        for value in values[:25]:
            registry = impl.Registry()
            registry.gauge("g", value)
            equal(
                parsed(registry.render())["g"][0], value, did=f"the help text {value!r} read back"
            )
        registry = impl.Registry()
        registry.gauge("g", 'a "quoted" word')
        line = registry.render().partition("\n")[0]
        equal(
            line, '# HELP g a "quoted" word', did="a help text with quotes, which stay as they are"
        )

    simulate(scene)


@check("P3", kind="behaviour")
def test_lone_surrogates_do_not_reach_the_text(impl: Implementation) -> None:
    """Label values and a help text hold half of a pair of surrogates."""

    def scene(sim: Sim) -> None:
        registry = impl.Registry()
        counter = registry.counter("c_total", "Half: \ud83d.", ("a",))
        for value in ("x\ud800", "x\udfff", "x\ufffd"):
            counter.add(1, a=value)
        text = registry.render()
        found = re.findall("[\ud800-\udfff]", text)
        equal(found, [], did="label values x and half a pair: lone surrogates in the text")
        help_text, _, samples = parsed(text)["c_total"]
        equal(help_text, "Half: \ufffd.", did="a help text with half a pair")
        got = [(pairs, float(number)) for _, pairs, number in samples]
        want = [((("a", "x\ufffd"),), 3.0)]
        equal(got, want, did="add under x and U+D800, x and U+DFFF, x and U+FFFD: one label value")

    simulate(scene)


@check("P3", kind="behaviour")
def test_numbers_can_be_read(impl: Implementation) -> None:
    """Small, large, whole, infinite numbers and none."""

    def scene(sim: Sim) -> None:
        numbers = (
            0,
            1,
            -3,
            0.1,
            1e-9,
            123456789.25,
            1e15,
            2.0**60,
            1e300,
            math.inf,
            -math.inf,
            math.nan,
        )
        registry = impl.Registry()
        gauge = registry.gauge("g", "", ("n",))
        for place, value in enumerate(numbers):
            gauge.set(value, n=str(place))
        samples = parsed(registry.render())["g"][2]
        written = {dict(pairs)["n"]: text for _, pairs, text in samples}
        for place, value in enumerate(numbers):
            text = written.get(str(place), "")
            if math.isnan(value):
                equal(text, "NaN", did="a gauge set to NaN")
            elif math.isinf(value):
                equal(text, "+Inf" if value > 0 else "-Inf", did=f"a gauge set to {value}")
            else:
                equal(
                    float(text or "nan"), float(value), did=f"a gauge set to {value!r}, read back"
                )
        registry = impl.Registry()
        bounds = (1e-9, 0.1, 1, 1e15, 1e300)
        registry.histogram("h", "", (), bounds)
        shown = [dict(pairs).get("le") for _, pairs, _ in parsed(registry.render())["h"][2]]
        got = [float(text) for text in shown if text is not None]
        equal(got, [*map(float, bounds), math.inf], did=f"a histogram with the bounds {bounds}")

    simulate(scene)
