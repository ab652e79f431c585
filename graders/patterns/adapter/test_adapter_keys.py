"""The keys that make it safe to try again."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from contracts.patterns.adapter import Money, Receipt
from graders.kit import CheckFailed, Implementation, Sim, check, ensure, equal, simulate
from graders.patterns.adapter.given import PAID, TEN, sides

API_KEY = "sk_live_1"
OPERATIONS: Final = [
    # order, amount, currency, and for a refund the charge and the refund's id
    ["o", "10", "EUR", "", ""],
    ["o", "10.01", "EUR", "", ""],
    ["o", "10", "USD", "", ""],
    ["o", "1000", "JPY", "", ""],
    ["o", "1.000", "KWD", "", ""],
    ["p", "10", "EUR", "", ""],
    ["O", "10", "EUR", "", ""],
    ["o ", "10", "EUR", "", ""],
    ["o", "110", "EUR", "", ""],
    ["o1", "10", "EUR", "", ""],
    ["o:1000", "10", "EUR", "", ""],
    ["o:1000:EUR", "10", "EUR", "", ""],
    ["o|1000|EUR", "10", "EUR", "", ""],
    ["o\x00", "10", "EUR", "", ""],
    ["o,", "10", "EUR", "", ""],
    ['o"', "10", "EUR", "", ""],
    ["\N{LATIN SMALL LETTER E WITH ACUTE}", "10", "EUR", "", ""],
    ["e\N{COMBINING ACUTE ACCENT}", "10", "EUR", "", ""],
    ["\N{CJK UNIFIED IDEOGRAPH-9375}", "10", "EUR", "", ""],
    ["x" * 1_000 + "a", "10", "EUR", "", ""],
    ["x" * 1_000 + "b", "10", "EUR", "", ""],
    ["o", "10", "EUR", "ch_1", "r"],
    ["o", "10", "EUR", "ch_1", "s"],
    ["o", "9", "EUR", "ch_1", "r"],
    ["o", "10", "EUR", "ch_2", "r"],
    ["o", "10", "EUR", "ch_1r", "r"],
    ["o", "10", "EUR", "ch_1", "rr"],
    ["o", "10", "EUR", "ch_1:r", "r"],
    ["o", "10", "EUR", "ch_1", "r:r"],
    ["o", "10", "EUR", "ch_1", "x" * 300 + "a"],
    ["o", "10", "EUR", "ch_1", "x" * 300 + "b"],
    *[
        [order, "10", "EUR", charge, refund]
        for mark in "-/_.,;|#&= \n\t\x1f\\'"  # somebody joins the parts with it
        for order, charge, refund in (
            (f"ch_1{mark}r", "", ""),
            ("o", "ch_1", f"r{mark}r"),
            ("o", f"ch_1{mark}r", "r"),
        )
    ],
]
CHILD: Final = """
import importlib, importlib.util, json, sys
path, name, told, reference = sys.argv[1:]
spec = importlib.util.spec_from_file_location("graded_adapter", path)
module = sys.modules["graded_adapter"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
impl = getattr(module, name) if name else module
from decimal import Decimal
from contracts.patterns.adapter import Money, Receipt, SandboxBank, SandboxStripe
keys = []
for made, sandbox in (("StripeProcessor", SandboxStripe), ("BankProcessor", SandboxBank)):
    kind = getattr(impl, made, None) or getattr(importlib.import_module(reference), made)
    client = sandbox(lambda request: keys.append(request.get("ref") or request["idempotency_key"]))
    it = kind(client, "another key", 1)
    for order, amount, currency, charge, refund in json.loads(told):
        client.balance[charge] = 10**9
        money = Money(Decimal(amount), currency)
        if charge:
            it.refund(Receipt(charge, order, money), refund, money)
        else:
            it.charge(order, money)
print("\\n" + json.dumps(keys))
"""


def key_of(request: dict[str, Any]) -> str:
    """The key of a request."""
    key = request["ref"] if "ref" in request else request["idempotency_key"]
    assert isinstance(key, str)
    return key


@check("P7", kind="behaviour")
def test_the_same_operation_has_the_same_key(impl: Implementation, plain: Implementation) -> None:
    """It was asked for again: spelt otherwise, a day later, by another processor with another API key."""

    def scene(sim: Sim) -> None:
        for (processor, sandbox), (other, _) in zip(sides(impl), sides(plain), strict=True):
            client = sandbox()
            client.balance[PAID.id] = 10**9
            its = [
                processor(client, API_KEY),
                processor(client, "sk_new", 9),
                other(client, "sk_third"),
            ]
            for number, it in enumerate([*its, its[0]]):
                it.charge("order 7", Money(Decimal("1E+1") if number % 2 else TEN.amount, "EUR"))
                it.refund(
                    Receipt("ch_1", "order 7", TEN),
                    "r",
                    Money(Decimal("2.0" + "0" * number), "EUR"),
                )
                sim.sleep(86_400)
                sim.jump_wall_clock(-500.0)
            keys = [key_of(request) for request in client.requests]
            equal(
                keys[0::2], [keys[0]] * 4, did="keys of the same charge, and four times the first"
            )
            equal(
                keys[1::2], [keys[1]] * 4, did="keys of the same refund, and four times the first"
            )
            rest = [
                {k: v for k, v in request.items() if k not in {"api_key", "token"}}
                for request in client.requests
            ]
            equal(
                rest[2:],
                rest[:2] * 3,
                did="requests of all four, without API key, and those of the first",
            )

    simulate(scene)


def keys_here(impl: Implementation) -> list[str]:
    """The keys of all OPERATIONS, at Stripe and at the bank."""
    keys: list[str] = []
    for processor, sandbox in sides(impl):
        client = sandbox(lambda request: keys.append(key_of(request)))
        it = processor(client, API_KEY)
        for order, amount, currency, charge, refund in OPERATIONS:
            client.balance[charge] = 10**9
            money = Money(Decimal(amount), currency)
            if charge:
                it.refund(Receipt(charge, order, money), refund, money)
            else:
                it.charge(order, money)
    return keys


@check("P7", kind="behaviour")
def test_other_operations_have_other_keys(plain: Implementation) -> None:
    """Orders, amounts, currencies, charges and refund ids that differ in one thing, some of them by a hair."""
    keys, count = keys_here(plain), len(OPERATIONS)
    for told, ours in (("Stripe", keys[:count]), ("the bank", keys[count:])):
        seen: dict[str, int] = {}
        for number, key in enumerate(ours):
            first = seen.setdefault(key, number)
            ensure(first == number, did=f"the keys of two operations at {told}: {OPERATIONS[first]} and"
                   f" {OPERATIONS[number]}", want="two keys", got=key)  # fmt: skip
    limits = {"Stripe": 255, "the bank": 35}
    for told, ours in (("Stripe", keys[:count]), ("the bank", keys[count:])):
        for key in ours:
            fits = 0 < len(key) <= limits[told] and key.isascii() and key.isprintable()
            ensure(fits and (told == "Stripe" or key.isalnum()), did=f"a key for {told}",
                   want="one that its client accepts", got=key)  # fmt: skip


@check("P7", kind="behaviour")
def test_the_process_has_no_say_in_keys(plain: Implementation) -> None:
    """The same operations were made here, and in a process with another PYTHONHASHSEED and another API key."""
    here = keys_here(plain)
    there = in_another_process(plain)
    for number, (got, want) in enumerate(zip(there, here, strict=True)):
        told = OPERATIONS[number % len(OPERATIONS)]
        equal(got, want, did=f"the key of {told} in another process, and here")


def in_another_process(impl: Implementation) -> list[str]:
    """Ask a new interpreter, with another seed of `hash()`, for the keys."""
    root = str(Path(__file__).resolve().parents[3])
    path = impl.path / "__init__.py" if impl.path.is_dir() else impl.path
    name = impl.spec.partition(":")[2] if impl.path.name in {"impostors.py", "peers.py"} else ""
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    told, reference = json.dumps(OPERATIONS), "solutions.patterns.adapter" if name else ""
    unspoken = {
        "PYTHONPATH": root,
        "PYTHONHASHSEED": seed,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    run = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), name, told, reference],
        cwd=os.sep,  # while a learner is graded, no program may start in the repository or name it
        env={**os.environ, **unspoken},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        got = run.stderr.strip().splitlines()[-1:]
        raise CheckFailed("charged and refunded in another process", "no exception", "".join(got))
    keys: list[str] = json.loads(run.stdout.splitlines()[-1])
    return keys
