"""Provenance: what leaves is signed, and what comes back is recognised."""
