"""The same idea for functions: a decorator that counts."""

import functools
import inspect
import threading
import types
from typing import Any, ClassVar

from graders.kit import Implementation, Sim, caught, check, ensure, equal, explore, simulate

NAMES = ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__")


def order(size: int, /, *toppings: str, thin: bool = False, **extras: int) -> tuple[Any, ...]:
    """Take an order."""
    return size, toppings, thin, extras


@check("P11", kind="behaviour")
def test_arguments_and_results(impl: Implementation) -> None:
    """Positional, keyword and collected arguments, names that a decorator might use; the very results."""
    counted = impl.counted(order)
    got = counted(30, "ham", "olives", thin=True, salt=1)
    equal(
        got,
        (30, ("ham", "olives"), True, {"salt": 1}),
        did="order(30, 'ham', 'olives', thin=True, salt=1)",
    )
    names = {
        "self": 1,
        "function": 2,
        "func": 3,
        "args": 4,
        "kwargs": 5,
        "size": 6,
        "instance": 7,
        "calls": 8,
    }
    got = impl.counted(lambda **given: given)(**names)
    equal(got, names, did="a function with keywords named self, function, args, size …")
    results: list[Any] = [None, [], object(), ValueError("returned"), NotImplemented]
    give = impl.counted(lambda place: results[place])
    for place, result in enumerate(results):
        ensure(
            give(place) is result,
            did="the result of the function",
            want="that very object",
            got=result,
        )
    equal(give.calls, len(results), did="calls of a function, after five")
    argument: list[int] = []
    ensure(
        impl.counted(lambda x: x)(argument) is argument, did="the argument", want="that very object"
    )


@check("P11", kind="behaviour")
def test_the_function_is_called_once(impl: Implementation) -> None:
    """A function that notes its calls, one that raises, one whose result cannot be hashed or compared."""
    log: list[int] = []
    note = impl.counted(log.append)
    for _ in range(2):
        note(1)
    equal((log, note.calls), ([1, 1], 2), did="calls of the function with the same argument twice")
    for error in (
        ValueError("v"),
        TypeError("t"),
        AttributeError("a"),
        StopIteration(),
        KeyboardInterrupt(),
    ):

        def broken(error: BaseException = error) -> None:
            log.append(0)
            raise error

        log.clear()
        counted = impl.counted(broken)
        got = caught(counted)
        ensure(got is error, did=f"the function raised {error!r}", want="that very object", got=got)
        equal((log, counted.calls), ([0], 1), did="calls of the function")
    counted = impl.counted(order)
    got = caught(lambda: counted(thin=True))
    ensure(
        type(got) is TypeError, did="order(thin=True), size is missing", want="TypeError", got=got
    )


@check("P11", kind="behaviour")
def test_it_looks_like_the_function(impl: Implementation) -> None:
    """Name, docstring, signature and attributes of a function, a method, a builtin; attributes of the function."""

    class Shop:
        def sell(self, pizza: str, *, count: int = 1) -> int:
            """Sell some."""
            return count

    order.tag = ["hot"]  # type: ignore[attr-defined]
    for function in (order, Shop.sell, len):
        counted = impl.counted(function)
        for name in NAMES:
            if hasattr(function, name):
                equal(
                    getattr(counted, name),
                    getattr(function, name),
                    did=f"{name} of counted({function.__name__})",
                )
        equal(
            str(inspect.signature(counted)),
            str(inspect.signature(function)),
            did=f"the signature of counted({function.__name__})",
        )
        ensure(
            counted.__wrapped__ is function,
            did="__wrapped__",
            want="the function",
            got=counted.__wrapped__,
        )
        equal(counted.calls, 0, did="calls of what was never called")
    ensure(
        impl.counted(order).tag is order.tag,  # type: ignore[attr-defined]
        did="an attribute of the function",
        want="that very object",
    )
    equal(hasattr(order, "calls"), False, did="whether the function itself has got `calls`")


