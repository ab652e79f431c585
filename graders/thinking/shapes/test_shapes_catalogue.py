"""The catalogue: kinds by name, added and exchanged while it is in use, by several threads."""

from functools import partial
from typing import Any

from contracts.thinking.shapes import BadSize, BadText, KindTaken, UnknownKind
from graders.kit import Implementation, Sim, check, ensure, equal, explore, raises, simulate


class Hexagon:
    """A shape of the grader's."""

    def __init__(self, *sizes: float) -> None:
        self.sizes = sizes

    @property
    def area(self) -> float:
        """Of a regular one."""
        return 3**1.5 / 2 * self.sizes[0] ** 2


@check("P12", kind="behaviour")
def test_the_first_two_kinds(impl: Implementation) -> None:
    """Rectangles and circles from texts with all kinds of white space and plain numbers."""
    catalogue = impl.Catalogue()
    equal(catalogue.kinds(), ("circle", "rectangle"), did="kinds() of a new catalogue")
    for text, want in (
        ("rectangle 2 3.5", impl.Rectangle(2, 3.5)),
        ("  rectangle\t2\n3.5 ", impl.Rectangle(2, 3.5)),
        ("circle 1e3", impl.Circle(1000)),
        ("circle 0.1", impl.Circle(0.1)),
    ):
        got = catalogue.parse(text)
        ensure(
            type(got) is type(want) and got == want, did=f"parse({text!r})", want=f"{want}", got=got
        )


@check("P12", kind="behaviour")
def test_kinds_are_added(impl: Implementation) -> None:
    """A class, a function, a partial and a bound method become kinds; they get floats, and their result comes back."""
    catalogue, seen = impl.Catalogue(), []

    def note(*sizes: float) -> str:
        seen.append(sizes)
        return "made"

    kinds: dict[str, tuple[Any, int, str]] = {
        "hexagon": (Hexagon, 1, "hexagon 2"),
        "note": (note, 3, "note 1 -2.5 1e3"),
        "flat": (partial(impl.Rectangle, 0.5), 1, "flat 4"),
        "log": (seen.append, 1, "log 7"),
    }
    for name, (make, sizes, _) in kinds.items():
        equal(catalogue.add(name, make, sizes), None, did=f"add({name!r}, …)")
    want = ("circle", "flat", "hexagon", "log", "note", "rectangle")
    equal(catalogue.kinds(), want, did="kinds() after four were added")
    got = {name: catalogue.parse(text) for name, (_, _, text) in kinds.items()}
    equal(type(got["hexagon"]), Hexagon, did="parse('hexagon 2')")
    equal(got["hexagon"].sizes, (2.0,), did="sizes that Hexagon was called with")
    equal([got["note"], got["log"]], ["made", None], did="parse of two that are functions")
    equal(seen, [(1.0, -2.5, 1000.0), 7.0], did="what they were called with")
    equal(got["flat"] == impl.Rectangle(0.5, 4), True, did="parse('flat 4') is Rectangle(0.5, 4)")
    equal(impl.total_area([got["hexagon"]]) > 10, True, did="total_area of the new kind")


@check("P12", kind="behaviour")
def test_kinds_are_exchanged(impl: Implementation) -> None:
    """Circle becomes something else, of two sizes, and comes back."""
    catalogue = impl.Catalogue()
    before = catalogue.parse("circle 2")
    equal(catalogue.exchange("circle", Hexagon, 2), None, did="exchange('circle', Hexagon, 2)")
    equal(catalogue.parse("circle 2 3").sizes, (2.0, 3.0), did="parse('circle 2 3') after it")
    raises(BadText, lambda: catalogue.parse("circle 2"), did="parse('circle 2') after it")
    equal(catalogue.kinds(), ("circle", "rectangle"), did="kinds() after it")
    catalogue.exchange(name="circle", make=impl.Circle, sizes=1)
    equal(catalogue.parse(text="circle 2") == before, True, did="parse('circle 2') as before")


@check("P12", kind="behaviour")
def test_catalogues_share_nothing(impl: Implementation) -> None:
    """A kind is added and one is exchanged in one of three catalogues."""
    one, two = impl.Catalogue(), impl.Catalogue()
    one.add("hexagon", Hexagon, 1)
    one.exchange("circle", Hexagon, 2)
    for name, other in (("another", two), ("a new one", impl.Catalogue())):
        equal(other.kinds(), ("circle", "rectangle"), did=f"kinds() of {name}")
        equal(type(other.parse("circle 2")), impl.Circle, did=f"parse('circle 2') of {name}")
        raises(
            UnknownKind, lambda o=other: o.parse("hexagon 2"), did=f"parse('hexagon 2') of {name}"
        )


