"""Manifests, written and read in locked-down processes."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import c2pa
import pytest
import pytest_asyncio
from PIL import Image

from callsheet.kernel.digests import sha256_of
from callsheet.media.credentials.client import ProcessCredentials
from callsheet.ports.provenance import (
    EMBEDDED,
    Ingredient,
    Relationship,
    SourceType,
    State,
    Statement,
    UnreadableManifestError,
)
from callsheet.provenance.chain import Chain
from callsheet.provenance.model import Verdict, judge
from tests.provenance.making import (
    chain_in,
    clip,
    decoded,
    file_of,
    picture,
    renamed,
    signer_of,
    statement,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")
TYPES = ("image/png", "image/jpeg", "image/webp", "video/mp4", "video/webm", "text/plain")


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return chain_in(tmp_path_factory.mktemp("chain"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def credentials() -> AsyncIterator[ProcessCredentials]:
    found = ProcessCredentials(1)
    yield found
    await found.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def signed_png(credentials: ProcessCredentials, chain: Chain) -> tuple[bytes, Statement]:
    said = statement("image/png")
    made = await credentials.signed(picture(), said, [], signer_of(chain))
    assert made.content is not None
    return made.content, said


@pytest.mark.parametrize("media_type", TYPES)
async def test_a_signed_file_is_validated_by_the_sdk_and_shows_the_same(
    credentials: ProcessCredentials, chain: Chain, media_type: str
) -> None:
    """Each type is signed within or beside, read by the SDK itself, and its pixels are equal."""
    content, said = file_of(media_type), statement(media_type)

    made = await credentials.signed(content, said, [], signer_of(chain))

    assert (made.content is not None) == (media_type in EMBEDDED)
    whole = content if made.content is None else made.content
    sidecar = made.manifest if made.content is None else None
    with c2pa.Reader(media_type, io.BytesIO(whole), sidecar) as reader:
        assert reader.get_validation_state() == "Valid"
        active = reader.get_active_manifest() or {}
        assert active["label"] == said.label
        assert active["signature_info"]["common_name"] == "Lantern Films content credentials"
    assert decoded(whole, media_type) == decoded(content, media_type)
    shows = await credentials.fingerprint(whole, media_type)
    assert shows == await credentials.fingerprint(content, media_type)
    read = await credentials.read(whole, media_type, chain.root.read_bytes(), sidecar)
    assert read.state is State.TRUSTED
    assert read.store_sha256 == sha256_of(made.manifest)
    assert (read.label, read.instance) == (said.label, said.instance)
    assert read.facts == said.facts
    assert read.source_types == (SourceType.MODEL.value,)
    assert judge(read, anchored=True).verdict is Verdict.OURS


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg", "image/webp"])
async def test_the_iptc_field_is_there_for_readers_without_c2pa(
    credentials: ProcessCredentials, chain: Chain, media_type: str
) -> None:
    made = await credentials.signed(
        picture(media_type), statement(media_type), [], signer_of(chain)
    )
    with Image.open(io.BytesIO(made.content or b"")) as shown:
        raw = shown.info["xmp"]
    xmp = raw.decode() if isinstance(raw, bytes) else raw
    assert f'Iptc4xmpExt:DigitalSourceType="{SourceType.MODEL.value}"' in xmp
    assert "&amp; kept" in xmp


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg", "image/webp", "video/mp4"])
async def test_one_flipped_byte_is_told(
    credentials: ProcessCredentials, chain: Chain, media_type: str
) -> None:
    made = await credentials.signed(
        file_of(media_type), statement(media_type), [], signer_of(chain)
    )
    broken = bytearray(made.content or b"")
    at = broken.rindex(b"mdat") + 40 if media_type == "video/mp4" else len(broken) - 40
    broken[at] ^= 1

    read = await credentials.read(bytes(broken), media_type, chain.root.read_bytes())

    assert read.state is State.INVALID
    assert judge(read, anchored=True).verdict is Verdict.ALTERED


async def test_saving_anew_strips_and_is_told(
    credentials: ProcessCredentials, signed_png: tuple[bytes, Statement]
) -> None:
    out = io.BytesIO()
    with Image.open(io.BytesIO(signed_png[0])) as shown:
        shown.save(out, "PNG")
    read = await credentials.read(out.getvalue(), "image/png")
    assert read.state is State.NONE
    assert judge(read).verdict is Verdict.STRIPPED


async def test_a_renamed_manifest_is_told_though_its_signature_holds(
    credentials: ProcessCredentials, chain: Chain, signed_png: tuple[bytes, Statement]
) -> None:
    """The label of a manifest is not under its signature; the name in the claim is."""
    content, said = signed_png

    read = await credentials.read(
        renamed(content, said.label), "image/png", chain.root.read_bytes()
    )

    assert read.label != said.label
    assert read.instance == said.instance
    assert judge(read, anchored=True).verdict is Verdict.RENAMED


async def test_somebody_elses_chain_is_untrusted(
    credentials: ProcessCredentials, signed_png: tuple[bytes, Statement], tmp_path: Path
) -> None:
    other = chain_in(tmp_path, "Somebody Else")
    read = await credentials.read(signed_png[0], "image/png", other.root.read_bytes())
    assert read.state is State.VALID
    assert judge(read).verdict is Verdict.UNTRUSTED


async def test_ingredients_keep_their_manifests_and_the_state_of_each(
    credentials: ProcessCredentials, chain: Chain, signed_png: tuple[bytes, Statement]
) -> None:
    """Of what went in a signed, an unsigned and a broken one are each told as what they are."""
    signed, said = signed_png
    broken = bytearray(signed)
    broken[-40] ^= 1
    went_in = [
        _ingredient("signed", signed),
        _ingredient("plain", picture("image/jpeg", seed=2), "image/jpeg"),
        _ingredient("broken", bytes(broken)),
    ]

    made = await credentials.signed(
        picture(seed=3), statement("image/png"), went_in, signer_of(chain)
    )

    read = await credentials.read(made.content or b"", "image/png", chain.root.read_bytes())
    states = {each.title: each.state for each in read.ingredients}
    assert states["plain"] is State.NONE
    assert states["broken"] is State.INVALID
    assert states["signed"] in (State.VALID, State.TRUSTED)
    labels = {each.title: each.label for each in read.ingredients}
    assert labels["signed"] == said.label
    assert read.state is State.TRUSTED


async def test_what_comes_signed_by_somebody_else_is_the_parent(
    credentials: ProcessCredentials, chain: Chain, tmp_path: Path
) -> None:
    """A provider's own manifest is not replaced: it stays, as what ours was opened from."""
    theirs, said = chain_in(tmp_path, "A Provider"), statement("image/png", title="theirs")
    came = await credentials.signed(picture(), said, [], signer_of(theirs))

    made = await credentials.signed(
        came.content or b"", statement("image/png"), [], signer_of(chain)
    )

    read = await credentials.read(made.content or b"", "image/png", chain.root.read_bytes())
    assert read.state is State.TRUSTED
    assert read.actions[0] == "c2pa.opened"
    (parent,) = read.ingredients
    assert (parent.relationship, parent.label) == ("parentOf", said.label)


def _ingredient(title: str, content: bytes, media_type: str = "image/png") -> Ingredient:
    return Ingredient(sha256_of(content), title, media_type, Relationship.INPUT, "subject", content)


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n\x00\x00", b"\xff" * 4_096], ids=["empty", "cut", "noise"]
)
async def test_what_is_no_file_of_its_type_has_no_manifest_or_is_refused(
    credentials: ProcessCredentials, content: bytes
) -> None:
    try:
        state = (await credentials.read(content, "image/png")).state
    except UnreadableManifestError:
        state = State.NONE
    assert state is State.NONE


async def test_manifests_are_read_where_nothing_else_can_be_reached(
    credentials: ProcessCredentials, signed_png: tuple[bytes, Statement]
) -> None:
    """The process is as locked down as those that decode pictures."""
    await credentials.read(signed_png[0], "image/png")
    locks = credentials.workers[0].lockdown
    assert locks is not None
    assert locks.filtered


async def test_a_clip_keeps_its_index_in_front(
    credentials: ProcessCredentials, chain: Chain
) -> None:
    made = await credentials.signed(clip(), statement("video/mp4"), [], signer_of(chain))
    content = made.content or b""
    assert content.index(b"moov") < content.index(b"mdat")
