"""One JSON object per line, in the field names that Cloud Logging reads."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO


class JsonLines(logging.Formatter):
    """Formats a record as {severity, time, message, logger, ...fields, error?}."""

    def format(self, record: logging.LogRecord) -> str:
        """Write the record on one line."""
        line: dict[str, Any] = {
            "severity": record.levelname,
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "message": record.getMessage(),
            "logger": record.name,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send all logs of the process to `stream` (standard error) as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))
    logging.getLogger("callsheet").setLevel(level.upper())