@check("P13", kind="contract")
def test_texts_that_cannot_be_used(impl: Implementation) -> None:
    """Nothing, names that nobody knows, too many and too few sizes, sizes that are no numbers."""
    catalogue = impl.Catalogue()
    catalogue.add("hexagon", Hexagon, 1)
    for text, name in (
        ("square 2", "square"),
        ("Circle 2", "Circle"),
        ("circles 2", "circles"),
        (" 2 ", "2"),
    ):
        error = raises(UnknownKind, lambda t=text: catalogue.parse(t), did=f"parse({text!r})")
        equal(error.name, name, did=f"parse({text!r}): name of the error")
        equal(error.known, ("circle", "hexagon", "rectangle"), did=f"parse({text!r}): known")
    bad = (
        "",
        " \n",
        "circle",
        "circle 1 2",
        "rectangle 2",
        "rectangle 1 2 3",
        "circle two",
        "circle 1,5",
    )
    for text in (*bad, "rectangle 2 x3", "circle 2 # big"):
        error = raises(BadText, lambda t=text: catalogue.parse(t), did=f"parse({text!r})")
        equal(error.text, text, did=f"parse({text!r}): text of the error")
    error = raises(
        BadSize, lambda: catalogue.parse("rectangle 2 -3"), did="parse('rectangle 2 -3')"
    )
    equal(error.name, "height", did="parse('rectangle 2 -3'): name of the error")


@check("P13", kind="contract")
def test_what_make_raises(impl: Implementation) -> None:
    """The factory of a kind raises errors that the catalogue knows itself, and others."""
    catalogue = impl.Catalogue()
    for error in (
        ValueError("mine"),
        TypeError("mine"),
        KeyError("mine"),
        BadText("mine", ""),
        IndexError(),
    ):

        def make(size: float, error: Exception = error) -> None:
            raise error

        name = type(error).__name__
        catalogue.add(name, make, 1)
        caught = raises(type(error), lambda n=name: catalogue.parse(f"{n} 1"), did="parse")
        ensure(
            caught is error,
            did=f"parse, make raises {name}",
            want="that very exception",
            got=caught,
        )


@check("P13", kind="contract")
def test_kinds_that_cannot_be_used(impl: Implementation) -> None:
    """Names that are taken, empty or of two words, no factories, sizes that are none; nothing changes."""
    catalogue = impl.Catalogue()
    for name in ("circle", "rectangle"):
        error = raises(
            KindTaken, lambda n=name: catalogue.add(n, Hexagon, 1), did=f"add({name!r}, …)"
        )
        equal(error.name, name, did="name of the error")
    made = catalogue.parse("circle 1")
    again = raises(
        KindTaken,
        lambda: catalogue.add("circle", type(made), 1),
        did="add('circle', Circle, 1), as it is already",
    )
    equal(again.name, "circle", did="name of the error")
    missing = raises(
        UnknownKind, lambda: catalogue.exchange("hexagon", Hexagon, 1), did="exchange('hexagon', …)"
    )
    equal((missing.name, missing.known), ("hexagon", ("circle", "rectangle")), did="name and known")
    wrong: list[tuple[type[Exception], tuple[Any, ...]]] = [
        *[(ValueError, (name, Hexagon, 1)) for name in ("", " ", "a b", " x", "x ", "x\n", "a\tb")],
        *[(TypeError, (name, Hexagon, 1)) for name in (None, 3, b"x", ["x"])],
        *[(TypeError, ("x", make, 1)) for make in (None, 3, "Hexagon", Hexagon(1))],
        *[(ValueError, ("x", Hexagon, sizes)) for sizes in (0, -1)],
        *[(TypeError, ("x", Hexagon, sizes)) for sizes in (None, 1.0, "1", True, False, [1])],
    ]
    for kind, arguments in wrong:
        raises(kind, lambda a=arguments: catalogue.add(*a), did=f"add{arguments}")
        if arguments[0] == "x":
            rest = arguments[1:]
            raises(
                kind,
                lambda r=rest: catalogue.exchange("circle", *r),
                did=f"exchange('circle', {rest})",
            )
    equal(catalogue.kinds(), ("circle", "rectangle"), did="kinds() after all these mistakes")
    equal(catalogue.parse("circle 2") == impl.Circle(2), True, did="parse('circle 2') after them")


