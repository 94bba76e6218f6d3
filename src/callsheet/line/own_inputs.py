"""What rows set of their models' own inputs: typed, held against what a row fills in by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from callsheet.catalog.asking import fits, typed
from callsheet.intake.inputs import INPUTS, input_key
from callsheet.intake.model import BatchDraft, InputDraft, RowDraft
from callsheet.intake.problems import Notes
from callsheet.line.faults import Faults
from callsheet.line.take_inputs import FILLED
from callsheet.ports.models import ModelCard

_OTHERS_INPUTS: Final = frozenset(
    {
        *("width", "height", "seed", "steps", "cfg", "cfg_scale", "guidance", "guidance_scale"),
        *("sampler", "scheduler", "strength", "quality", "fps", "duration", "duration_s"),
        *("resolution", "batch_size", "num_images", "aspect_ratio", "ar", "ratio", "lora"),
        *("negative", "negative_prompt", "output_format", "upscale", "motion", "camera_motion"),
    }
)


@dataclass(slots=True)
class OwnInputs:
    """Gathers the inputs of a batch's rows, and what a person should know about them.

    Those of the whole batch go where they fit, as its references do: a sheet has clips and
    pictures. One that fits no row is refused. A column that has an input's name but does not
    address it is carried through, as ever, with a note: it may be a team's own word for something,
    and to take it would change what is bought, and at what price, without anybody asking.
    """

    draft: BatchDraft
    notes: Notes = field(default_factory=Notes)
    _fitted: set[str] = field(default_factory=set)
    _told: set[str] = field(default_factory=set)

    def of(
        self, card: ModelCard, row: RowDraft, faults: Faults
    ) -> tuple[dict[str, Any], Mapping[str, InputDraft]] | None:
        """Read by the card's types what a row sets, and where; None if it may not be set so."""
        self._tell(card, row)
        known = card.inputs.model_fields
        shared = {
            name: each
            for name, each in self.draft.inputs.items()
            if name in known and name not in FILLED
        }
        self._fitted |= shared.keys()
        told = {**shared, **self._fitting(card, row), **row.inputs}
        filled = [name for name in told if name in known and name in FILLED]
        for name in filled:
            faults.add_input("model_refuses", row.row, name, FILLED[name], told[name])
        if filled:
            return None
        return {name: typed(card, name, each.value) for name, each in told.items()}, told

    def _fitting(self, card: ModelCard, row: RowDraft) -> dict[str, InputDraft]:
        """Take what a row says in columns of other tools, where its model has that input."""
        fitting: dict[str, InputDraft] = {}
        for name, each in row.soft.items():
            value = typed(card, name, each.value)
            if name in card.inputs.model_fields and fits(card, name, value):
                fitting[name] = each
                said = f"{each.column} sets {name} of {card.id}"
            elif name in card.inputs.model_fields:
                said = f"{each.column} is not used: {card.id} takes another {name}"
            else:
                said = f"{each.column} is not used: {card.id} has no input {name}"
            if said not in self._told:
                self._told.add(said)
                self.notes.add(said)
        return fitting

    def check_shared(self, faults: Faults) -> None:
        """Refuse what is set for the whole batch and is no input of any row's model."""
        for name in sorted(self.draft.inputs.keys() - self._fitted):
            message = FILLED.get(name, "no row's model has an input of that name")
            faults.add_input("model_refuses", None, name, message, self.draft.inputs[name])

    def _tell(self, card: ModelCard, row: RowDraft) -> None:
        """Note columns that are named like an input of this row's model, and set nothing."""
        for title in self.draft.unclaimed:
            name = input_key(title)
            if title in self._told or not row.extra.get(title, "").strip():
                continue
            if name not in card.inputs.model_fields:
                self._tell_unused(title, name)
                continue
            if name not in FILLED:
                how = f"to set that, name the column {INPUTS}.{name}"
            elif name in ("width", "height", "seed"):
                how = FILLED[name]
            else:  # a common word, and nothing that anybody sets
                continue
            self._told.add(title)
            self.notes.add(
                f"column {title!r} is carried through as your own and sets nothing, though"
                f" {card.id} has an input {name}: {how}"
            )

    def _tell_unused(self, title: str, name: str) -> None:
        """Note a column that some tools have an input for, and nothing here."""
        if name in _OTHERS_INPUTS:
            self._told.add(title)
            self.notes.add(f"column {title!r} is not used: it is carried through as your own")
