"""Limiters with one wrong idea each. `breaks` names the promise by which each is found."""

import contextlib
import heapq
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, ClassVar
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from contracts.services.rate_limiter import Decision
from solutions.services import rate_limiter as reference
from solutions.services.rate_limiter import middleware
from solutions.services.rate_limiter.bucket import Level, Limit, check_tokens

Headers = list[tuple[str, str]]


class _Bucket(reference.TokenBucket):
    """The reference with other arithmetic."""

    level: type[Level] = Level

    def __init__(self, rate: float, capacity: int) -> None:
        super().__init__(rate, capacity)
        self._level = self.level(Limit(rate, capacity), time.monotonic())


class _Limiter(reference.ClientLimiter):
    """The same for many clients."""

    level: type[Level] = Level

    def _welcome(self, client: Hashable, tokens: int, now: float) -> Decision:
        level = self.level(self._limit, now)
        decision = level.take(tokens, now)
        if decision.allowed:
            self._levels[client] = level
            heapq.heappush(self._due, (level.full_at, next(self._serials), client))
        return decision


class _Front(reference.RateLimitMiddleware):
    """The reference, in two parts that can be replaced."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        client = self._key(environ)
        if client is None:
            return self._app(environ, start_response)
        decision = self._limiter.try_acquire(client)
        if not decision.allowed:
            return self.refuse(decision, environ, start_response)
        return self.let_through(decision, environ, start_response)

    def let_through(
        self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        return self._app(environ, middleware._with_fields(decision, start_response))

    def refuse(
        self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        return middleware._too_many(decision, environ, start_response)


def _changed(decision: Decision, **said: Any) -> Decision:
    """A decision of which something else is said."""
    names = ("allowed", "limit", "window", "remaining", "retry_after", "full_after")
    return Decision(**{**{name: getattr(decision, name) for name in names}, **said})


# --- arithmetic -----------------------------------------------------------------------------------


class StartsEmpty:
    """A new bucket has to fill first."""

    breaks = "P1"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def __init__(self, limit: Limit, now: float) -> None:
                super().__init__(limit, now)
                self._tokens = 0.0


class SavesUp:
    """Refills without a cap: after a quiet night everything is let through at once."""

    breaks = "P1"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                self._tokens += (now - self._since) * self._limit.rate
                self._since = now
                if tokens > self._limit.capacity or tokens > self._limit.whole(self._tokens):
                    return self._limit.refused(tokens, self._tokens)
                self._tokens -= tokens
                return self._limit.allowed(self._tokens)


class FixedWindow:
    """A counter per window of capacity / rate: twice the burst around its edge.

    Modelled on SandeepVashishtha/Eventra PR 6228.
    """

    breaks = "P2"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                window = self._limit.capacity / self._limit.rate
                if now >= self._since + window:
                    self._since += (now - self._since) // window * window
                    self._tokens = float(self._limit.capacity)
                left = self._since + window - now
                if tokens > self._tokens:
                    wait = math.inf if tokens > self._limit.capacity else left
                    return _changed(self._limit.refused(tokens, self._tokens), retry_after=wait)
                self._tokens -= tokens
                return self._limit.allowed(self._tokens)


class TruncatesRefill:
    """Whole tokens only, and the rest of the time is thrown away when somebody asks.

    Modelled on apache/polaris PR 3433.
    """

    breaks = "P3"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                gained = int((now - self._since) * self._limit.rate)
                self._tokens = min(float(self._limit.capacity), self._tokens + gained)
                self._since = now
                return super().take(tokens, now)


class RestartsOnEveryTake:
    """What has come since the last whole token is lost when one is taken.

    Modelled on JhaSourav07/commitpulse issue 1371.
    """

    breaks = "P3"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                decision = super().take(tokens, now)
                if decision.allowed:
                    self._tokens = float(decision.remaining)
                return decision


class RoundsTheInterval:
    """Counts in microseconds per token, rounded: right for a minute, wrong after an hour."""

    breaks = "P3"

    class TokenBucket(_Bucket):
        def __init__(self, rate: float, capacity: int) -> None:
            Limit(rate, capacity)
            microseconds = max(1, round(1e6 / rate))
            super().__init__(1e6 / microseconds, capacity)


class ForgivesTheRounding:
    """Tolerates a microsecond, and starts from zero each time: an eager caller gets faster."""

    breaks = "P3"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                early = super().take(tokens, now)
                if early.allowed or not early.retry_after <= 9e-7:
                    return early
                self._tokens = 0.0
                return self._limit.allowed(0.0)


class CountsOddSecondsTwice:
    """Adds what has come at each refill, and once more when a second begins."""

    breaks = "P2"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                if math.floor(now) > math.floor(self._since):
                    self._tokens += self._limit.rate * (now - math.floor(now)) / 2
                return super().take(tokens, now)


class RefusalsCost:
    """Takes first and looks afterwards: a refused acquire empties the bucket.

    Modelled on upstash/ratelimit-js PR 161.
    """

    breaks = "P4"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                decision = super().take(tokens, now)
                if not decision.allowed and tokens <= self._limit.capacity:
                    self._tokens = max(0.0, self._tokens - tokens)
                    return self._limit.refused(tokens, self._tokens)
                return decision


class RefusalsPostpone:
    """A refused acquire restarts the clock: who keeps asking is never served.

    Modelled on ProfessionalWiki/MediaWiki-MCP-Server issue 557 and
    peterkhayes/rolling-rate-limiter issue 9.
    """

    breaks = "P4"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                before = self._tokens
                decision = super().take(tokens, now)
                if not decision.allowed:
                    self._tokens = before
                return decision


class TakesWhatIsThere:
    """A refused acquire of several tokens keeps the ones that were there, as an advance."""

    breaks = "P4"

    class ClientLimiter(_Limiter):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                decision = super().take(tokens, now)
                if not decision.allowed and 1 < tokens <= self._limit.capacity:
                    self._tokens -= math.floor(self._tokens)
                return decision


class FullBucketServesAnything:
    """An acquire beyond the capacity is served from a full bucket.

    Modelled on alisaifee/limits issue 151.
    """

    breaks = "P4"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                return super().take(min(tokens, self._limit.capacity), now)


# --- decisions ------------------------------------------------------------------------------------


class MillisecondClock:
    """Time in whole milliseconds, rounded down."""

    breaks = "P5"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                return super().take(tokens, math.floor(now * 1_000) / 1_000)


class RetryAfterForOneToken:
    """Says when the next token comes, however many were asked for."""

    breaks = "P5"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                decision = super().take(tokens, now)
                if decision.allowed or tokens > self._limit.capacity:
                    return decision
                missing = 1 - self._tokens % 1
                return _changed(decision, retry_after=missing / self._limit.rate)


class RetryAfterFromEmpty:
    """Does not count the fraction of a token that is there already."""

    breaks = "P5"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                decision = super().take(tokens, now)
                if decision.allowed or tokens > self._limit.capacity:
                    return decision
                missing = tokens - math.floor(self._tokens)
                return _changed(decision, retry_after=missing / self._limit.rate)


class TrustsFloats:
    """Compares without leaving room: after exactly retry_after the token is 0.9999999 of one."""

    breaks = "P5"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                gained = (now - self._since) * self._limit.rate
                self._tokens = min(float(self._limit.capacity), self._tokens + gained)
                self._since = now
                if tokens > self._tokens:
                    return self._limit.refused(tokens, self._tokens)
                self._tokens -= tokens
                return self._limit.allowed(self._tokens)


class RoundsRemaining:
    """Half a token is told as a whole one."""

    breaks = "P5"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                decision = super().take(tokens, now)
                return _changed(decision, remaining=round(max(0.0, self._tokens)))


class RemainingBefore:
    """Tells what was there before the acquire."""

    breaks = "P5"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                decision = super().take(tokens, now)
                taken = tokens if decision.allowed else 0
                return _changed(decision, remaining=decision.remaining + taken)


class FullAfterOneWindow:
    """Says a whole window, whatever is in the bucket."""

    breaks = "P5"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def take(self, tokens: int, now: float) -> Decision:
                decision = super().take(tokens, now)
                return _changed(decision, full_after=decision.window)


# --- clocks ---------------------------------------------------------------------------------------


class WallClock:
    """Measures with a clock that administrators set.

    Modelled on langchain-ai/langchain PR 24961 and vutran1710/PyrateLimiter PR 231.
    """

    breaks = "P6"
    mistake = "wall clock"

    class TokenBucket(_Bucket):
        class level(Level):  # noqa: N801
            def __init__(self, limit: Limit, now: float) -> None:
                super().__init__(limit, time.time())

            def take(self, tokens: int, now: float) -> Decision:
                return super().take(tokens, max(self._since, time.time()))


class ForgetsByTheWallClock:
    """Tokens by the monotonic clock, but who is forgotten by the other one."""

    breaks = "P6"

    class ClientLimiter(_Limiter):
        def __init__(self, rate: float, capacity: int, max_clients: int) -> None:
            super().__init__(rate, capacity, max_clients)
            self._ahead = time.time() - time.monotonic()

        def _forget_full(self, now: float) -> None:
            super()._forget_full(max(now, time.time() - self._ahead))


# --- threads --------------------------------------------------------------------------------------


class NoLock:
    """Relies on the interpreter to keep threads apart."""

    breaks = "P7"

    class TokenBucket(_Bucket):
        def __init__(self, rate: float, capacity: int) -> None:
            super().__init__(rate, capacity)
            self._lock = contextlib.nullcontext()  # type: ignore[assignment]


class LimiterWithoutLock:
    """Relies on it for the table of clients."""

    breaks = "P7"

    class ClientLimiter(_Limiter):
        def __init__(self, rate: float, capacity: int, max_clients: int) -> None:
            super().__init__(rate, capacity, max_clients)
            self._lock = contextlib.nullcontext()  # type: ignore[assignment]


class LooksThenTakes:
    """Looks under the lock, leaves it, and takes under the lock."""

    breaks = "P7"
    mistake = "check then act"

    class TokenBucket(_Bucket):
        def try_acquire(self, tokens: int = 1) -> Decision:
            check_tokens(tokens)
            with self._lock:
                now, level = time.monotonic(), self._level
                gained = (now - level._since) * level._limit.rate
                there = min(float(level._limit.capacity), level._tokens + gained)
                level._tokens, level._since = there, now
            if tokens > level._limit.whole(there):
                return level._limit.refused(tokens, there)
            with self._lock:
                level._tokens -= tokens
                return level._limit.allowed(level._tokens)


class _Rewinds(Level):
    """Takes no time away when an instant is older than the last one, but goes back to it."""

    def take(self, tokens: int, now: float) -> Decision:
        self._since = min(self._since, now)
        return super().take(tokens, now)


class StaleNow:
    """Reads the clock before it has the lock: time goes back, and some of it counts twice.

    Modelled on tikv/pd issue 10744.
    """

    breaks = "P7"

    class TokenBucket(_Bucket):
        level = _Rewinds

        def try_acquire(self, tokens: int = 1) -> Decision:
            check_tokens(tokens)
            now = time.monotonic()
            with self._lock:
                return self._level.take(tokens, now)


class BelowZero:
    """Reads the clock before it has the lock, and takes away what time going back is worth.

    Modelled on ProfessionalWiki/MediaWiki-MCP-Server issue 557.
    """

    breaks = "P7"

    class TokenBucket(_Bucket):
        def try_acquire(self, tokens: int = 1) -> Decision:
            check_tokens(tokens)
            now = time.monotonic()
            with self._lock:
                return self._level.take(tokens, now)


class StaleNowForClients:
    """The same for the table of clients."""

    breaks = "P7"

    class ClientLimiter(_Limiter):
        level = _Rewinds

        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            check_tokens(tokens)
            now = time.monotonic()
            with self._lock:
                self._forget_full(now)
                level = self._levels.get(client)
                if level is not None:
                    return level.take(tokens, now)
                if len(self._levels) >= self._max_clients:
                    return self._limit.no_place(tokens, self._next_full() - now)
                return self._welcome(client, tokens, now)


_level_lock = threading.Lock()


class BucketRemovedInUse:
    """A lock per client: between look-up and take, the bucket is forgotten and replaced."""

    breaks = "P7"

    class ClientLimiter(reference.ClientLimiter):
        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            check_tokens(tokens)
            with self._lock:
                now = time.monotonic()
                level = self._levels.get(client)
                if level is None:
                    self._forget_full(now)
                    if len(self._levels) >= self._max_clients:
                        return self._limit.no_place(tokens, self._next_full() - now)
                    return self._welcome(client, tokens, now)
            with _level_lock:
                return level.take(tokens, max(level._since, time.monotonic()))


class TellsWhatIsLeftNow:
    """Takes under the lock, and looks what is left when the lock is free: others took some."""

    breaks = "P7"

    class TokenBucket(_Bucket):
        def try_acquire(self, tokens: int = 1) -> Decision:
            decision = super().try_acquire(tokens)
            return _changed(decision, remaining=self._level._limit.whole(self._level._tokens))


# --- clients --------------------------------------------------------------------------------------


class ClientsByText:
    """Clients are told apart by their text, so that 1 and "1" share a bucket."""

    breaks = "P8"

    class ClientLimiter(_Limiter):
        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            hash(client)
            return super().try_acquire(str(client), tokens)


class ClientsByAddress:
    """Strips what looks like a port or a suffix from a client's name."""

    breaks = "P8"

    class ClientLimiter(_Limiter):
        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            if isinstance(client, str):
                client = client.rstrip("\0")
            return super().try_acquire(client, tokens)


