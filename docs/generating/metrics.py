"""reference/metrics.md: every metric."""

from prometheus_client.metrics import MetricWrapperBase

from callsheet.telemetry.metrics import Metrics
from generating.marking import code, table


def page() -> str:
    """List every metric."""
    intro = (
        "# Metrics\n\n"
        "`GET /metrics` of each web server answers them in Prometheus's text format; `up` counts"
        " its worker's too, a `callsheet worker` of its own answers on `worker_port`, if that is"
        " set. The gauges of what is open are read from the database, so that all tell the"
        " same.\n\n"
    )
    counted = Metrics()
    labels = {
        next(iter(each.describe())).name: each._labelnames  # noqa: SLF001  # the client tells no other way
        for each in vars(counted).values()
        if isinstance(each, MetricWrapperBase)
    }
    rows = [
        (
            code(family.name + ("_total" if family.type == "counter" else "")),
            family.type,
            ", ".join(map(code, labels.get(family.name, ()))),
            family.documentation,
        )
        for family in counted.registry.collect()
    ]
    return intro + table(("metric", "type", "labels", "meaning"), rows)
