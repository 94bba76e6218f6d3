"""The master key from a simulated Google Secret Manager, over HTTP."""

import asyncio
import json
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from tests.sim.simulated import serving
from tests.support.plain import NO_TLS
from tests.support.processes import Place

from callsheet.accounts.errors import SealBrokenError
from callsheet.cli.session import opened
from callsheet.google.secret_manager import Access, Patience, SecretManager
from callsheet.kernel.digests import crc32c_of
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.ports.hosted import KeySealedError
from callsheet.ports.master_key import MasterKeyRefusedError, MasterKeyUnavailableError
from callsheet.settings import read_settings
from callsheet.sim.gcs_keys import ServiceAccount
from callsheet.sim.google_secrets import Vault, create_app
from callsheet.wiring import Callsheet

NAME = "projects/film/secrets/callsheet-key"
REGIONAL = "projects/film/locations/europe-west3/secrets/callsheet-key"
FIRST, SECOND = b"the first master key of all", b"the second master key there is"
QUICK = Patience(pauses_s=(0.01, 0.01), request_s=0.5)
ACCOUNT = ServiceAccount.generate()


@dataclass
class Google:
    """A running simulator, what is kept in it, and a key file for it."""

    url: str
    vault: Vault
    key_file: Path
    http: httpx2.AsyncClient

    @property
    def machine(self) -> Access:
        """Sign in as the machine."""
        return Access(None, self.url.removeprefix("http://"), self.url)

    async def read(self, version: str = "", *, access: Access | None = None) -> bytes:
        """Read the key."""
        address = f"gcp-secret://{NAME}{version}"
        return await SecretManager(address, access or self.machine, QUICK).read()

    async def fault(self, mode: str, count: int = 1) -> None:
        """Let the next requests fail."""
        order = {"mode": mode, "count": count}
        (await self.http.post("/_sim/faults", json=order)).raise_for_status()


@pytest.fixture
async def google(tmp_path: Path) -> AsyncIterator[Google]:
    """Serve a simulator with two versions of one secret that our account may read."""
    vault = Vault()
    for data in (FIRST, SECOND):
        vault.add(NAME, data, ACCOUNT.email)
    async with serving(create_app(ACCOUNT, vault)) as url:
        key_file = tmp_path / "key.json"
        key_file.write_text(ACCOUNT.key_json(token_uri=f"{url}/token"))
        async with httpx2.AsyncClient(base_url=url, trust_env=False, verify=NO_TLS) as http:
            yield Google(url, vault, key_file, http)


def test_checksum_is_that_of_rfc_3720() -> None:
    """The known answers of the RFC, and of everybody else."""
    assert crc32c_of(b"123456789") == 0xE3069283
    assert crc32c_of(bytes(32)) == 0x8A9136AA
    assert crc32c_of(bytes([255] * 32)) == 0x62A8AB43


async def test_key_is_read_as_the_machine_or_with_a_key_file(google: Google) -> None:
    """The latest version if none is named; a regional secret likewise."""
    with_file = Access(google.key_file, "127.0.0.1:1", google.url)
    assert await google.read() == await google.read(access=with_file) == SECOND
    assert await google.read("/versions/latest") == SECOND
    assert await google.read("/versions/1") == FIRST
    google.vault.add(REGIONAL, FIRST, ACCOUNT.email)
    assert await SecretManager(f"gcp-secret://{REGIONAL}", google.machine, QUICK).read() == FIRST


async def test_what_passes_by_itself_is_waited_for(google: Google) -> None:
    """A cut line, a pause, a 503 or a damaged answer: asked again, and never used."""
    for mode in ("503", "reset", "cut", "hang", "damaged"):
        await google.fault(mode, 2 if mode != "hang" else 1)
        assert await google.read() == SECOND


async def test_service_that_stays_away_is_named(google: Google) -> None:
    """It says that nothing was changed, and that a key file is needed outside Google Cloud."""
    for mode, said in (("503", "answers 503"), ("damaged", "CRC-32C")):
        await google.fault(mode, 9)
        with pytest.raises(MasterKeyUnavailableError, match=said) as caught:
            await google.read()
        assert FIRST.decode() not in "".join(traceback.format_exception(caught.value))
        await google.fault(mode, 0)
    for nobody in ("127.0.0.1:9", google.url.removeprefix("http://") + "/v1"):
        with pytest.raises(MasterKeyUnavailableError, match="GOOGLE_APPLICATION_CREDENTIALS"):
            await google.read(access=Access(None, nobody, google.url))


