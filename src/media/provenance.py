"""The mark that says a picture was made by AI.

Source: IPTC Digital Source Type vocabulary, cv.iptc.org/newscodes/digitalsourcetype, read 2026-11-24.
"""

IPTC_TERMS = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED_MODEL = f"{IPTC_TERMS}trainedAlgorithmicMedia"
ALGORITHM = f"{IPTC_TERMS}algorithmicMedia"


def made_by_ai(*, provider_label: str, model_id: str, is_trained_model: bool = True) -> dict[str, object]:
    """The provenance of a generated picture, for the asset's row and its answers."""
    return {
        "made_by_ai": True,
        "digital_source_type": TRAINED_MODEL if is_trained_model else ALGORITHM,
        "generator": f"{provider_label}: {model_id}",
    }


def xmp_packet(digital_source_type: str) -> bytes:
    """XMP with that one statement, for a picture file. Source: IPTC Photo Metadata Standard 2025.1, "Digital Source
    Type"; XMP Specification part 1, 7.3."""
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
<Iptc4xmpExt:DigitalSourceType>{digital_source_type}</Iptc4xmpExt:DigitalSourceType>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>""".encode()