class OneTableForAllLimiters:
    """The table is an attribute of the class."""

    breaks = "P8"

    class ClientLimiter(_Limiter):
        _tables: ClassVar[dict[Hashable, Level]] = {}
        _heap: ClassVar[list[tuple[float, int, Hashable]]] = []

        def __init__(self, rate: float, capacity: int, max_clients: int) -> None:
            super().__init__(rate, capacity, max_clients)
            self._levels, self._due = self._tables, self._heap


class EvictsLeastRecent:
    """Makes room for a newcomer by forgetting who has not been seen longest: a burst refunded."""

    breaks = "P9"

    class ClientLimiter:
        def __init__(self, rate: float, capacity: int, max_clients: int) -> None:
            self._limit, self._max = Limit(rate, capacity), max_clients
            if max_clients < 1:
                raise ValueError("max_clients must be at least 1")
            self._lock = threading.Lock()
            self._levels: OrderedDict[Hashable, Level] = OrderedDict()

        def _forget_full(self, now: float) -> None:
            for client, level in list(self._levels.items())[:8]:
                if level.full_at <= now:
                    del self._levels[client]

        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            check_tokens(tokens)
            with self._lock:
                now = time.monotonic()
                self._forget_full(now)
                level = self._levels.pop(client, None) or Level(self._limit, now)
                decision = level.take(tokens, now)
                if level.full_at > now:
                    self._levels[client] = level
                if len(self._levels) > self._max:
                    self._levels.popitem(last=False)
                return decision

        def __len__(self) -> int:
            with self._lock:
                now = time.monotonic()
                return sum(level.full_at > now for level in self._levels.values())


