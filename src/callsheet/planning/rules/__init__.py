"""Rules that plan a film without a model: deterministic, from the brief's own words."""

from callsheet.planning.rules.planner import plan_by_rules

__all__ = ["plan_by_rules"]
