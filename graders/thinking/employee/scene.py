"""A year of Ada's: a raise, pays to the cent, and three ways in which the salary does not get out."""

import copy
from datetime import datetime, timedelta
from decimal import Decimal

from contracts.thinking.employee import AccessDenied
from graders.kit import Implementation


def play(impl: Implementation) -> None:
    """Show amounts, refusals and the trail."""
    days = iter(range(1_000))
    ada = impl.Employee(
        "Ada",
        Decimal("73912.46"),
        by="Hal of HR",
        clock=lambda: datetime(2030, 1, 1) + timedelta(days=next(days)),  # noqa: DTZ001 - a play
        may_see=lambda who: who == "Aud the auditor",
    )
    print(f"hired: repr is {ada!r}")
    pays = [ada.pay(month, by="payroll") for month in range(1, 13)]
    print(f"twelve pays: {', '.join(map(str, pays))}")
    print(f"  their sum: {sum(pays)}")
    ada.raise_percent(Decimal("2.5"), by="Hal of HR")
    for what, job in {
        "reveal('Eve')": lambda: ada.reveal("Eve"),
        "copy.copy(ada)": lambda: copy.copy(ada),
        "raise_by(1000.0)": lambda: ada.raise_by(1000.0, by="Hal of HR"),
    }.items():
        try:
            job()
        except (AccessDenied, TypeError) as error:
            print(f"{what}: {type(error).__name__}: {error}")
    print(f"reveal('Aud the auditor'): {[str(each) for each in ada.reveal('Aud the auditor')]}")
    print("the end of the trail:")
    for entry in ada.trail[-3:]:
        print(f"  {entry.number} {entry.at:%d %b %Y} {entry.by}: {entry.action}")
