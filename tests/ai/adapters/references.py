"""Pictures that go in: one of each type that services take, and a mask of the first one's size."""

from src.ai.providers.contract import ReferenceImage
from tests.upstream.pictures import draw


def picture(fmt: str, size: tuple[int, int] = (64, 48), **how: bool) -> ReferenceImage:
    return ReferenceImage(content=draw(size, fmt, **how), mime_type=f"image/{fmt}", width=size[0], height=size[1])


REFERENCES = (picture("png"), picture("webp"), picture("jpeg"))
PNG_MASK = picture("png", transparent=True)
