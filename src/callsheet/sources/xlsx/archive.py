"""The zip around a workbook: checked before it is opened, capped while it is inflated.

What the parser gets is a fresh archive of the XML parts alone, stored without compression: sizes
that lie, parts that hide behind each other and megabytes of pictures never reach it.
"""

import io
import zipfile
import zlib

from callsheet.ports.sheets import DamagedSheetError, EncryptedSheetError, SheetTooLargeError

CONTENT = "content.xml"  # of an OpenDocument file
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
_ENCRYPTION = b"encryption-data"
_MAX_ENTRIES = 4_096
_MAX_RATIO = 400  # sheets of equal rows reach 100; an archive made to explode passes 1,000
_RATIO_MATTERS_FROM = 4 * 1024 * 1024
_CHUNK = 1024 * 1024
_ENCRYPTED_FLAG = 0x1


def parts_of(content: bytes, max_bytes: int) -> dict[str, bytes]:
    """Inflate the XML parts of a workbook by name, up to `max_bytes` together."""
    parts: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in _checked(archive.infolist(), max_bytes):
                parts[entry.filename] = _inflated(archive, entry, max_bytes)
                max_bytes -= len(parts[entry.filename])
                if (
                    entry.filename == "META-INF/manifest.xml"
                    and _ENCRYPTION in parts[entry.filename]
                ):
                    raise EncryptedSheetError
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise DamagedSheetError(
            f"the workbook is cut off or garbled ({error}); save it as .xlsx again"
        ) from error
    return parts


def stored(parts: dict[str, bytes]) -> bytes:
    """Pack parts into an archive without compression."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        if CONTENT in parts:
            archive.writestr("mimetype", _OPEN_DOCUMENT)  # it comes first
        for name, part in parts.items():
            archive.writestr(name, part)
    return packed.getvalue()


def _checked(entries: list[zipfile.ZipInfo], max_bytes: int) -> list[zipfile.ZipInfo]:
    """Refuse an archive by its directory; give back the entries worth inflating."""
    if len(entries) > _MAX_ENTRIES:
        raise SheetTooLargeError(f"{len(entries)} parts inside, {_MAX_ENTRIES} are allowed")
    names = {entry.filename for entry in entries}
    if len(names) < len(entries):
        raise DamagedSheetError("it has two parts of the same name; export it again")
    if "mimetype" in names and CONTENT not in names:
        raise DamagedSheetError("this is an OpenDocument file without content; save it again")
    if "xl/workbook.bin" in names:
        raise DamagedSheetError("this is a binary .xlsb workbook; save it as .xlsx")
    wanted = [entry for entry in entries if entry.filename.endswith((".xml", ".rels"))]
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in wanted):
        raise EncryptedSheetError
    total = sum(entry.file_size for entry in wanted)
    if total > max_bytes:
        raise SheetTooLargeError(f"{total} bytes when unpacked, {max_bytes} are allowed")
    for entry in wanted:
        if entry.file_size > max(_RATIO_MATTERS_FROM, _MAX_RATIO * entry.compress_size):
            raise SheetTooLargeError(
                f"part {entry.filename!r} would grow more than {_MAX_RATIO} times when unpacked"
            )
    return wanted


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> bytes:
    """Inflate one entry; what it really holds counts, not what the directory says."""
    chunks = []
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise SheetTooLargeError("it unpacks to more than its directory says")
            chunks.append(chunk)
    return b"".join(chunks)