class ForgetsTheIdle:
    """A client that has been silent for some time is forgotten, full or not."""

    breaks = "P9"

    class ClientLimiter(_Limiter):
        def _forget_full(self, now: float) -> None:
            idle = self._limit.seconds(self._limit.capacity) / 2
            for client in [c for c, level in self._levels.items() if level._since + idle <= now]:
                self._levels[client]._tokens = float(self._limit.capacity)
            super()._forget_full(now)


class DeadlineOfTheFirstTake:
    """When a client will be full is noted with its first take; later ones do not prolong it."""

    breaks = "P9"

    class ClientLimiter(_Limiter):
        def _next_full(self) -> float:
            return self._due[0][0]


class ForgetsOnlyForRoom:
    """Nobody is forgotten until a place is needed, and len counts all of them."""

    breaks = "P9"

    class ClientLimiter(_Limiter):
        def _forget_full(self, now: float) -> None:
            if len(self._levels) >= self._max_clients:
                super()._forget_full(now)


class ForgetsOneAtATime:
    """Removes at most one client in each call, so that no call takes long: the others stay."""

    breaks = "P9"

    class ClientLimiter(_Limiter):
        def _forget_full(self, now: float) -> None:
            if self._due and self._next_full() <= now:
                del self._levels[heapq.heappop(self._due)[2]]


