"""Layers and counters that are almost right: one wrong idea each, and the promise it breaks."""

import copy
import functools
import threading
from collections.abc import Callable
from typing import Any

from contracts.patterns.decorator import NoSuchLayer
from solutions.patterns import decorator as reference

Layer = reference._Layer


def kinds(made: Any) -> tuple[Any, Any, Any]:
    """layer, topping and discount that make layers of another class."""

    def layer(name: str, change: Any) -> Any:
        reference.layer(name, change)
        return lambda pizza: made(name, change, pizza)

    def topping(name: str, price: int) -> Any:
        reference.topping(name, price)
        return layer(name, lambda below: below + price)

    def discount(name: str, percent: int) -> Any:
        reference.discount(name, percent)
        return layer(name, lambda below: (below * (100 - percent) + 50) // 100)

    return staticmethod(layer), staticmethod(topping), staticmethod(discount)


class StraightToTheBase:
    """`__wrapped__` is the base, wherever the layer lies: inspect.unwrap gets there as well."""

    breaks = "P1"

    class Layer(Layer):
        __slots__ = ()

        @property
        def __wrapped__(self) -> Any:
            return reference._unwound(self)[1]

    layer, topping, discount = kinds(Layer)


class FloatDiscount:
    """Discounts are reckoned with floats: `round(price * 0.9)`."""

    breaks = "P2"

    @staticmethod
    def discount(name: str, percent: int) -> Any:
        reference.discount(name, percent)
        return reference.layer(name, lambda below: int(below * (1 - percent / 100) + 0.5))


class Truncated:
    """The rest of a cent is cut off. As BasedHardware/omi pull 10158, where 19.99 became 19.98."""

    breaks = "P2"

    @staticmethod
    def discount(name: str, percent: int) -> Any:
        reference.discount(name, percent)
        return reference.layer(name, lambda below: below * (100 - percent) // 100)


class PriceAtWrapping:
    """The price of the wrapped is read when the layer is put on, and kept."""

    breaks = "P3"

    class Layer(Layer):
        __slots__ = ("_kept",)

        def __init__(self, name: str, change: Any, inner: Any) -> None:
            super().__init__(name, change, inner)
            self._kept = inner.price

        def __getattr__(self, name: str) -> Any:
            if name != "price":
                return super().__getattr__(name)
            return reference._amount(self._change(self._kept), f"layer {self._name!r}")

    layer, topping, discount = kinds(Layer)


class PriceRemembered:
    """A price that was read once is remembered, as with functools.cached_property."""

    breaks = "P3"

    class Layer(Layer):
        __slots__ = ("_kept",)

        def __getattr__(self, name: str) -> Any:
            if name == "_kept":
                raise AttributeError(name)
            if name == "price" and not hasattr(self, "_kept"):
                self._kept = super().__getattr__(name)
            return self._kept if name == "price" else super().__getattr__(name)

    layer, topping, discount = kinds(Layer)


class SharedScratch:
    """The layers on the way to the base are collected in one list for all."""

    breaks = "P3"

    class Layer(Layer):
        __slots__ = ()
        scratch: list[Any] = []  # noqa: RUF012

        def __getattr__(self, name: str) -> Any:
            if name != "price":
                return super().__getattr__(name)
            stack, base = reference._unwound(self)
            self.scratch[:] = stack
            price = reference._amount(base.price, "the base")
            while self.scratch:
                price = reference._price([self.scratch.pop()], Fixed(price))
            return price

    layer, topping, discount = kinds(Layer)


class Fixed:
    """A base of this price."""

    def __init__(self, price: int) -> None:
        self.price, self.description = price, ""


class FieldsInTheWay:
    """The layer's own fields are public: `pizza.name` is the topping's name, not the base's."""

    breaks = "P4"

    class Layer(Layer):
        __slots__ = ()
        name = property(lambda self: self._name)
        change = property(lambda self: self._change)

    layer, topping, discount = kinds(Layer)


class UnwrapsWhateverHasWrapped:
    """The base is what is left when nothing has `__wrapped__` any more: a foreign wrapper's price is lost."""

    breaks = "P1"

    class Layer(Layer):
        __slots__ = ()

        def __getattr__(self, name: str) -> Any:
            stack, base = reference._unwound(self)
            while name in {"price", "description"} and hasattr(base, "__wrapped__"):
                base = base.__wrapped__
            return getattr(
                reference._rewound(base, [Layer(e._name, e._change, e) for e in stack]), name
            )

    layer, topping, discount = kinds(Layer)


class LengthOfTheBase:
    """`__len__` and `__iter__` are handed on, so a layer around an empty base is false."""

    breaks = "P4"

    class Layer(Layer):
        __slots__ = ()

        def __len__(self) -> int:
            return len(reference._unwound(self)[1])  # type: ignore[arg-type]

    layer, topping, discount = kinds(Layer)


class PropertyAndGetattr:
    """`price` is a property beside a `__getattr__`: AttributeErrors vanish. As GrahamDumpleton/wrapt issue 215."""

    breaks = "P5"

    class Layer(Layer):
        __slots__ = ()

        @property
        def price(self) -> Any:  # type: ignore[override]
            return Layer.__getattr__(self, "price")

    layer, topping, discount = kinds(Layer)


class OnlyTheEndIsChecked:
    """The price is checked when it comes out: a layer outside makes a price again of what was none."""

    breaks = "P6"

    class Layer(Layer):
        __slots__ = ()

        def __getattr__(self, name: str) -> Any:
            if name != "price":
                return super().__getattr__(name)
            stack, base = reference._unwound(self)
            price = base.price
            for each in reversed(stack):
                try:
                    price = each._change(price)
                except Exception as error:
                    error.add_note(each._name)
                    raise
            return reference._amount(price, f"layer {self._name!r}")

    layer, topping, discount = kinds(Layer)


class ExactlyInt:
    """`type(value) is int`: the members of an IntEnum are refused, and whatever else is an int of its own kind."""

    breaks = "P6"

    class Layer(Layer):
        __slots__ = ()

        def __getattr__(self, name: str) -> Any:
            base = reference._unwound(self)[1]
            if name == "price" and type(base.price) is not int:
                raise TypeError(f"a price must be an int, got {base.price!r}")
            return super().__getattr__(name)

    layer, topping, discount = kinds(Layer)


class CheckedWhenRead:
    """A topping of -5 or 1.5 cents is made, and refused when its price is read."""

    breaks = "P7"

    @staticmethod
    def topping(name: str, price: int) -> Any:
        def change(below: int) -> int:
            return below + reference._amount(price, "a topping")

        return reference.layer(name, change)


class InnermostGoes:
    """`without` takes off the layer of that name that was put on first."""

    breaks = "P8"

    @staticmethod
    def without(pizza: Any, name: str) -> Any:
        stack, _ = reference._unwound(pizza)
        for place in reversed(range(len(stack))):
            if stack[place]._name == name:
                return reference._rewound(stack[place]._inner, stack[:place])
        raise NoSuchLayer(name, [each._name for each in stack])


class BuiltAnew:
    """`without` builds all layers anew, those below the one that goes as well."""

    breaks = "P8"

    @staticmethod
    def without(pizza: Any, name: str) -> Any:
        stack, base = reference._unwound(pizza)
        names = [each._name for each in stack]
        if name not in names:
            raise NoSuchLayer(name, names)
        del stack[names.index(name)]
        return reference._rewound(base, stack)


class TakenOffInPlace:
    """`without` hangs the upper layers on the lower ones: the pizza it was given has lost a layer, too."""

    breaks = "P9"

    @staticmethod
    def without(pizza: Any, name: str) -> Any:
        stack, _ = reference._unwound(pizza)
        for place, each in enumerate(stack):
            if each._name == name:
                if place == 0:
                    return each._inner
                stack[place - 1]._inner = each._inner
                return pizza
        raise NoSuchLayer(name, reference.layers(pizza))


class SetOnTheBase:
    """Setting an attribute sets it on the base, as wrapt does: everybody who shares the base sees it."""

    breaks = "P9"

    class Layer(Layer):
        __slots__ = ()

        def __setattr__(self, name: str, value: object) -> None:
            if name in {"_name", "_change", "_inner"}:
                super().__setattr__(name, value)
            else:
                setattr(reference._unwound(self)[1], name, value)

    layer, topping, discount = kinds(Layer)


class AsksTheBaseHowToCopy:
    """Unknown names go to the base, `__copy__` and `__deepcopy__` too: copies lose the layers.

    As pallets/werkzeug issue 811, where such a proxy was copied.
    """

    breaks = "P9"

    class Layer(Layer):
        __slots__ = ()

        def __copy__(self) -> Any:
            return copy.copy(reference._unwound(self)[1])

        def __deepcopy__(self, memo: dict[int, Any]) -> Any:
            return copy.deepcopy(reference._unwound(self)[1], memo)

    layer, topping, discount = kinds(Layer)


class OneCallForEachLayer:
    """The price of the wrapped is asked for, which asks its wrapped: the recursion limit is the end."""

    breaks = "P10"

    class Layer(Layer):
        __slots__ = ()

        def __getattr__(self, name: str) -> Any:
            if name != "price":
                return super().__getattr__(name)
            below = self._inner.price
            return reference._price([self], Fixed(reference._amount(below, "the base")))

    layer, topping, discount = kinds(Layer)


class AllLayersInEach:
    """Each layer has a tuple of all layers below it, to read them quickly: memory grows with the square."""

    breaks = "P10"

    class Layer(Layer):
        __slots__ = ("_all",)

        def __init__(self, name: str, change: Any, inner: Any) -> None:
            super().__init__(name, change, inner)
            self._all = (name, *(inner._all if isinstance(inner, AllLayersInEach.Layer) else ()))

    layer, topping, discount = kinds(Layer)


class FromTheTopForEach:
    """The layers are found one by one, each time from the outermost on."""

    breaks = "P10"

    @staticmethod
    def layers(pizza: Any) -> list[str]:
        names: list[str] = []
        for place in range(len(reference._unwound(pizza)[0])):
            each = pizza
            for _ in range(place):
                each = each.__wrapped__
            names.append(each._name)
        return names


class NoWraps:
    """The counting function has its own name and signature."""

    breaks = "P11"

    @staticmethod
    def counted(function: Any) -> Any:
        inner: Any = reference.counted(function)
        lock = threading.Lock()

        def counting(*args: Any, **kwargs: Any) -> Any:
            with lock:
                counting.calls += 1  # type: ignore[attr-defined]
            return inner(*args, **kwargs)

        counting.calls = 0  # type: ignore[attr-defined]
        return counting


class NamedParameters:
    """The counting function has parameters of its own, which clash with keywords: `function`, say."""

    breaks = "P11"

    @staticmethod
    def counted(function: Any) -> Any:
        inner: Any = reference.counted(function)

        def counting(function: Any, *args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        result = functools.wraps(function)(functools.partial(counting, inner))
        return Binding(result, inner)


class Binding:
    """Binds, and knows the calls."""

    def __init__(self, call: Any, inner: Any) -> None:
        functools.update_wrapper(self, inner.__wrapped__)
        self.call, self.inner = call, inner

    calls = property(lambda self: self.inner.calls)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else self.inner.__get__(instance, owner)


class DoesNotBind:
    """An object that can be called is no function: as a method it gets no self."""

    breaks = "P12"

    class counted(Binding):  # noqa: N801
        def __init__(self, function: Any) -> None:
            inner: Any = reference.counted(function)
            super().__init__(inner, inner)

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            return self


class LastInstanceWins:
    """`__get__` remembers the instance in the decorator, as many recipes do: a kept method changes its self."""

    breaks = "P12"

    class counted(Binding):  # noqa: N801
        def __init__(self, function: Any) -> None:
            inner: Any = reference.counted(function)
            super().__init__(inner, inner)
            self.instance: Any = None

        def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
            if self.instance is not None:
                return self.call(self.instance, *args, **kwargs)
            return self.call(*args, **kwargs)

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            self.instance = instance
            return self


def closure(count: Callable[[Any, Any, Any, Any], Any]) -> Any:
    """counted() with another way to count: count(counter, function, args, kwargs) answers with the result."""

    def counted(function: Any) -> Any:
        reference.counted(function)

        @functools.wraps(function)
        def counting(*args: Any, **kwargs: Any) -> Any:
            return count(counting, function, args, kwargs)

        counting.calls = 0  # type: ignore[attr-defined]
        return counting

    return staticmethod(counted)


class PlusEquals:
    """`calls += 1` without a lock: two threads read the same number. jd/tenacity issue 701 is of this kind."""

    breaks = "P13"

    def count(counter: Any, function: Any, args: Any, kwargs: Any) -> Any:  # noqa: N805
        counter.calls += 1
        return function(*args, **kwargs)

    counted = closure(count)


LOCK = threading.RLock()


class LockAroundTheCall:
    """The lock is held while the function runs: one call at a time."""

    breaks = "P13"

    def count(counter: Any, function: Any, args: Any, kwargs: Any) -> Any:  # noqa: N805
        with LOCK:
            counter.calls += 1
            return function(*args, **kwargs)

    counted = closure(count)


class CountsWhatSucceeded:
    """Counts when the call has ended well."""

    breaks = "P13"

    def count(counter: Any, function: Any, args: Any, kwargs: Any) -> Any:  # noqa: N805
        result = function(*args, **kwargs)
        with LOCK:
            counter.calls += 1
        return result

    counted = closure(count)


class InheritsTheCount:
    """`wraps` copies the attributes after the count was set to 0: one around another begins with its count."""

    breaks = "P13"

    @staticmethod
    def counted(function: Any) -> Any:
        result: Any = reference.counted(function)
        result.calls = vars(function).get("calls", 0) if hasattr(function, "__dict__") else 0
        return result
