"""The first minute of a service: three threads want the database, which is not up yet, and a test wants none."""

import threading
import time
from typing import Any

from contracts.patterns.singleton import RecursiveInitialisation
from graders.kit import Implementation


def play(impl: Implementation) -> None:
    """Show who runs the factory, who waits, and who gets what."""
    attempts: list[str] = []

    def get_database() -> str:
        """Connect; the first attempt fails."""
        me = threading.current_thread().name
        attempts.append(me)
        print(f"  {me} connects")
        time.sleep(0.05)
        if len(attempts) == 1:
            raise ConnectionError("not up yet")
        return "the connection"

    database = impl.shared(get_database)

    def work() -> None:
        me = threading.current_thread().name
        try:
            print(f"  {me} got {database()!r}")
        except ConnectionError as error:
            print(f"  {me} was told: {error}")

    print("three workers ask at once; the first attempt fails, and one that waited tries again")
    threads = [threading.Thread(target=work, name=f"worker {number}") for number in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with impl.overridden(database, "a fake"):
        print(f"inside overridden(database, 'a fake') everybody gets {database()!r}")
    print(f"after it: {database()!r}, and {len(attempts)} attempts in all")
    onces: dict[str, Any] = {}
    settings = onces["settings"] = impl.Once(lambda: str(onces["cache"].get()))
    onces["cache"] = impl.Once(settings.get)
    try:
        settings.get()
    except RecursiveInitialisation as error:
        print(f"settings need the cache, which needs the settings: {len(error.cycle)} in a circle")
