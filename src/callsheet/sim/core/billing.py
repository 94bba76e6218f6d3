"""What a order of the simulated provider costs, and the metrics that say why."""

from callsheet.kernel.money import Money
from callsheet.sim.core.models import Makes
from callsheet.sim.core.orders import Order, Status

_COUNTED = {
    Makes.CLIP: "video_output_duration_seconds",
    Makes.AUDIO: "audio_output_duration_seconds",
}


def charge_of(order: Order) -> Money:
    """Tell what it costs once it has begun."""
    asked = order.asked
    if asked.faults.get("price"):
        return Money.usd(asked.faults["price"])
    told = asked.faults.get("predict_time")
    timed = asked.model.timed(float(told)) if told else None
    return asked.model.price(asked.inputs, _metered(order)) if timed is None else timed


def _metered(order: Order) -> int:
    asked = order.asked
    told = asked.faults.get("metered")
    return int(float(told)) if told else asked.model.units(asked.inputs)


def metrics_of(order: Order) -> dict[str, float]:
    """Tell what was measured: times, and what was counted for the bill."""
    ended, started = order.completed_at, order.started_at
    if ended is None or started is None:
        return {}
    told = order.asked.faults.get("predict_time")
    ran = float(told) if told else ended - started
    metrics = {"predict_time": round(ran, 6), "total_time": round(ended - order.created_at, 6)}
    if order.status is Status.SUCCEEDED:
        counted = _COUNTED.get(order.asked.model.makes, "image_count")
        metrics[counted] = _metered(order)
    return metrics
