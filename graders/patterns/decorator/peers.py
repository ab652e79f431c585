"""Two right versions in other styles: cells in a chain of tuples, and textbook classes; and a library's decorators."""

import copy
import functools
import importlib
import itertools
import threading
import types
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, ClassVar

from contracts.patterns.decorator import NoSuchLayer

Cell = tuple[str, Callable[[int], int], Any]


def cents(value: Any, owner: str) -> int:
    """An amount of money, or the error for it."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{owner}: {value!r} is no int")
    if value < 0:
        raise ValueError(f"{owner}: {value!r} is negative")
    return value


def text(value: Any) -> str:
    """A text, or the error for it."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no str")
    return value


class Cells:
    """Handles on cells (name, change, below); `__getattribute__` answers everything; `counted` is a class."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Handle:
        """Its cell is kept where no lookup of names passes."""

        __slots__ = ("_cell",)

        def __init__(self, cell: Cell) -> None:
            object.__setattr__(self, "_cell", cell)

        def __getattribute__(self, name: str) -> Any:
            if name == "__wrapped__":
                return Cells.cell(self)[2]
            if name == "price":
                return Cells.price(self)
            if name == "description":
                base = Cells.base(self)
                names = [cell[0] for cell in Cells.cells(self)]
                return f"{text(base.description)}, {', '.join(reversed(names))}"
            if name[:1] == "_":
                return object.__getattribute__(self, name)
            return getattr(Cells.base(self), name)

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(f"cannot set {name}")

        def __delattr__(self, name: str) -> None:
            raise AttributeError(f"cannot delete {name}")

        def __repr__(self) -> str:
            return " on ".join([*Cells.layers(self), repr(Cells.base(self))])

        def __copy__(self) -> Any:
            return Cells.Handle(Cells.cell(self))

        def __deepcopy__(self, memo: dict[int, Any]) -> Any:
            made = copy.deepcopy(Cells.base(self), memo)
            for name, change, _ in reversed([*Cells.cells(self)]):
                made = Cells.Handle((name, change, made))
            return made

    @staticmethod
    def cell(handle: Any) -> Cell:
        return object.__getattribute__(handle, "_cell")  # type: ignore[no-any-return]

    @staticmethod
    def cells(pizza: Any) -> Iterator[Cell]:
        while type(pizza) is Cells.Handle:
            cell = Cells.cell(pizza)
            yield cell
            pizza = cell[2]

    @staticmethod
    def base(pizza: Any) -> Any:
        for _, _, pizza in Cells.cells(pizza):  # noqa: B007, B020, PLR1704 - the last one is wanted
            pass
        return pizza

    @staticmethod
    def price(pizza: Any) -> int:
        cells = [*Cells.cells(pizza)]
        amount = cents(Cells.base(pizza).price, "base")
        while cells:
            name, change, _ = cells.pop()
            try:
                result = change(amount)
            except Exception as error:
                error.add_note(f"layer {name}")
                raise
            amount = cents(result, f"layer {name}")
        return amount

    @staticmethod
    def layer(name: str, change: Callable[[int], int]) -> Any:
        if text(name) == "":
            raise ValueError(f"no name: {name!r}")
        if not callable(change):
            raise TypeError(f"no change: {change!r}")

        def wrap(pizza: Any) -> Any:
            return Cells.Handle((name, change, pizza))

        return wrap

    @staticmethod
    def topping(name: str, price: int) -> Any:
        return Cells.layer(name, cents(price, "topping").__add__)

    @staticmethod
    def discount(name: str, percent: int) -> Any:
        if cents(percent, "discount") not in range(101):
            raise ValueError(f"{percent!r} per cent")
        return Cells.layer(name, functools.partial(Cells.less, percent))

    @staticmethod
    def less(percent: int, amount: int) -> int:
        whole, rest = divmod(amount * (100 - percent), 100)
        return whole + (rest >= 50)

    @staticmethod
    def layers(pizza: Any) -> list[str]:
        return [name for name, _, _ in Cells.cells(pizza)]

    @staticmethod
    def without(pizza: Any, name: str) -> Any:
        above: list[Cell] = []
        for cell in Cells.cells(pizza):
            if cell[0] == name:
                made = cell[2]
                while above:
                    kept = above.pop()
                    made = Cells.Handle((kept[0], kept[1], made))
                return made
            above.append(cell)
        raise NoSuchLayer(name, Cells.layers(pizza))

    class counted:  # noqa: N801 - a class used as a decorator
        """A callable object that binds; a drawn number is a call, and drawing is one step."""

        def __init__(self, function: Callable[..., Any]) -> None:
            if not callable(function):
                raise TypeError(f"{function!r} cannot be called")
            functools.update_wrapper(self, function)
            vars(self).pop("calls", None)
            self._function, self._numbers = function, itertools.count(1)
            self._seen, self._lock = 0, threading.Lock()

        @property
        def calls(self) -> int:
            return self._seen

        def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
            with self._lock:
                self._seen = next(self._numbers)
            return self._function(*args, **kwargs)

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            return self if instance is None else types.MethodType(self, instance)


class Textbook:
    """An abstract layer and a subclass for each way to reckon, fields with a prefix, Decimal for discounts."""

    requires = ()
    fails: ClassVar[dict[str, str]] = {}

    class Layer:
        """What all layers do; `_layer_change` is what they differ in."""

        def __init__(self, name: str, pizza: Any) -> None:
            vars(self).update(_layer_name=name, __wrapped__=pizza)

        def _layer_change(self, amount: int) -> int:
            raise NotImplementedError

        def __getattr__(self, name: str) -> Any:
            chain = Textbook.chain(self)
            base = chain[-1].__wrapped__
            if name == "price":
                amount = cents(base.price, "base")
                for each in chain[::-1]:
                    amount = each._layer_reckon(amount)
                return amount
            if name == "description":
                parts = [text(base.description)]
                parts += [each._layer_name for each in chain[::-1]]
                return ", ".join(parts)
            if name[:2] == name[-2:] == "__":
                raise AttributeError(name)
            return getattr(base, name)

        def _layer_reckon(self, amount: int) -> int:
            label = vars(self)["_layer_name"]
            try:
                amount = self._layer_change(amount)
            except Exception as error:
                error.add_note(label)
                raise
            return cents(amount, label)

        def _layer_again(self, pizza: Any) -> Any:
            made = object.__new__(type(self))
            vars(made).update(vars(self), __wrapped__=pizza)
            return made

        def __setattr__(self, name: str, value: object) -> None:
            raise AttributeError(f"{name} is fixed")

        def __delattr__(self, name: str) -> None:
            raise AttributeError(f"{name} is fixed")

        def __repr__(self) -> str:
            return f"{Textbook.chain(self)[-1].__wrapped__!r} + {' + '.join(Textbook.layers(self))}"

        def __copy__(self) -> Any:
            return self._layer_again(self.__wrapped__)

        def __deepcopy__(self, memo: dict[int, Any]) -> Any:
            chain = Textbook.chain(self)
            made = copy.deepcopy(chain[-1].__wrapped__, memo)
            return functools.reduce(lambda below, each: each._layer_again(below), chain[::-1], made)

    class Free(Layer):
        """A layer around a function."""

        def __init__(self, name: str, change: Callable[[int], int], pizza: Any) -> None:
            super().__init__(name, pizza)
            vars(self)["_layer_function"] = change

        def _layer_change(self, amount: int) -> int:
            return self._layer_function(amount)  # type: ignore[no-any-return]

    class Topping(Layer):
        """A layer with a price."""

        def __init__(self, name: str, price: int, pizza: Any) -> None:
            super().__init__(name, pizza)
            vars(self)["_layer_price"] = price

        def _layer_change(self, amount: int) -> int:
            return amount + int(self._layer_price)

    class Discount(Layer):
        """A layer with a percentage."""

        def __init__(self, name: str, percent: int, pizza: Any) -> None:
            super().__init__(name, pizza)
            vars(self)["_layer_percent"] = percent

        def _layer_change(self, amount: int) -> int:
            with localcontext(prec=len(str(amount)) + 10):
                left = Decimal(amount) * (100 - self._layer_percent) / 100
                return int(left.quantize(Decimal(1), ROUND_HALF_UP))

    @staticmethod
    def chain(pizza: Any) -> list[Any]:
        found: list[Any] = []
        while issubclass(type(pizza), Textbook.Layer):
            found.append(pizza)
            pizza = vars(pizza)["__wrapped__"]
        return found

    @staticmethod
    def named(name: str) -> str:
        if not text(name):
            raise ValueError(f"a name is needed, not {name!r}")
        return name

    @staticmethod
    def layer(name: str, change: Callable[[int], int]) -> Any:
        if not callable(change):
            raise TypeError(f"{change!r} cannot be called")
        return functools.partial(Textbook.Free, Textbook.named(name), change)

    @staticmethod
    def topping(name: str, price: int) -> Any:
        return functools.partial(Textbook.Topping, Textbook.named(name), cents(price, "price"))

    @staticmethod
    def discount(name: str, percent: int) -> Any:
        if cents(percent, "percent") > 100:
            raise ValueError(f"more than all: {percent!r}")
        return functools.partial(Textbook.Discount, Textbook.named(name), percent)

    @staticmethod
    def layers(pizza: Any) -> list[str]:
        return [vars(each)["_layer_name"] for each in Textbook.chain(pizza)]

    @staticmethod
    def without(pizza: Any, name: str) -> Any:
        names = Textbook.layers(pizza)
        if name not in names:
            raise NoSuchLayer(name, names)
        chain, place = Textbook.chain(pizza), names.index(name)
        made = chain[place].__wrapped__
        for each in reversed(chain[:place]):
            made = each._layer_again(made)
        return made

    @staticmethod
    def counted(function: Callable[..., Any]) -> Any:
        """A closure; count and lock are attributes of the function."""
        if not callable(function):
            raise TypeError(f"not callable: {function!r}")

        def tally(*args: Any, **kwargs: Any) -> Any:
            with tally.guard:  # type: ignore[attr-defined]
                tally.calls = tally.calls + 1  # type: ignore[attr-defined]
            return function(*args, **kwargs)

        functools.update_wrapper(tally, function)
        tally.calls = 0  # type: ignore[attr-defined]
        tally.guard = threading.Lock()  # type: ignore[attr-defined]
        return tally


class Decorator:
    """The library `decorator`, for functions; the layers are the reference's."""

    requires = ("decorator",)
    fails: ClassVar[dict[str, str]] = {
        "P11": "an object that can be called and has no name is refused"
    }

    @staticmethod
    def counted(function: Callable[..., Any]) -> Any:
        """`decorate` makes a function with the same signature, which calls `caller`."""
        if not callable(function):
            raise TypeError(f"not callable: {function!r}")
        library: Any = importlib.import_module("decorator")
        lock = threading.Lock()

        def caller(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            with lock:
                made.calls += 1
            return function(*args, **kwargs)

        made: Any = library.decorate(function, caller)
        made.calls = 0
        return made
