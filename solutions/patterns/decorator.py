"""Layers as one small class around a function, and a closure for functions.

There is no class for cheese: a kind of layer is a name and a function from price to price. All reading goes down to
the base in a loop and comes back in another, since a chain of calls would end at the recursion limit.

`price` and `description` are answered by `__getattr__`, not by properties: if a property raises AttributeError, Python
asks `__getattr__` next, reads the base a second time and loses the error.

Trade-offs: nothing is remembered, so each reading costs all layers; whoever shows a price a thousand times keeps it.
The layers have `__slots__` and no `__dict__`, which makes them small and refuses new attributes. `counted` takes a lock
for one addition, because `+= 1` is three steps.
"""

# ruff: noqa: SLF001 - the functions of this module are the layers' own

import copy
import threading
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, cast

from contracts.patterns.decorator import Change, Counted, NoSuchLayer, P, Pizza, R_co, Wrap


class _Layer:
    """One layer. The annotations are for type checkers: the class has neither attribute."""

    __slots__ = ("_change", "_inner", "_name")
    description: str
    price: int

    def __init__(self, name: str, change: Change, inner: Pizza) -> None:
        self._name, self._change, self._inner = name, change, inner

    @property
    def __wrapped__(self) -> Pizza:
        return self._inner

    def __getattr__(self, name: str) -> Any:
        stack, base = _unwound(self)
        if name == "price":
            return _price(stack, base)
        if name == "description":
            return ", ".join([_text(base.description), *(each._name for each in reversed(stack))])
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"a layer has no {name}", name=name, obj=self)
        return getattr(base, name)

    def __repr__(self) -> str:
        stack, base = _unwound(self)
        return f"<{base!r} with {', '.join(each._name for each in reversed(stack))}>"

    def __copy__(self) -> "_Layer":
        return type(self)(self._name, self._change, self._inner)

    def __deepcopy__(self, memo: dict[int, Any]) -> Pizza:
        stack, base = _unwound(self)
        return _rewound(copy.deepcopy(base, memo), stack)


def _unwound(pizza: Pizza) -> tuple[list[_Layer], Pizza]:
    """The layers, the outermost first, and the base. Not isinstance: it believes what `__class__` says."""
    stack: list[_Layer] = []
    while issubclass(type(pizza), _Layer):
        layer_ = cast("_Layer", pizza)
        stack.append(layer_)
        pizza = layer_._inner
    return stack, pizza


def _rewound(pizza: Pizza, stack: Iterable[_Layer]) -> Pizza:
    for each in reversed(list(stack)):
        pizza = type(each)(each._name, each._change, pizza)
    return pizza


def _price(stack: list[_Layer], base: Pizza) -> int:
    price = _amount(base.price, "the base")
    for each in reversed(stack):
        try:
            price = each._change(price)
        except Exception as error:
            error.add_note(f"in the price of layer {each._name!r}")
            raise
        _amount(price, f"layer {each._name!r}")
    return price


def _amount(value: Any, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{what} must have cents as an int, got {value!r}")
    if value < 0:
        raise ValueError(f"{what} must not have a negative number, got {value!r}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a description must be a str, got {value!r}")
    return value


def layer(name: str, change: Change) -> Wrap:
    """Make a kind of layer."""
    if not _text(name):
        raise ValueError(f"a layer needs a name, got {name!r}")
    if not callable(change):
        raise TypeError(f"change must be callable, got {change!r}")
    return lambda pizza: _Layer(name, change, pizza)


def topping(name: str, price: int) -> Wrap:
    """Make a kind of layer that adds `price` cents."""
    _amount(price, "a topping")
    return layer(name, lambda below: below + price)


def discount(name: str, percent: int) -> Wrap:
    """Make a kind of layer that takes `percent` per cent off."""
    if _amount(percent, "a discount") > 100:
        raise ValueError(f"a discount must be at most 100 per cent, got {percent!r}")
    return layer(name, lambda below: (below * (100 - percent) + 50) // 100)


def layers(pizza: Pizza) -> list[str]:
    """Names of the layers, the outermost first."""
    return [each._name for each in _unwound(pizza)[0]]


def without(pizza: Pizza, name: str) -> Pizza:
    """The pizza without its outermost layer of that name."""
    stack, _ = _unwound(pizza)
    for place, each in enumerate(stack):
        if each._name == name:
            return _rewound(each._inner, stack[:place])
    raise NoSuchLayer(name, layers(pizza))


def counted(function: Callable[P, R_co]) -> Counted[P, R_co]:
    """Count the calls of a function."""
    if not callable(function):
        raise TypeError(f"only what can be called can be counted, got {function!r}")
    lock = threading.Lock()

    @wraps(function)
    def counting(*args: P.args, **kwargs: P.kwargs) -> R_co:
        with lock:
            counter.calls += 1
        return function(*args, **kwargs)

    counter = cast("Counted[P, R_co]", counting)
    counter.calls = 0
    return counter
