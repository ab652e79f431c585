"""P0, the first check of every topic: the module loads and has the shape of the contract.

Freedom is respected: further parameters with defaults, other annotations, a function where the contract says
class. What callers may write by the contract must be accepted, by position and by keyword.
"""

import importlib
import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from graders.kit.checks import check
from graders.kit.expect import CheckFailed
from graders.kit.loading import Implementation
from graders.kit.plugin import topic_of
from graders.kit.topics import Topic

Parameter = inspect.Parameter
Form = tuple[list[object], dict[str, object]]


@check("P0", kind="contract")
def test_shape(request: pytest.FixtureRequest, impl: Implementation) -> None:
    """The module is loaded and compared with the contract: names, kinds, signatures."""
    topic = topic_of(request.path)
    assert topic is not None
    wrong = list(differences(topic, impl))
    if wrong:
        raise CheckFailed(
            f"compared {impl.path.name} with the contract", "the contract's shape", "; ".join(wrong)
        )
    if all(is_untouched(function) for function in written(topic, impl)):
        raise NotImplementedError("nothing is written yet")


def contract_of(topic: Topic) -> ModuleType:
    """The contract, imported."""
    return importlib.import_module(f"contracts.{topic.chapter}.{topic.name}")


def differences(topic: Topic, impl: Implementation) -> Iterator[str]:
    """One line for each thing a caller would trip over, with the repair."""
    contract = contract_of(topic)
    for name in contract.IMPLEMENT:
        wanted, factory = getattr(contract, name), getattr(contract, f"New{name}", None)
        if inspect.isclass(wanted) and factory is None:
            continue
        try:
            given = getattr(impl, name)
        except AttributeError:
            yield f"{name} is missing: define `{'class' if inspect.isclass(wanted) else 'def'} {name}`"
            continue
        yield from _compare(name, wanted, factory, given)


def _compare(name: str, wanted: Any, factory: Any, given: Any) -> Iterator[str]:
    if not callable(given):
        yield f"{name} is {type(given).__name__}: define a {'class' if factory else 'function'}"
    elif factory is None:
        yield from _signature(name, wanted, given)
    else:
        yield from _signature(name, _without_first(factory.__call__), given)
        if inspect.isclass(given):
            yield from _methods(name, wanted, given)


def _methods(name: str, wanted: type, given: type) -> Iterator[str]:
    for method, function in protocol_methods(wanted):
        label = f"{name}.{method}"
        found = inspect.getattr_static(given, method, None)
        if found is None:
            yield f"{label} is missing: define `def {method}{inspect.signature(function)}`"
        elif not callable(getattr(given, method)):
            yield f"{label} is no method"
        else:
            plain = isinstance(found, staticmethod | classmethod)
            actual = getattr(given, method) if plain else _without_first(getattr(given, method))
            wanted_here = _without_first(function)
            yield from _signature(
                label, _by_place(wanted_here) if _is_magic(method) else wanted_here, actual
            )


def _is_magic(method: str) -> bool:
    return method.startswith("__") and method.endswith("__")


def _by_place(signature: inspect.Signature) -> inspect.Signature:
    """Magic methods are called by the language, which names no parameter."""
    parameters = [
        each.replace(kind=Parameter.POSITIONAL_ONLY)
        if each.kind is Parameter.POSITIONAL_OR_KEYWORD
        else each
        for each in signature.parameters.values()
    ]
    return signature.replace(parameters=parameters)


def protocol_methods(protocol: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The methods a Protocol asks for, its bases included."""
    seen: set[str] = set()
    for base in protocol.__mro__:
        if base.__module__ in {"typing", "builtins", "abc"}:
            continue
        for name, value in vars(base).items():
            own = not name.startswith("_") or (name.startswith("__") and name not in _MACHINERY)
            if own and inspect.isfunction(value) and name not in seen:
                seen.add(name)
                yield name, value


_MACHINERY = frozenset({"__init__", "__subclasshook__", "__class_getitem__", "__init_subclass__"})


def _without_first(function: Any) -> Any:
    """The signature a caller sees: without self."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    parameters = list(signature.parameters.values())
    if parameters and parameters[0].kind is not Parameter.VAR_POSITIONAL:
        parameters = parameters[1:]
    return signature.replace(parameters=parameters)


def _signature(label: str, wanted: Any, given: Any) -> Iterator[str]:
    want = wanted if isinstance(wanted, inspect.Signature) else inspect.signature(wanted)
    try:
        have = given if isinstance(given, inspect.Signature) else inspect.signature(given)
    except (TypeError, ValueError):
        return
    for args, kwargs in _forms(want):
        try:
            have.bind(*args, **kwargs)
        except TypeError as error:
            yield f"{label}{have} must accept what the contract allows, {label}{want}: {error}"
            return


def _forms(signature: inspect.Signature) -> Iterator[Form]:
    """The ways to call: only what is required, everything by position, everything by keyword."""
    parameters = list(signature.parameters.values())
    by_place = [
        p
        for p in parameters
        if p.kind in {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
    ]
    by_name = [p for p in parameters if p.kind is Parameter.KEYWORD_ONLY]
    extra = [0, 0] if any(p.kind is Parameter.VAR_POSITIONAL for p in parameters) else []
    more = {"extra_keyword": 0} if any(p.kind is Parameter.VAR_KEYWORD for p in parameters) else {}
    required = [p for p in by_place if p.default is Parameter.empty]
    names = {p.name: 0 for p in by_name}
    yield [0 for _ in required], {p.name: 0 for p in by_name if p.default is Parameter.empty}
    yield [*(0 for _ in by_place), *extra], {**names, **more}
    only = [p for p in by_place if p.kind is Parameter.POSITIONAL_ONLY]
    yield [0 for _ in only], {**{p.name: 0 for p in by_place if p not in only}, **names, **more}


def written(topic: Topic, impl: Implementation) -> Iterator[Any]:
    """The learner's functions that the contract asks for."""
    contract = contract_of(topic)
    for name in contract.IMPLEMENT:
        if getattr(contract, f"New{name}", None) is None and inspect.isclass(
            getattr(contract, name)
        ):
            continue
        given = getattr(impl, name)
        if not inspect.isclass(given):
            yield given
            continue
        for method, _ in protocol_methods(getattr(contract, name)):
            yield getattr(given, method)


def is_untouched(function: Any) -> bool:
    """Whether the body is still the stub's `raise NotImplementedError`."""
    code = getattr(function, "__code__", None)
    return code is not None and code.co_names == ("NotImplementedError",)
