"""The catalog: every model that can be asked for, one file each under `models/`."""