class ForgetsALittleEarly:
    """All but full is as good as full: who comes at the right moments gains each time."""

    breaks = "P9"

    class ClientLimiter(_Limiter):
        def _forget_full(self, now: float) -> None:
            super()._forget_full(now + 0.02 / self._limit.rate)


class TrustsAPassedDeadline:
    """Once the first deadline of a client has passed, a bucket that is full but for 2 ms will do."""

    breaks = "P9"

    class ClientLimiter(_Limiter):
        def _forget_full(self, now: float) -> None:
            while self._due and self._due[0][0] <= now:
                _, serial, client = heapq.heappop(self._due)
                full_at = self._levels[client].full_at
                if full_at <= now + 0.002:
                    del self._levels[client]
                else:
                    heapq.heappush(self._due, (full_at, serial, client))


class ForgetsALittleLate:
    """Rounds the instant up to milliseconds, "to be on the safe side"."""

    breaks = "P9"

    class ClientLimiter(_Limiter):
        class level(Level):  # noqa: N801
            @property
            def full_at(self) -> float:
                return super().full_at + 0.001


class RemembersForEver:
    """Nobody is ever forgotten: when all places are taken, newcomers are refused for good.

    Modelled on Tabcorp/redis-rate-limiter issue 1 (a key without its expiry).
    """

    breaks = "P9"

    class ClientLimiter(_Limiter):
        def _forget_full(self, now: float) -> None:
            return


class NoBound:
    """Takes max_clients for a hint."""

    breaks = "P10"

    class ClientLimiter(_Limiter):
        def __init__(self, rate: float, capacity: int, max_clients: int) -> None:
            super().__init__(rate, capacity, max_clients)
            self._max_clients = 10**9


