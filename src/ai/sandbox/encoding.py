"""From an image to file bytes that say what drew it."""

from io import BytesIO
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

FORMATS = ("png", "jpeg", "webp")
SOFTWARE = "Negareh sandbox"
# Source: IPTC NewsCodes, Digital Source Type: "created purely by an algorithm not based on any sampled
# training data", which is what this package is.
DIGITAL_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
XMP = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
<xmp:CreatorTool>{SOFTWARE}</xmp:CreatorTool>
<Iptc4xmpExt:DigitalSourceType>{DIGITAL_SOURCE_TYPE}</Iptc4xmpExt:DigitalSourceType>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


def encode_picture(image: Image.Image, output_format: str, quality: int | None) -> bytes:
    """`image` as "png", "jpeg" or "webp" bytes; `quality`, 1 to 100, is for the latter two (88 if None)."""
    quality = 88 if quality is None else max(1, min(100, quality))
    options: dict[str, dict[str, Any]] = {
        "png": {"compress_level": 3, "pnginfo": _png_text()},
        "jpeg": {"quality": quality, "xmp": XMP.encode()},
        "webp": {"quality": quality, "method": 2, "xmp": XMP.encode()},
    }
    buffer = BytesIO()
    image.save(buffer, output_format, **options[output_format])
    return buffer.getvalue()


def _png_text() -> PngInfo:
    text = PngInfo()
    text.add_text("Software", SOFTWARE)
    text.add_itxt("XML:com.adobe.xmp", XMP)
    return text
