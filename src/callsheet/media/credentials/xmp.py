"""The XMP packet that goes into a signed file: how it came about, for readers of IPTC fields."""

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from callsheet.ports.provenance import Statement

_PACKET: Final = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
    xmp:CreatorTool={tool}
    xmpMM:InstanceID={instance}
    Iptc4xmpExt:DigitalSourceType={source}
    Iptc4xmpExt:AISystemUsed={software}>
   <dc:description>
    <rdf:Alt><rdf:li xml:lang="x-default">{description}</rdf:li></rdf:Alt>
   </dc:description>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


def packet_of(statement: Statement) -> str:
    """Word it. What people and models wrote is escaped."""
    return _PACKET.format(
        tool=quoteattr(f"callsheet {statement.generator}"),
        instance=quoteattr(statement.instance),
        source=quoteattr(statement.source_type.value),
        software=quoteattr(statement.software),
        description=escape(statement.description),
    )