@check("P11", kind="behaviour")
def test_everything_that_can_be_called(impl: Implementation) -> None:
    """A class, a builtin, a partial, a bound method, an object that is false, a generator and a coroutine function."""

    class Thing:
        def __init__(self, value: int = 1) -> None:
            self.value = value

        def __call__(self, more: int) -> int:
            return self.value + more

        def __bool__(self) -> bool:
            return False

    def generate(top: int) -> Any:
        yield from range(top)

    async def cook() -> str:
        return "done"

    for function, arguments, want in (
        (len, ("abc",), 3),
        (functools.partial(pow, 2), (5,), 32),
        (Thing(1), (2,), 3),
        ([3, 1, 2].index, (2,), 2),
        (str.upper, ("a",), "A"),
        (int, ("7",), 7),
    ):
        counted = impl.counted(function)
        equal(counted(*arguments), want, did=f"counted({function!r}){arguments}")
        equal(counted.calls, 1, did="its calls")
    made = impl.counted(Thing)(5)
    equal((type(made) is Thing, made.value), (True, 5), did="counted(a class)(5)")
    generate_counted = impl.counted(generate)
    first, second = generate_counted(3), generate_counted(2)
    equal(generate_counted.calls, 2, did="calls of a generator function, nothing taken of it yet")
    equal((list(first), list(second)), ([0, 1, 2], [0, 1]), did="what the generators yield")
    cook_counted = impl.counted(cook)
    coroutine = cook_counted()
    equal(cook_counted.calls, 1, did="calls of a coroutine function, not awaited yet")
    ensure(
        inspect.isawaitable(coroutine),
        did="what it gives",
        want="something to await",
        got=coroutine,
    )
    got = caught(lambda: coroutine.send(None))
    equal(getattr(got, "value", got), "done", did="the result of the coroutine")


@check("P12", kind="behaviour")
def test_methods(impl: Implementation) -> None:
    """A counted method of two instances, called on the class, bound and kept; a subclass calls it by super()."""

    class Shop:
        def __init__(self, name: str) -> None:
            self.name = name

        @impl.counted
        def sell(self, count: int = 1) -> Any:
            """Sell some."""
            return self, self.name, count

    class Chain(Shop):
        def sell(self, count: int = 1) -> Any:
            return super().sell(count * 10)

    one, two, chain = Shop("one"), Shop("two"), Chain("chain")
    equal(one.sell()[1:], ("one", 1), did="one.sell()")
    ensure(two.sell(count=2)[0] is two, did="two.sell(count=2)", want="self is two")
    equal(chain.sell(3)[1:], ("chain", 30), did="chain.sell(3), which calls super().sell(30)")
    equal(Shop.sell(one, 4)[1:], ("one", 4), did="Shop.sell(one, 4)")
    kept = two.sell
    equal(one.sell(6)[1:], ("one", 6), did="one.sell(6), after two.sell was kept")
    equal(kept(5)[1:], ("two", 5), did="the two.sell that was kept, called with 5")
    got = [x.sell.calls for x in (one, two, Shop)] + [super(Chain, chain).sell.calls]
    equal(got, [6, 6, 6, 6], did="calls of one.sell, two.sell, Shop.sell, super().sell")
    equal(
        (one.sell.__name__, one.sell.__doc__),
        ("sell", "Sell some."),
        did="name and docstring of one.sell",
    )
    ensure(one.sell.__self__ is one, did="one.sell.__self__", want="one", got=one.sell.__self__)
    want = str(inspect.signature(chain.sell))  # not counted, and otherwise the same
    equal(str(inspect.signature(one.sell)), want, did="the signature of one.sell")


