"""Client id: Runware, where whoever orders names the task, and a name is taken once."""

import time
from enum import StrEnum
from typing import Any

from tests.fakes.serving import Answer, Fake, Fault, Order, Request


class Names(StrEnum):
    """How it remembers the names of tasks."""

    KEPT = "kept"
    DENIED = "denied"  # it does not know a task for some seconds after it took it
    # what follows breaks what takes.md says that a provider keeps to
    FORGOTTEN = "forgotten"  # the same name is taken again after it was denied


class NamingFake(Fake):
    """One address, to which arrays of tasks are sent; `getResponse` tells where one stands."""

    setting = "RUNWARE"
    model = "runware/flux-dev"
    names = Names.KEPT
    denies_s = 6.0

    def is_order(self, request: Request) -> bool:
        """Tell by the task: one that makes something."""
        return bool(request.json[0]["taskType"] == "imageInference")

    def worded(self, request: Request) -> Order:
        """Read the one task."""
        task = request.json[0]
        return Order(task["taskUUID"], task["positivePrompt"], task, time.time())

    def order(self, request: Request) -> Answer:
        """Refuse a name that is taken."""
        number = request.json[0]["taskUUID"]
        taken = [each for each in self.orders if each.id == number]
        if taken and self.names is not Names.FORGOTTEN:
            if self.faults and self.faults.pop(0) in (Fault.LOST_BEFORE, Fault.LOST_AFTER):
                return Answer(status=0)
            return Answer(400, {"errors": [_error("conflictTaskUUID", number)]})
        return super().order(request)

    def accepted(self, order: Order) -> Answer:
        """Say that it is taken."""
        return Answer(told={"data": [{"taskType": "imageInference", "taskUUID": order.id}]})

    def answered(self, request: Request) -> Answer:
        """Tell where a task stands."""
        task = request.json[0]
        if task["taskType"] == "authentication":
            return Answer(told={"data": [{"taskType": "authentication"}]})
        number = task["taskUUID"]
        for order in self.orders:
            denied = self.names is not Names.KEPT and time.time() < order.at + self.denies_s
            if order.id == number and not denied:
                return Answer(told={"data": [self._told(order)]})
        return Answer(400, {"errors": [_error("taskNotFound", number)]})

    def _told(self, order: Order) -> dict[str, Any]:
        told = {"taskType": "imageInference", "taskUUID": order.id, "status": "processing"}
        if self.done(order):
            told |= {"status": "success", "imageURL": f"{self.base}/out/{order.id}.png"}
        return {**told, **({"cost": 0.0038} if self.done(order) else {})}


def _error(code: str, number: str) -> dict[str, str]:
    return {"code": code, "message": f"{code} it says", "taskUUID": number}
