"""What the recovery log says of an order that went the direct way, and of its answer."""

from callsheet.assets.service import Adopted
from callsheet.line.direct_booking import Booked
from callsheet.orders.recovery_log import AnswerLine, OrderLine
from callsheet.takes.at_once import MadeAtOnce


def order_line(booked: Booked) -> OrderLine:
    """Word an order that is about to go out."""
    take, job = booked.order.take, booked.job
    return OrderLine(
        job=job.id,
        take=take.id,
        workspace=job.workspace,
        at=job.times.created_at.isoformat(),
        model=take.model,
        provider=take.provider,
        use=take.flight.use,
        inputs=take.inputs,
        settings=job.settings,
        price=take.price.micros,
        digest=booked.order.digest,
    )


def answer_line(made: MadeAtOnce, adopted: Adopted) -> AnswerLine:
    """Word what an order was answered with, stored under its hash."""
    width, height = adopted.seen.size or (None, None)
    return AnswerLine(
        job=made.take.job,
        take=made.take.id,
        at=made.answered_at.isoformat(),
        order_no=made.take.flight.order_no,
        ticket=made.ticket,
        cost=None if made.cost is None else made.cost.micros,
        charged=made.charged.micros,
        sha256=made.asset,
        size=adopted.size,
        media_type=adopted.seen.media_type,
        width=width,
        height=height,
        beginning=adopted.seen.beginning,
        note=made.note,
    )
