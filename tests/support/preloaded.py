"""What the process has done that all warm processes are forked from: imports, and what they keep.

Nothing here begins a thread, opens a file for good or reads a setting.
"""

import importlib

from callsheet.catalog.registry import FolderCatalog
from callsheet.net.trust import trusting
from callsheet.sim.core.service import authorities
from callsheet.wiring.providers import adapters

for _module in (
    "alembic.command",
    "alembic.context",
    "callsheet.main",
    "callsheet.sim.replicate",
    "callsheet.web.server",
    "openpyxl",
    "tests.support.killing",
    "tests.support.warm",
    "uvicorn.protocols.http.httptools_impl",
):
    importlib.import_module(_module)
trusting()
authorities()
adapters()
FolderCatalog().cards()
