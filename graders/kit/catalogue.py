"""The catalogue as data: every topic of the repository, built or planned, one line each."""

from typing import Final

CHAPTERS: Final = (
    "thinking",
    "patterns",
    "scale",
    "reliability",
    "distributed",
    "services",
    "cases",
)

_TABLE: Final = """
thinking/shapes               immutable shapes and totals over anything with an area
thinking/staff                a manager has a worker and reports: composition over inheritance
thinking/employee             salary as private state behind raises, pay and an audit trail
thinking/errors               load a settings file with chained, grouped, well-aimed errors
patterns/singleton            run a factory at most once while other callers wait
patterns/factory              notifier registry that is open for new kinds
patterns/builder              fluent server builder that reports every broken rule at once
patterns/adapter              payment processor over a foreign client with its own errors
patterns/decorator            toppings that wrap a pizza to any depth
patterns/facade               home theatre with ordered steps and rollback
patterns/strategy             navigator with interchangeable route strategies
patterns/observer             news agency that calls its subscribers, whatever they do
patterns/chain_of_responsibility  expense approval along a chain of limits
patterns/worker_pool          bounded pool of threads that runs every task exactly once
patterns/fan_in_out           lazy fan-out and fan-in over a bounded set of workers
patterns/ticker               rate limiting with a ticker as token dispenser
scale/scaling                 capacity planning for a latency goal and a cost table
scale/layer4_balancer         TCP balancer: least connections, half-close, drain
scale/layer7_balancer         HTTP balancer: weights, health checks, safe retries
scale/cache_aside             read-through helper over a slow store, safe under a stampede
scale/write_through           write policy: store and cache together
scale/write_around            write policy: store first, cache on read
scale/write_back              write policy: cache first, ordered flush
scale/sharding                key to shard router and resharding plan
scale/replication             leader and follower log shipping in a simulated network
scale/index                   B+tree secondary index with range scans
scale/sql_vs_nosql            one repository contract on a relational and a document store
scale/message_queue           bounded queue with acknowledgement and redelivery
scale/event_bus               typed publish and subscribe with retries and dead letters
scale/cdn                     edge cache with revalidation, purge and stale-while-revalidate
scale/forward_proxy           CONNECT tunnels and masking of the client
scale/reverse_proxy           routing by path and host in front of real servers
reliability/cap               replicated register with a CP and an AP mode
reliability/consistency       session guarantees over lagging replicas
reliability/failover          active and passive pair with health checks and fencing
reliability/rest_api          user service as full resources
reliability/graphql_api       user service with fields chosen by the client
reliability/grpc_api          user service as a strict binary contract
distributed/consistent_hashing  ring with virtual nodes and weights
distributed/snowflake         64-bit ids of time, worker and sequence
distributed/uuid7             time-ordered UUIDs after RFC 9562
distributed/saga              orchestrated steps with compensations and a durable log
distributed/two_phase_commit  atomic commit under crashes and lost messages
distributed/bloom_filter      set membership in little memory, sized from n and p
distributed/quorum            N/R/W replicated store with versions and read repair
distributed/raft              consensus by an elected leader, as a state machine without I/O
distributed/paxos             single-decree and multi-decree synod
services/framework            the seven steps, and capacity estimates as code
services/rate_limiter         token buckets per client, and the middleware around them
services/url_shortener        shorten, redirect, alias, expiry and hit counts
services/job_queue            bounded queue and worker pool behind HTTP
services/cache                LRU cache with time to live and single-flight loads, behind HTTP
services/observability        request ids, structured logs and exact metrics
services/resilience           retry, timeout and circuit breaker, and their combination
services/gateway              routing, authentication, limits and proxying
cases/url_shortener_at_scale  key ranges, read path, click counting, abuse limits
cases/web_crawler             polite, resumable crawler
cases/task_queue              durable distributed queue and scheduler
cases/pastebin                pastes with expiry and de-duplicated storage
cases/distributed_rate_limiter  sliding window over a shared store
cases/autocomplete            trie with top-k, updates and typo tolerance
cases/ride_sharing            geospatial index, matching and trips
cases/chat                    rooms, ordering, receipts, presence and sync
cases/news_feed               fan-out on write, on read, and hybrid
cases/video_streaming         upload, transcoding graph, manifests, adaptive bitrate
cases/key_value_store         partitioned and replicated store that survives crashes
"""

ROWS: Final = tuple(
    (*place.split("/"), line.strip())
    for place, _, line in (row.partition(" ") for row in _TABLE.strip().splitlines())
)


def catalogue_place(chapter: str, name: str) -> tuple[int, str, int, str]:
    """Return the sort key of a topic: the catalogue's order, then the alphabet's."""
    chapters = CHAPTERS.index(chapter) if chapter in CHAPTERS else len(CHAPTERS)
    names = [row[:2] for row in ROWS]
    key = (chapter, name)
    return chapters, chapter, names.index(key) if key in names else len(names), name
