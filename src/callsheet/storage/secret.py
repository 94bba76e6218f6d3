"""The secret that signs links: from the settings, or made once and kept beside the data."""

import os
from pathlib import Path
from typing import Final

_BYTES: Final = 32
_FILE: Final = "master.key"


def master_key(configured: str, data_dir: Path) -> bytes:
    """Read the configured secret, or the one in `data_dir`; made there at the first start."""
    if configured:
        return configured.encode()
    path = data_dir / _FILE
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        _make(path)
    return bytes.fromhex(path.read_text().strip())


def _make(path: Path) -> None:
    """Write a new secret whole under another name and link it: a twin never reads half of one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(os.urandom(_BYTES).hex())
    try:
        os.link(draft, path)
    except FileExistsError:
        return  # a twin was faster; its secret is the secret
    finally:
        draft.unlink()
