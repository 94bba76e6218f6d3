"""Assets in a recovery snapshot."""

from typing import Any

from callsheet.assets.lineage import LINEAGE, Lineage, lineage_in, row_of
from callsheet.assets.model import Asset
from callsheet.assets.store import ASSETS, asset_of, row_of_asset
from callsheet.jobs.snapshot import Record, RecordKind, row_in, told


def asset_out(asset: Asset) -> dict[str, Any]:
    """Write an asset as a record."""
    return {"kind": RecordKind.ASSET, **told(row_of_asset(asset))}


def lineage_out(fact: Lineage) -> dict[str, Any]:
    """Write where an asset comes from, or what it was used for, as a record."""
    return {"kind": RecordKind.LINEAGE, "fact": told(row_of(fact))}


def lineage_back(record: Record) -> Lineage:
    """Read that back."""
    return lineage_in(row_in(LINEAGE, record["fact"]))


def asset_in(record: Record) -> Asset:
    """Read an asset back."""
    return asset_of(row_in(ASSETS, record))