class OneTooMany:
    """Lets one more in than there are places."""

    breaks = "P10"

    class ClientLimiter(_Limiter):
        def __init__(self, rate: float, capacity: int, max_clients: int) -> None:
            super().__init__(rate, capacity, max_clients)
            self._max_clients += 1


class FullHouseRefusesAll:
    """When all places are taken, clients who have one are refused as well."""

    breaks = "P10"

    class ClientLimiter(_Limiter):
        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            check_tokens(tokens)
            if len(self) >= self._max_clients:
                with self._lock:
                    wait = self._next_full() - time.monotonic() if self._due else 0.0
                    return self._limit.no_place(tokens, max(0.0, wait))
            return super().try_acquire(client, tokens)


class NewcomersAreToldTheirOwn:
    """A newcomer without a place is told the time until one token comes, which is no use to it."""

    breaks = "P10"

    class ClientLimiter(_Limiter):
        def _next_full(self) -> float:
            at = super()._next_full()
            now = time.monotonic()
            return at if at <= now else min(at, now + 1 / self._limit.rate)


class NewcomersAreToldTheOldDeadline:
    """Looks at the head of the heap without asking whether it is still right."""

    breaks = "P10"

    class ClientLimiter(_Limiter):
        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            with self._lock:
                now = time.monotonic()
                head = self._due[0][0] if self._due else now
            decision = super().try_acquire(client, tokens)
            if decision.allowed or client in self._levels or head <= now:
                return decision
            retry_after = min(head - now, decision.retry_after)
            return _changed(decision, retry_after=retry_after, full_after=head - now)


class NobodyIsAskedWhereThereIsAPlace:
    """Who asks for more than `capacity` is refused as if there were a place: with a full bucket."""

    breaks = "P10"

    class ClientLimiter(_Limiter):
        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            if tokens > self._limit.capacity and client not in self._levels:
                return self._limit.refused(tokens, self._limit.capacity)
            return super().try_acquire(client, tokens)


class CountsEverybodySeen:
    """Keeps a set of all clients, for the statistics."""

    breaks = "P11"

    class ClientLimiter(_Limiter):
        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            self.__dict__.setdefault("_seen", set()).add(client)
            return super().try_acquire(client, tokens)


class LocksPerClientKept:
    """A lock for every client that was ever seen."""

    breaks = "P11"

    class ClientLimiter(_Limiter):
        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            locks = self.__dict__.setdefault("_locks", {})
            with locks.setdefault(hash(client), threading.Lock()):
                return super().try_acquire(client, tokens)


class HeapOfEveryTake:
    """One more deadline in the heap for each take, never taken out before its time."""

    breaks = "P11"

    class ClientLimiter(_Limiter):
        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            decision = super().try_acquire(client, tokens)
            if decision.allowed:
                at = time.monotonic() + decision.full_after
                heapq.heappush(self.__dict__.setdefault("_all", []), (at, id(client)))
            return decision


class LogsEveryTake:
    """One bucket that keeps the instant of each acquire, as a sliding log would."""

    breaks = "P11"

    class TokenBucket(_Bucket):
        def try_acquire(self, tokens: int = 1) -> Decision:
            self.__dict__.setdefault("_log", []).append(time.monotonic())
            return super().try_acquire(tokens)


class SweepsEverybody:
    """Every acquire looks at all clients for some to be forgotten."""

    breaks = "P12"

    class ClientLimiter(_Limiter):
        def _forget_full(self, now: float) -> None:
            if any(level.full_at <= now for level in self._levels.values()):
                super()._forget_full(now)


class SearchesTheNextPlace:
    """Looks at all clients to tell a newcomer when there will be a place."""

    breaks = "P12"

    class ClientLimiter(_Limiter):
        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            decision = super().try_acquire(client, tokens)
            if not decision.allowed and decision.remaining == 0:
                with self._lock:
                    min((level.full_at for level in self._levels.values()), default=0.0)
            return decision


class RebuildsTheTable:
    """As soon as one bucket is full, the table is made anew of those that are not."""

    breaks = "P12"

    class ClientLimiter(_Limiter):
        def _forget_full(self, now: float) -> None:
            if self._due and self._next_full() <= now:
                self._levels = {c: a for c, a in self._levels.items() if a.full_at > now}
                self._due = [(a.full_at, next(self._serials), c) for c, a in self._levels.items()]
                heapq.heapify(self._due)


# --- arguments ------------------------------------------------------------------------------------


