"""A value that must not be seen: masked wherever Python prints things."""


class Secret:
    """Holds a key in memory; only `reveal()` gives it out. Masked in `repr`, `str` and f-strings; not picklable."""

    __slots__ = ("_value",)

    def __init__(self, value: str):
        self._value = value

    def reveal(self) -> str:
        return self._value

    @property
    def last4(self) -> str:
        """The end that may be shown, or "" where showing it would give away a short key."""
        return self._value[-4:] if len(self._value) >= 12 else ""

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __reduce__(self):
        raise TypeError("a Secret is not stored or sent")
