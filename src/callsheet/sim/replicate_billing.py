"""What a prediction of the simulated Replicate costs, and the metrics that say why."""

from callsheet.kernel.money import Money
from callsheet.sim.replicate_models import Makes
from callsheet.sim.replicate_orders import Prediction, Status


def charge_of(prediction: Prediction) -> Money:
    """Tell what it costs once it has begun."""
    asked = prediction.asked
    if asked.faults.get("price"):
        return Money.usd(asked.faults["price"])
    return asked.model.price(asked.inputs, _metered(prediction))


def _metered(prediction: Prediction) -> int:
    asked = prediction.asked
    told = asked.faults.get("metered")
    return int(float(told)) if told else asked.model.units(asked.inputs)


def metrics_of(prediction: Prediction) -> dict[str, float]:
    """Tell what was measured: times, and what was counted for the bill."""
    ended, started = prediction.completed_at, prediction.started_at
    if ended is None or started is None:
        return {}
    told = prediction.asked.faults.get("predict_time")
    ran = float(told) if told else ended - started
    metrics = {"predict_time": round(ran, 6), "total_time": round(ended - prediction.created_at, 6)}
    if prediction.status is Status.SUCCEEDED:
        makes_clips = prediction.asked.model.makes is Makes.CLIP
        counted = "video_output_duration_seconds" if makes_clips else "image_count"
        metrics[counted] = _metered(prediction)
    return metrics
