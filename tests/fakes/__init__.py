"""Providers written from their protocols alone, to hold callsheet against: nothing of `sim/`."""
