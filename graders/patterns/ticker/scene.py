"""Four callers at a ticker: one gives up, one asks out of turn, and at the end everybody is sent home."""

import threading
import time

from contracts.patterns.ticker import Stopped
from graders.kit import Implementation


def play(impl: Implementation) -> None:
    """Show who gets which tick, and who gets none."""
    start, lock = time.monotonic(), threading.Lock()
    ticker = impl.Ticker(0.5, burst=1)

    def say(text: str) -> None:
        with lock:
            print(f"  {time.monotonic() - start:4.1f} s  {text}")

    def call(name: str, timeout: float | None) -> None:
        try:
            got = ticker.wait(timeout)
        except Stopped:
            say(f"{name}: the ticker has been stopped")
        else:
            say(f"{name}: {'has a token' if got else 'gave up'}")

    print(
        "Ticker(0.5): a token every half second; Ann, Ben (for 0.7 s), Cem and Dee wait in this order"
    )
    people = (("Ann", None), ("Ben", 0.7), ("Cem", None), ("Dee", None))
    threads = [threading.Thread(target=call, args=person) for person in people]
    for thread in threads:
        thread.start()
        time.sleep(0.02)
    time.sleep(0.94)
    say(f"try_acquire() as a token comes: {ticker.try_acquire()} - others have waited for it")
    time.sleep(0.2)
    say("stop()")
    ticker.stop()
    for thread in threads:
        thread.join()
    try:
        ticker.wait()
    except Stopped:
        say("wait() after that: Stopped, at once")
