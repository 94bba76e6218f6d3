"""Workflows in ComfyUI's API format, as files beside their cards, with named inputs set."""

import copy
import functools
import importlib.resources
import json
from collections.abc import Mapping
from typing import Any

Workflow = dict[str, dict[str, Any]]


@functools.cache
def _read(package: str, name: str) -> Workflow:
    text = (importlib.resources.files(package) / name).read_text(encoding="utf-8")
    workflow: Workflow = json.loads(text)
    return workflow


def filled_in(package: str, name: str, inputs: Mapping[str, Any]) -> Workflow:
    """Set inputs of a workflow's nodes, each named as ``node.input``.

    Raises KeyError if the workflow has no such node or input: the card and its file disagree.
    """
    workflow = copy.deepcopy(_read(package, name))
    for place, value in inputs.items():
        node, _, field = place.partition(".")
        if field not in workflow[node]["inputs"]:
            raise KeyError(place)
        workflow[node]["inputs"][field] = value
    return workflow
