"""Writing a manifest into a file, all but its signature: the key is in another process.

The SDK signs with a marker of the signature's length and shows what is to be signed. Whoever has
the key signs that, and the marker is replaced (see `containers.patched`): a file's parser never
comes near a key, and a key service may take its time.
"""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import c2pa

from callsheet.media.credentials.containers import store_ranges, with_xmp
from callsheet.media.credentials.reading import SETTINGS, reason_of
from callsheet.media.wire import Message
from callsheet.ports.provenance import EMBEDDED, FACTS, GENERATOR, UnreadableManifestError

_ALGORITHMS: Final = {each.name.lower(): each for each in c2pa.C2paSigningAlg}
_WRITING: Final = {
    **SETTINGS,
    "verify": {**SETTINGS["verify"], "verify_after_sign": False},  # what a marker would not pass
    "builder": {
        "thumbnail": {"enabled": False},  # five times the time, and nobody asked for it
        "actions": {
            "auto_created_action": {"enabled": False},
            "auto_opened_action": {"enabled": False},
            "auto_placed_action": {"enabled": False},
        },
    },
}


def written(content: bytes, fields: Mapping[str, Any], blobs: Sequence[bytes]) -> Message:
    """Write the manifest that `fields` word into a file.

    `blobs` are the ingredients' bytes. Answers the file (empty where the manifest stays beside
    it), the manifest store and what is to be signed. Raises UnreadableManifestError.
    """
    media_type = fields["media_type"]
    embedded = media_type in EMBEDDED
    if embedded:
        content = with_xmp(content, media_type, fields["xmp"].encode())
    marker = bytes.fromhex(fields["marker"])
    asked: list[bytes] = []

    def mark(data: bytes) -> bytes:
        asked.append(data)
        return marker

    try:
        with (
            c2pa.Context.from_dict(_WRITING) as context,
            c2pa.Signer.from_callback(
                mark, _ALGORITHMS[fields["algorithm"]], fields["certificates"]
            ) as signer,
        ):
            definition = _definition(fields, content, media_type)
            builder = c2pa.Builder.from_json(definition, context)
            for told, ingredient in zip(fields["ingredients"], blobs, strict=True):
                builder.add_ingredient(
                    _ingredient(told), told["media_type"], io.BytesIO(ingredient)
                )
            if definition["assertions"][0]["data"]["actions"][0]["action"] == "c2pa.opened":
                parent = {**_PARENT, "title": fields["title"]}
                builder.add_ingredient(json.dumps(parent), media_type, io.BytesIO(content))
            out = io.BytesIO()
            if not embedded:
                builder.set_no_embed()
            store = builder.sign(signer, media_type, io.BytesIO(content), out)
    except c2pa.C2paError as error:
        raise UnreadableManifestError(reason_of(error)) from error
    if len(asked) != 1:
        raise UnreadableManifestError("what is to be signed was not told")
    return Message({}, [out.getvalue() if embedded else b"", store, asked[0]])


_PARENT: Final = {"relationship": "parentOf", "label": "parent"}


def _definition(fields: Mapping[str, Any], content: bytes, media_type: str) -> dict[str, Any]:
    """Word the manifest: who made the file how, of what."""
    actions = {"actions": _actions(fields, has_parent=_has_manifest(content, media_type))}
    return {
        "label": fields["label"],
        "instance_id": fields["instance"],
        "title": fields["title"],
        "format": media_type,
        "claim_generator_info": [{"name": GENERATOR, "version": fields["generator"]}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": actions},
            {"label": FACTS, "data": fields["facts"], "kind": "Json"},
        ],
    }


def _actions(fields: Mapping[str, Any], *, has_parent: bool) -> list[dict[str, Any]]:
    used = {each["label"]: each for each in fields["ingredients"]}
    made: dict[str, Any] = {
        "action": "c2pa.created",
        "when": fields["made_at"],
        "softwareAgent": {"name": fields["software"]},
        "description": fields["description"],
        "digitalSourceType": fields["source_type"],
    }
    if has_parent:  # somebody else says already how it came about: that stays, and stays first
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
        return [opened, {"action": "c2pa.published", "when": fields["made_at"]}]
    inputs = [label for label, each in used.items() if each["relationship"] == "inputTo"]
    if inputs:
        made["parameters"] = {"ingredientIds": inputs}
    placed = [
        {"action": "c2pa.placed", "parameters": {"ingredientIds": [label]}}
        for label, each in used.items()
        if each["relationship"] == "componentOf"
    ]
    return [made, *placed]


def _has_manifest(content: bytes, media_type: str) -> bool:
    return bool(store_ranges(io.BytesIO(content), media_type))


def _ingredient(told: Mapping[str, Any]) -> str:
    kept = ("title", "relationship", "label", "description")
    return json.dumps({name: told[name] for name in kept})