async def test_what_a_person_must_mend_is_said(google: Google, tmp_path: Path) -> None:
    """A right that lacks, a version that is off or gone, a key file that is not good."""
    token = (
        await google.http.get(
            "/computeMetadata/v1/instance/service-accounts/default/token",
            headers={"Metadata-Flavor": "Google"},
        )
    ).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}

    async def order(verb: str, body: object = None) -> None:
        (await google.http.post(f"/v1/{verb}", json=body, headers=headers)).raise_for_status()

    await order(f"{NAME}/versions/2:disable")
    with pytest.raises(MasterKeyRefusedError, match=r"DISABLED.*gcloud secrets versions list"):
        await google.read()
    await order(f"{NAME}/versions/2:enable")
    assert await google.read() == SECOND
    with pytest.raises(MasterKeyRefusedError, match="not found"):
        await google.read("/versions/3")
    await order(f"{NAME}:setIamPolicy", {"policy": {"bindings": []}})
    with_file = Access(google.key_file, "127.0.0.1:1", google.url)
    grant = f"--member serviceAccount:{ACCOUNT.email} --role roles/secretmanager.secretAccessor"
    with pytest.raises(MasterKeyRefusedError, match=grant):
        await google.read(access=with_file)

    stranger = ServiceAccount.generate(ACCOUNT.email)
    good = json.loads(google.key_file.read_text())
    for content, said in (
        (stranger.key_json(token_uri=good["token_uri"]), "Invalid JWT Signature"),
        (json.dumps({**good, "private_key": "hush-hush"}), "private_key cannot be read"),
        (json.dumps({**good, "type": "authorized_user"}), "no service account's key file"),
        ('{"private_key": "hush-hush', "it is not JSON"),
        (None, "No such file"),
    ):
        path = tmp_path / ("bad.json" if content else "absent.json")
        if content:
            path.write_text(content)
        with pytest.raises(MasterKeyRefusedError, match=said) as caught:
            await google.read(access=Access(path, "127.0.0.1:1", google.url))
        assert "hush-hush" not in "".join(traceback.format_exception(caught.value))


async def test_new_version_leaves_no_key_unreadable_without_a_word(
    google: Google, tmp_path: Path
) -> None:
    """The keys that another version sealed are named, and open again once both are known."""
    places = {"CALLSHEET_GOOGLE_SECRETS_URL": google.url}
    places["GCE_METADATA_HOST"] = google.machine.metadata_host

    def settings(current: int, former: int = 0) -> dict[str, str]:
        keys = {"CALLSHEET_MASTER_KEY": current, "CALLSHEET_FORMER_MASTER_KEY": former}
        named = {name: f"gcp-secret://{NAME}/versions/{v}" for name, v in keys.items() if v}
        return {**places, **named}

    @asynccontextmanager
    async def at(current: int) -> AsyncIterator[Callsheet]:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings(current).items():
                patch.setenv(name, value)
            async with opened(read_settings(data_dir=tmp_path / "data")) as cs:
                yield cs

    async with at(1) as cs:
        await cs.key_control.set(LOCAL_WORKSPACE, "runway", "any", "rw_a_key", by="maya")
    async with at(2) as cs:
        with pytest.raises(KeySealedError, match=r"local/runway/any.*callsheet keys reseal"):
            await cs.provider_keys.key(LOCAL_WORKSPACE, "runway", "text_to_video")
        with pytest.raises(SealBrokenError, match="local/runway/any"):
            await cs.provider_keys.reseal(by="maya")
    told = await asyncio.to_thread(Place(tmp_path, settings=settings(2)).run, "doctor", "--json")
    assert told.returncode == 1, told.stderr
    assert "local/runway/any" in json.loads(told.stdout)["checks"]["provider_keys"]
    assert json.loads(told.stdout)["settings"]["master_key"]["value"].endswith("/versions/2")
    done = await asyncio.to_thread(
        Place(tmp_path, settings=settings(2, former=1)).run, "keys", "reseal"
    )
    assert "sealed anew: local/runway/any" in done.stdout, done.stderr
    async with at(2) as cs:
        found = await cs.provider_keys.key(LOCAL_WORKSPACE, "runway", "text_to_video")
        assert found.secret == "rw_a_key"
        assert await cs.provider_keys.reseal(by="maya") == []
        assert [deed.action for deed in await cs.provider_keys.deeds(LOCAL_WORKSPACE)] == [
            "provider_key.reseal",
            "provider_key.set",
        ]
