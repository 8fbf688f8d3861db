"""Text as it is compared, never as it is stored: one form for the several ways that Persian is typed."""

import re
import unicodedata

# What Arabic keyboards type, and what decomposing leaves, for the letters of Persian.
LETTERS = str.maketrans(
    {
        "\u064a": "\u06cc",  # Arabic yeh
        "\u0649": "\u06cc",  # alef maksura
        "\u0643": "\u06a9",  # Arabic kaf
        "\u0629": "\u0647",  # teh marbuta
        "\u06d5": "\u0647",  # ae, the body of heh with yeh above
        "\u0671": "\u0627",  # alef wasla
        "\u0640": None,  # tatweel
        "\u200b": " ",  # zero-width space
        "\u200c": " ",  # zero-width non-joiner
    }
)
SPACES = re.compile(r"\s+")
# Marks on letters, controls, invisible directions, halves of pairs.
DROPPED = frozenset({"Mn", "Cc", "Cf", "Cs"})


def normalise(text: str) -> str:
    """For searching: compatibility forms unified, Persian letters, no diacritics, ZWNJ as a space, Latin digits,
    case folded, single spaces. Normalising twice changes nothing."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold()).translate(LETTERS)
    kept = "".join(map(_plain, folded)).casefold()
    return SPACES.sub(" ", unicodedata.normalize("NFKC", kept)).strip()


def isolated(text: str) -> str:
    """For putting a name into a sentence of the other direction: neither turns the other around."""
    return f"\u2068{text}\u2069"


def _plain(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in DROPPED else character
