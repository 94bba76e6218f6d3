"""Prometheus metrics: each process has one registry, handed to whoever counts."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Every metric callsheet counts, under the prefix `callsheet_`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.takes = self._counter("takes_total", "Takes that ended", "status")
        self.jobs = self._counter("jobs_total", "Jobs that ended", "kind", "status")
        self.waits = self._counter("work_waits_total", "Works that waited for a service", "code")
        self.store = self._counter("store_operations_total", "Store calls", "operation", "result")
        self.ledgers = self._counter("ledger_writes_total", "Ledger objects written", "result")
        self.orders = self._counter(
            "orders_total",
            "Orders sent to hosted providers, by what came back",
            "provider",
            "result",
        )
        self.webhooks = self._counter(
            "webhooks_total", "Webhooks that came in", "provider", "result"
        )
        self.told = self._counter(
            "customer_webhooks_total", "Messages sent to customers' webhooks", "result"
        )
        self.heard = self._counter(
            "ends_heard_total", "Orders that a provider said had ended, on an open line", "provider"
        )
        self.doubled = self._counter(
            "orders_doubled_total",
            "Orders found beside a take's own; each needs a look",
            "provider",
        )
        self.overruns = self._counter(
            "budget_overruns_total",
            "Charges beyond their quotes that took a budget past its limit, or farther",
            "budget",
        )
        self.loop_failures = self._counter(
            "loop_failures_total", "Failures of a loop of this process; it is started again", "loop"
        )
        self.composites = self._counter(
            "composites_total", "Composites that ended, hosted and local", "method", "status"
        )
        self.composite_fallbacks = self._counter(
            "composite_fallbacks_total",
            "Composites made here that a hosted model might have made, by why",
            "reason",
        )
        self.composite_seconds = Histogram(
            "callsheet_composite_seconds",
            "Time from a composite's order to its end",
            ["method"],
            buckets=(0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300),
            registry=self.registry,
        )
        self.requests = self._counter(
            "http_requests_total", "HTTP requests answered", "method", "route", "status"
        )
        self.latency = Histogram(
            "callsheet_http_request_seconds",
            "Time to the first byte of an answer",
            ["route"],
            registry=self.registry,
        )
        self.streams = self._gauge("sse_streams", "Event streams open now")
        self.events = self._counter("sse_events_total", "Events sent on streams")
        self.open_takes = self._gauge("open_takes", "Takes that have not ended", "status")
        self.open_jobs = self._gauge("open_jobs", "Jobs that have not ended", "status")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"callsheet_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"callsheet_{name}", text, labels, registry=self.registry)

    def show(self, open_takes: Mapping[str, int], open_jobs: Mapping[str, int]) -> None:
        """Set the gauges of what has not ended, by status."""
        for gauge, counts in ((self.open_takes, open_takes), (self.open_jobs, open_jobs)):
            gauge.clear()
            for status, count in counts.items():
                gauge.labels(status).set(count)

    def text(self) -> bytes:
        """Everything in Prometheus's text format."""
        return generate_latest(self.registry)