@check("P12", kind="behaviour")
def test_below_classmethod_and_staticmethod(impl: Implementation) -> None:
    """A counted function below classmethod, staticmethod and property, and one that is added later."""

    class Shop:
        sold: ClassVar[int] = 7

        @classmethod
        @impl.counted
        def open(cls, town: str) -> Any:
            return cls, town

        @staticmethod
        @impl.counted
        def vat(price: int) -> int:
            return price // 5

    class Chain(Shop):
        pass

    equal(Shop.open("Rome"), (Shop, "Rome"), did="Shop.open('Rome')")
    equal(Chain().open("Bari"), (Chain, "Bari"), did="Chain().open('Bari')")
    equal((Shop.vat(500), Chain().vat(50)), (100, 10), did="Shop.vat(500), Chain().vat(50)")
    got = (Shop.open.calls, Chain.open.calls, Shop.vat.calls, Chain().vat.calls)
    equal(got, (2, 2, 2, 2), did="calls of open and vat, on the class and in the subclass")
    Shop.late = impl.counted(lambda self, x=1: (type(self), x))  # type: ignore[attr-defined]
    equal(Chain().late(x=3), (Chain, 3), did="a method that was added later")
    equal(Chain.late.calls, 1, did="its calls")
    bound = types.MethodType(impl.counted(lambda self: self), 5)
    equal(bound(), 5, did="one that is bound by hand")


@check("P13", kind="behaviour")
def test_what_counts(impl: Implementation) -> None:
    """Recursion, the count read in the middle of a call, calls that raise, two counters of one function."""

    def scene(_: Sim) -> None:
        seen: list[int] = []

        @impl.counted
        def down(n: int) -> int:
            seen.append(down.calls)
            return 0 if n == 0 else 1 + down(n - 1)

        equal(down(3), 3, did="down(3), which calls itself three times")
        equal((down.calls, seen), (4, [1, 2, 3, 4]), did="its calls, at the end and in each call")

    simulate(scene)

    def plain() -> None:
        return

    one, two = impl.counted(plain), impl.counted(plain)
    one()
    one()
    two()
    plain()
    equal((one.calls, two.calls), (2, 1), did="calls of two counters of one function")
    equal(type(one.calls), int, did="the type of calls")


@check("P13", kind="behaviour")
def test_counted_twice(impl: Implementation) -> None:
    """A function is counted, called twice, counted once more, called three times; another decorator in between."""
    inner = impl.counted(lambda number: number)
    inner(1)
    inner(2)
    outer = impl.counted(inner)
    equal(
        (outer.calls, inner.calls),
        (0, 2),
        did="calls of the outer and the inner, before the outer is called",
    )
    for _ in range(3):
        outer(3)
    inner(4)
    equal((outer.calls, inner.calls), (3, 6), did="calls of the outer and the inner")

    @functools.wraps(outer)
    def between(*args: Any) -> Any:
        return outer(*args)

    top = impl.counted(between)
    top(5)
    equal(
        (top.calls, outer.calls, inner.calls),
        (1, 4, 7),
        did="calls, with another decorator in between",
    )


@check("P13", kind="concurrency")
def test_calls_of_threads_are_exact(impl: Implementation) -> None:
    """Two threads call the same counted function twice each; one of the calls raises."""

    def scene(sim: Sim) -> None:
        @impl.counted
        def work(number: int) -> int:
            sim.point()
            if number == 3:
                raise ValueError(number)
            return number

        def calls(*numbers: int) -> list[Any]:
            return [repr(caught(lambda n=n: work(n))) if n == 3 else work(n) for n in numbers]

        got = sim.together(lambda: calls(1, 2), lambda: calls(3, 4))
        equal(got, [[1, 2], ["ValueError(3)", 4]], did="results of A and B")
        equal(work.calls, 4, did="calls, when A and B have called it twice each")

    explore(scene, schedules=150)


@check("P13", kind="concurrency")
def test_nobody_waits_for_a_call(impl: Implementation) -> None:
    """A's call waits until B's call of the same function has ended, and B has read the count."""

    def scene(sim: Sim) -> None:
        begun, over = threading.Event(), threading.Event()

        @impl.counted
        def work(wait: bool) -> None:
            if wait:
                begun.set()
                over.wait()

        def b() -> int:
            begun.wait()
            work(False)
            seen: int = work.calls
            over.set()
            return seen

        got = sim.together(lambda: work(True), b)
        equal(got, [None, 2], did="what A's call gave, and calls as B read it")

    explore(scene, schedules=60)
