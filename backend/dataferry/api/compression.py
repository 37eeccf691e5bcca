"""JSON of some length travels compressed to whoever takes gzip: lists shrink to a third or less."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

#: Bytes of an answer that fits into two packets, which compression makes no quicker.
_MINIMUM_SIZE = 2048
#: As small as level 9 makes lists, sooner.
_LEVEL = 5
#: The page's files are compressed when it is built; a dataset's files keep bytes, length and ranges.
_AS_IT_IS = (
    "application/gzip",
    "application/octet-stream",
    "application/zip",
    "audio/*",
    "font/*",
    "image/*",
    "text/*",
    "video/*",
)


class CompressedJson(GZipMiddleware):
    """Compresses the API's JSON. Streams of events (``text/event-stream``) are sent as they are written."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, _MINIMUM_SIZE, _LEVEL, exclude_content_types=_AS_IT_IS)