class NegativeTokensRefund:
    """Does not look at how many are asked for: a negative number puts tokens in."""

    breaks = "P13"

    class TokenBucket(_Bucket):
        def try_acquire(self, tokens: int = 1) -> Decision:
            with self._lock:
                return self._level.take(tokens, time.monotonic())


class TakesNotANumber:
    """Refuses rates of 0 and less, which NaN is not, and infinity neither."""

    breaks = "P13"

    class TokenBucket(_Bucket):
        def __init__(self, rate: float, capacity: int) -> None:
            if rate <= 0:
                raise ValueError(f"rate must be more than 0, not {rate}")
            super().__init__(rate if math.isfinite(rate) else 1e9, capacity)


class NoPlacesAtAll:
    """Takes max_clients of 0, and refuses everybody."""

    breaks = "P13"

    class ClientLimiter(_Limiter):
        def __init__(self, rate: float, capacity: int, max_clients: int) -> None:
            super().__init__(rate, capacity, max(1, max_clients))
            self._max_clients = max_clients


class GreedyUnhashable:
    """More than `capacity` is refused before anybody looks at the client."""

    breaks = "P13"

    class ClientLimiter(_Limiter):
        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            try:
                return super().try_acquire(client, tokens)
            except TypeError:
                if tokens <= self._limit.capacity:
                    raise
                return self._limit.refused(tokens, self._limit.capacity)


class NothingIsRefusedNothing:
    """The number is checked where tokens are taken; a newcomer without a place never gets there."""

    breaks = "P13"

    class ClientLimiter(_Limiter):
        def try_acquire(self, client: Hashable, tokens: int = 1) -> Decision:
            if len(self) >= self._max_clients and client not in self._levels:
                return super().try_acquire(client, max(tokens, 1))
            return super().try_acquire(client, tokens)


# --- the middleware -------------------------------------------------------------------------------


