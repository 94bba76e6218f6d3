"""How much one batch may ask for. The workspace may raise what is marked so."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on a batch and on each of its rows."""

    max_rows: int = 10  # raisable
    max_variants: int = 3  # raisable
    max_prompt_chars: int = 8_000
    max_references: int = 6  # what a shot keeps after merging
    max_references_in_row: int = 50  # what may be named in one row, or for the whole batch
    max_url_chars: int = 2_048
    max_name_chars: int = 200
    max_scene_id_chars: int = 120
    max_model_chars: int = 200
    min_side: int = 256
    max_side: int = 4_096
    max_inputs: int = 32  # of a model, that one row sets
    max_inputs_chars: int = 32_000  # as JSON, all together
    max_inputs_depth: int = 20
