"""Where a database's schema stands beside this release."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a database's schema stands, by the numbers of migrations.

    `schema` is None for an empty database. `oldest` is what a release must know to use it.
    """

    schema: str | None
    oldest: str
    release: str

    @property
    def is_behind(self) -> bool:
        """Tell whether this release would migrate it."""
        return self.schema is None or self.schema < self.release

    @property
    def is_usable(self) -> bool:
        """Tell whether this release can use it as it is."""
        return not self.is_behind and self.oldest <= self.release

    @property
    def problem(self) -> str:
        """Say what keeps this release from using it; empty if nothing does."""
        if self.is_behind:
            at = "is empty" if self.schema is None else f"has schema {self.schema}"
            return f"the database {at}, this release needs {self.release}; run: callsheet migrate"
        if not self.is_usable:
            return (
                f"the database has schema {self.schema}, which needs a release that knows"
                f" {self.oldest}; this one knows {self.release}: start a newer release, or restore"
                " the backup of before the upgrade"
            )
        return ""