class ExtendsTheHeaders:
    """Adds the fields to the application's own list."""

    breaks = "P14"

    class RateLimitMiddleware(_Front):
        def let_through(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            def start(status: str, headers: Headers, *rest: Any) -> Callable[[bytes], object]:
                headers.extend(middleware._fields(decision))
                return start_response(status, headers, *rest)

            return self._app(environ, start)


class CollectsTheAnswer:
    """Reads the whole answer before handing it on: no streaming, nobody closes it."""

    breaks = "P14"

    class RateLimitMiddleware(_Front):
        def let_through(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            answer = super().let_through(decision, environ, start_response)
            try:
                return list(answer)
            finally:
                if hasattr(answer, "close"):
                    answer.close()


class DropsExcInfo:
    """A second start_response of the application, for an error, loses its exc_info."""

    breaks = "P14"

    class RateLimitMiddleware(_Front):
        def let_through(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            def start(status: str, headers: Headers, *_: Any) -> Callable[[bytes], object]:
                return start_response(status, headers + middleware._fields(decision))

            return self._app(environ, start)


class TriesAgain:
    """An application that raises is called once more."""

    breaks = "P14"

    class RateLimitMiddleware(_Front):
        def let_through(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            try:
                return super().let_through(decision, environ, start_response)
            except Exception:
                return super().let_through(decision, environ, start_response)


class LeavesANote:
    """Tells the application in its environ what is left."""

    breaks = "P14"

    class RateLimitMiddleware(_Front):
        def let_through(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            environ["ratelimit.remaining"] = decision.remaining
            return super().let_through(decision, environ, start_response)


class AsksHowManyThereAre:
    """Wants a limiter with `len`, which not every limiter has."""

    breaks = "P14"

    class RateLimitMiddleware(_Front):
        def let_through(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            self._remembered = len(self._limiter)
            return super().let_through(decision, environ, start_response)


class StartsOnlyDuringTheCall:
    """Keeps the decision for as long as the application's call takes; a generator comes later."""

    breaks = "P14"

    class RateLimitMiddleware(_Front):
        def let_through(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            fields = middleware._fields(decision)

            def start(status: str, headers: Headers, *rest: Any) -> Callable[[bytes], object]:
                return start_response(status, headers + fields, *rest)

            answer = self._app(environ, start)
            fields = []
            return answer


class FailuresAreFree:
    """A request that the application fails on costs no token: attackers love errors."""

    breaks = "P14"

    class RateLimitMiddleware(_Front):
        def __init__(
            self,
            app: WSGIApplication,
            limiter: Any,
            key: Callable[[WSGIEnvironment], Hashable | None],
        ) -> None:
            super().__init__(app, limiter, key)
            self._credit: dict[Hashable, Decision] = {}

        def __call__(
            self, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            client = self._key(environ)
            if client is None:
                return self._app(environ, start_response)
            decision = self._credit.pop(client, None) or self._limiter.try_acquire(client)
            if not decision.allowed:
                return self.refuse(decision, environ, start_response)
            try:
                return self.let_through(decision, environ, start_response)
            except Exception:
                self._credit[client] = decision
                raise


class AsksTheApplicationFirst:
    """Calls the application, and then replaces what it answered."""

    breaks = "P15"

    class RateLimitMiddleware(_Front):
        def refuse(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            with contextlib.suppress(Exception):
                self._app(environ, lambda *_: lambda _: None)
            return super().refuse(decision, environ, start_response)


class RefusesOddRequests:
    """Looks at Content-Length before it lets a request through, and falls over what is no number."""

    breaks = "P14"

    class RateLimitMiddleware(_Front):
        def let_through(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            environ["CONTENT_LENGTH"] = str(int(environ.get("CONTENT_LENGTH") or 0))
            return super().let_through(decision, environ, start_response)


class LogsTheRefusal:
    """Writes the path of a refused request into its answer, as the text that it is not."""

    breaks = "P15"

    class RateLimitMiddleware(_Front):
        def refuse(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            environ["PATH_INFO"].encode("latin-1").decode("utf-8")
            return super().refuse(decision, environ, start_response)


class DrainsTheBody:
    """Reads the body of a refused request, to be polite to the connection."""

    breaks = "P15"

    class RateLimitMiddleware(_Front):
        def refuse(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            return super().refuse(decision, environ, start_response)


class RetryAfterRoundedDown:
    """Whole seconds, the rest cut off, but never 0: the obedient client comes too early."""

    breaks = "P15"

    class RateLimitMiddleware(_Front):
        def refuse(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            wait = decision.retry_after
            wait = float(int(wait)) if wait < math.inf else wait
            return super().refuse(_changed(decision, retry_after=wait), environ, start_response)


class RetryAfterZero:
    """Rounds to the nearest whole second, which may be none: clients come back at once."""

    breaks = "P15"

    class RateLimitMiddleware(_Front):
        def refuse(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            def start(status: str, headers: Headers, *rest: Any) -> Callable[[bytes], object]:
                nearest = round(min(decision.retry_after, 1e9))
                said = [(n, str(nearest) if n == "Retry-After" else v) for n, v in headers]
                return start_response(status, said, *rest)

            return super().refuse(decision, environ, start)


class RetryAfterAlmostUp:
    """Rounds up, but for a millisecond."""

    breaks = "P15"

    class RateLimitMiddleware(_Front):
        def refuse(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            sooner = _changed(decision, retry_after=decision.retry_after - 0.001)
            return super().refuse(sooner, environ, start_response)


class NoEndInSight:
    """An infinite retry_after is sent as a Retry-After of many years."""

    breaks = "P15"

    class RateLimitMiddleware(_Front):
        def refuse(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            wait = min(decision.retry_after, 2.0**31)
            return super().refuse(_changed(decision, retry_after=wait), environ, start_response)


class HeadGetsABody:
    """A refused HEAD is answered with the body of the error."""

    breaks = "P15"

    class RateLimitMiddleware(_Front):
        def refuse(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            return super().refuse(decision, {**environ, "REQUEST_METHOD": "GET"}, start_response)


class _OtherNumbers(_Front):
    """The reference telling something else in its fields."""

    def tells(self, decision: Decision) -> Decision:
        return decision

    def let_through(
        self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        return super().let_through(self.tells(decision), environ, start_response)

    def refuse(
        self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        told = _changed(self.tells(decision), retry_after=decision.retry_after)
        return super().refuse(told, environ, start_response)


class TellsRetryAsReset:
    """When it refuses, `t` is the time until the next request, not until the bucket is full."""

    breaks = "P16"

    class RateLimitMiddleware(_OtherNumbers):
        def tells(self, decision: Decision) -> Decision:
            if decision.allowed:
                return decision
            return _changed(decision, full_after=decision.retry_after)


class TellsOneMore:
    """Counts the request that is being served among the remaining ones."""

    breaks = "P16"

    class RateLimitMiddleware(_OtherNumbers):
        def tells(self, decision: Decision) -> Decision:
            return _changed(decision, remaining=decision.remaining + decision.allowed)


class RoundsTheFieldsDown:
    """Cuts off the fractions of `w` and `t`."""

    breaks = "P16"

    class RateLimitMiddleware(_OtherNumbers):
        def tells(self, decision: Decision) -> Decision:
            window, full = float(int(decision.window)), float(int(decision.full_after))
            return _changed(decision, window=window, full_after=full)


class OlderFields:
    """The three fields of earlier drafts."""

    breaks = "P16"

    class RateLimitMiddleware(_Front):
        def let_through(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            fields = [
                ("RateLimit-Limit", str(decision.limit)),
                ("RateLimit-Remaining", str(decision.remaining)),
                ("RateLimit-Reset", str(math.ceil(decision.full_after))),
            ]

            def start(status: str, headers: Headers, *rest: Any) -> Callable[[bytes], object]:
                return start_response(status, headers + fields, *rest)

            return self._app(environ, start)


class TellsOfTheLastRequest:
    """The decision is kept in the middleware, where another request's takes its place."""

    breaks = "P16"

    class RateLimitMiddleware(_Front):
        def let_through(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            self._decision = decision

            def start(status: str, headers: Headers, *rest: Any) -> Callable[[bytes], object]:
                fields = middleware._fields(self._decision)
                return start_response(status, headers + fields, *rest)

            return self._app(environ, start)


class EmptyNameIsNobody:
    """Tests the client's name for truth: the empty one and 0 are not limited."""

    breaks = "P17"

    class RateLimitMiddleware(_Front):
        def __call__(
            self, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            if not bool(self._key(environ)):
                return self._app(environ, start_response)
            return super().__call__(environ, start_response)


class TrustsForwardedFor:
    """Adds the address to what the key function says: a client with two addresses counts twice."""

    breaks = "P17"

    class RateLimitMiddleware(_Front):
        def __init__(
            self,
            app: WSGIApplication,
            limiter: Any,
            key: Callable[[WSGIEnvironment], Hashable | None],
        ) -> None:
            def known(environ: WSGIEnvironment) -> Hashable | None:
                client = key(environ)
                return client if client is None else (client, environ.get("REMOTE_ADDR"))

            super().__init__(app, limiter, known)


class NoneIsOneClient:
    """All requests for which the key function answers None share a bucket."""

    breaks = "P17"

    class RateLimitMiddleware(_Front):
        def __call__(
            self, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            decision = self._limiter.try_acquire(self._key(environ))
            if not decision.allowed:
                return self.refuse(decision, environ, start_response)
            return self.let_through(decision, environ, start_response)


class LimitsWhoCannotBeNamed:
    """When the key function raises, the address is taken instead."""

    breaks = "P17"

    class RateLimitMiddleware(_Front):
        def __init__(
            self,
            app: WSGIApplication,
            limiter: Any,
            key: Callable[[WSGIEnvironment], Hashable | None],
        ) -> None:
            def known(environ: WSGIEnvironment) -> Hashable | None:
                try:
                    return key(environ)
                except Exception:
                    return environ.get("REMOTE_ADDR")

            super().__init__(app, limiter, known)


class OneRequestAtATime:
    """One lock around the whole request, application included."""

    breaks = "P18"
    mistake = "global lock"

    class RateLimitMiddleware(_Front):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self._lock = threading.RLock()

        def __call__(
            self, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            with self._lock:
                return super().__call__(environ, start_response)


class OneRequestAtATimePerClient:
    """A lock for each client: its second request waits for the first, however slow."""

    breaks = "P18"

    class RateLimitMiddleware(_Front):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self._locks: dict[Hashable, Any] = {}

        def __call__(
            self, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            client = self._key(environ)
            if client is None:
                return self._app(environ, start_response)
            with self._locks.setdefault(client, threading.RLock()):
                decision = self._limiter.try_acquire(client)
                if not decision.allowed:
                    return self.refuse(decision, environ, start_response)
                return self.let_through(decision, environ, start_response)


class EightAtATime:
    """Eight requests may be in the application; the ninth waits."""

    breaks = "P18"

    class RateLimitMiddleware(_Front):
        def __init__(
            self,
            app: WSGIApplication,
            limiter: Any,
            key: Callable[[WSGIEnvironment], Hashable | None],
        ) -> None:
            super().__init__(app, limiter, key)
            self._places = threading.Semaphore(8)

        def let_through(
            self, decision: Decision, environ: WSGIEnvironment, start_response: StartResponse
        ) -> Iterable[bytes]:
            with self._places:
                return super().let_through(decision, environ, start_response)


class LockedWhileNaming:
    """The key function is called under the middleware's lock."""

    breaks = "P18"

    class RateLimitMiddleware(_Front):
        def __init__(
            self,
            app: WSGIApplication,
            limiter: Any,
            key: Callable[[WSGIEnvironment], Hashable | None],
        ) -> None:
            lock = threading.RLock()

            def known(environ: WSGIEnvironment) -> Hashable | None:
                with lock:
                    return key(environ)

            super().__init__(app, limiter, known)