@check("P14", kind="concurrency")
def test_one_name_is_added_by_three_threads(impl: Implementation) -> None:
    """A, B and C add 'star', each with a factory of its own."""

    def scene(sim: Sim) -> None:
        catalogue = impl.Catalogue()

        def add(letter: str) -> str:
            try:
                catalogue.add("star", lambda size: letter, 1)
            except KindTaken:
                return ""
            return letter

        won = [each for each in sim.together(*[lambda c=c: add(c) for c in "ABC"]) if each]
        equal(len(won), 1, did="calls of add('star', …) in three threads that did not raise")
        equal(
            catalogue.parse("star 1"),
            won[0],
            did="parse('star 1'): the factory of the one that won",
        )

    explore(scene, schedules=80)


@check("P14", kind="concurrency")
def test_no_kind_is_lost(impl: Implementation) -> None:
    """A adds one kind, B another, C exchanges circle, and each looks for its own."""

    def scene(sim: Sim) -> None:
        catalogue = impl.Catalogue()

        def add(name: str) -> bool:
            catalogue.add(name, Hexagon, 1)
            return name in catalogue.kinds()

        def exchange() -> bool:
            catalogue.exchange("circle", Hexagon, 2)
            return len(catalogue.parse("circle 1 2").sizes) == 2

        got = sim.together(lambda: add("one"), lambda: add("two"), exchange)
        equal(got, [True, True, True], did="whether each saw its own change")
        want = ("circle", "one", "rectangle", "two")
        equal(catalogue.kinds(), want, did="kinds() after three threads")
        equal(catalogue.parse("circle 1 2").sizes, (1.0, 2.0), did="parse of the exchanged kind")

    explore(scene, schedules=100)


@check("P14", kind="concurrency")
def test_a_parse_uses_the_whole_of_one_kind(impl: Implementation) -> None:
    """'box' takes two sizes; A exchanges it for one that takes one, B parses 'box 1' and 'box 1 2'."""

    def scene(sim: Sim) -> None:
        catalogue, calls = impl.Catalogue(), []
        catalogue.add("box", lambda *sizes: calls.append(("old", len(sizes))), 2)

        def parse(text: str) -> None:
            try:
                catalogue.parse(text)
            except BadText:
                return

        sim.together(
            lambda: catalogue.exchange("box", lambda *sizes: calls.append(("new", len(sizes))), 1),
            lambda: (parse("box 1"), parse("box 1 2")),
        )
        wrong = [call for call in calls if call not in {("old", 2), ("new", 1)}]
        equal(wrong, [], did="calls of a factory with the other one's number of sizes")

    explore(scene, schedules=100)


@check("P14", kind="concurrency")
def test_lists_while_kinds_are_added(impl: Implementation) -> None:
    """A adds two kinds, B lists twice, and is refused an unknown kind with a list in the error."""

    def scene(sim: Sim) -> None:
        catalogue = impl.Catalogue()

        def add() -> None:
            catalogue.add("one", Hexagon, 1)
            catalogue.add("two", Hexagon, 1)

        def look() -> list[tuple[str, ...]]:
            error = raises(UnknownKind, lambda: catalogue.parse("none 1"), did="parse('none 1')")
            return [catalogue.kinds(), error.known, catalogue.kinds()]

        states = [
            ("circle", "rectangle"),
            ("circle", "one", "rectangle"),
            ("circle", "one", "rectangle", "two"),
        ]
        _, seen = sim.together(add, look)
        ensure(
            all(each in states for each in seen),
            did="kinds() beside add()",
            want="a state",
            got=seen,
        )
        ensure(seen[0] <= seen[2] or len(seen[0]) <= len(seen[2]), did="kinds() twice", got=seen)

    explore(scene, schedules=100)


@check("P12", "P14", kind="concurrency")
def test_make_may_use_the_catalogue(impl: Implementation) -> None:
    """The factory of 'pair' parses a circle, lists, adds a kind and exchanges its own, also through a thread."""

    def scene(sim: Sim) -> None:
        catalogue = impl.Catalogue()

        def pair(size: float) -> Any:
            catalogue.exchange("pair", Hexagon, 2)
            sim.spawn(lambda: catalogue.add("late", Hexagon, 1)).result()
            return catalogue.parse(f"circle {size}"), catalogue.kinds()

        catalogue.add("pair", pair, 1)
        circle, kinds = catalogue.parse("pair 2")
        equal(circle == impl.Circle(2), True, did="a circle parsed by a factory")
        equal(kinds, ("circle", "late", "pair", "rectangle"), did="kinds() in a factory")
        equal(catalogue.parse("pair 1 2").sizes, (1.0, 2.0), did="the kind that replaced it")

    simulate(scene)
