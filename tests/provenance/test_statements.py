"""What we state of a file: how it truly came about, and nothing of its prompt."""

from dataclasses import replace

import pytest

from callsheet.assets.model import Asset
from callsheet.kernel.digests import sha256_of
from callsheet.ports.models import Kind
from callsheet.ports.provenance import IngredientRead, Relationship, SourceType, State
from callsheet.provenance.model import Verdict, judge
from callsheet.provenance.statements import (
    Used,
    ingredients_of,
    is_by_model,
    source_type_of,
    statement_of,
)
from callsheet.takes.model import Flight, Take
from tests.provenance.making import NOW, manifest_read, signature
from tests.support.rooms import WORKSPACE, a_job, a_take

PROMPT = "a secret product"


def made_by(provider: str, use: Kind = Kind.TEXT_TO_IMAGE) -> Take:
    found = a_take(a_job())
    inputs = {**found.inputs, "prompt": PROMPT}
    return replace(found, provider=provider, flight=Flight(use=use), inputs=inputs)


def used(mode: str, *, by_model: bool = False) -> Used:
    content = mode.encode()
    return Used(sha256_of(content), mode, content, "image/png", by_model, {"state": "none"})


@pytest.mark.parametrize(
    ("provider", "use", "modes", "by_model", "expected"),
    [
        ("fal", Kind.TEXT_TO_IMAGE, [], False, SourceType.MODEL),
        ("fal", Kind.TEXT_TO_VIDEO, [], False, SourceType.MODEL),
        ("fal", Kind.IMAGE_EDIT, ["style_only"], False, SourceType.MODEL),
        ("fal", Kind.IMAGE_EDIT, ["product"], False, SourceType.MODEL_COMPOSITE),
        ("replicate", Kind.COMPOSITE, ["subject"], False, SourceType.MODEL_COMPOSITE),
        ("runware", Kind.UPSCALE, ["subject"], False, SourceType.MODEL_COMPOSITE),
        ("local", Kind.TEXT_TO_IMAGE, [], False, SourceType.ALGORITHM),
        ("local", Kind.COMPOSITE, ["subject", "product"], False, SourceType.COMPOSITE),
        ("local", Kind.COMPOSITE, ["subject", "product"], True, SourceType.MODEL_COMPOSITE),
    ],
)
def test_the_source_type_is_what_it_truly_is(
    provider: str, use: Kind, modes: list[str], *, by_model: bool, expected: SourceType
) -> None:
    assert source_type_of(made_by(provider, use), modes, by_model=by_model) is expected


def test_the_prompt_is_told_as_its_hash_alone() -> None:
    maker = made_by("fal")
    asset = Asset(sha256_of(b"x"), WORKSPACE, "image/png", 1, NOW)
    said = statement_of(asset, maker, [used("subject")], "0.1.0")
    assert PROMPT not in repr(said)
    assert said.facts["promptSha256"] == sha256_of(PROMPT.encode())
    assert said.label.removeprefix("urn:c2pa:") == said.instance.removeprefix("xmp:iid:")


def test_we_place_what_a_model_is_given() -> None:
    """Pictures in a local composite are components; those a hosted model saw are inputs."""
    for provider, relationship in (
        ("local", Relationship.COMPONENT),
        ("fal", Relationship.INPUT),
    ):
        (found,) = ingredients_of(made_by(provider), [used("product")])
        assert (found.relationship, found.role) == (relationship, "product")


def test_a_model_is_in_a_picture_that_says_so_or_that_a_model_made() -> None:
    assert is_by_model(made_by("fal"), ())
    assert is_by_model(None, [SourceType.MODEL_COMPOSITE.value])
    assert not is_by_model(made_by("local"), [SourceType.COMPOSITE.value])
    assert not is_by_model(None, ())


def test_another_manifest_under_our_name_is_told_by_what_was_recorded() -> None:
    """The SDK may call it whole: that it is not the one we wrote is known here alone."""
    ours = signature()
    read = manifest_read(ours)
    assert judge(read, anchored=True, known=ours).verdict is Verdict.OURS
    other = replace(read, store_sha256=sha256_of(b"another"))
    assert judge(other, anchored=True, known=ours).verdict is Verdict.REPLACED
    renamed = replace(read, label="urn:c2pa:another", generator="somebody 1.0")
    assert judge(renamed, anchored=True, known=ours).verdict is Verdict.RENAMED


def test_a_broken_manifest_of_what_went_in_is_told_though_the_file_holds() -> None:
    """The state of the whole says nothing of its ingredients: each is looked at."""
    good = IngredientRead("sea.jpg", "inputTo", "image/jpeg", "urn:c2pa:1", State.VALID)
    broken = replace(good, title="boat.jpg", state=State.INVALID)
    found = judge(replace(manifest_read(signature()), ingredients=(good, broken)), anchored=True)
    assert found.verdict is Verdict.OURS
    assert found.reason.endswith("broken: boat.jpg")
