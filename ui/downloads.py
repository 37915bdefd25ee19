"""Files to take away: exports of a study's votes, and figure 3. The guard asks who asks."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import IO

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from annotations.exports import EXPORTS
from annotations.studies import find_study
from backend.errors import CamelidError, MissingTool, NotFound
from backend.records import Study
from ui.context import Context
from ui.prints import write_figure3

IN_MEMORY_BYTES = 4_000_000  # larger exports are put together on disk
CHUNK_BYTES = 256 * 1024
MEDIA_TYPES = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}


@dataclass(frozen=True)
class Downloads:
    """The downloads of one app."""

    context: Context

    def routes(self) -> APIRouter:
        """Return the routes of all files."""
        router = APIRouter()
        router.add_api_route("/lab/export/{kind}", self.send_export)
        router.add_api_route("/lab/figure/3", self.send_figure)
        return router

    def send_export(self, kind: str, study: str = "") -> Response:
        """Send one export of a study, whole: it is put together before its first byte goes out."""
        return answer(lambda: self.make_export(kind, study))

    def send_figure(self, study: str = "", format: str = "png") -> Response:
        """Send figure 3 of a study in one format."""
        return answer(lambda: self.make_figure(study, format))

    def make_export(self, kind: str, name: str) -> Response:
        """Return an export as a file.

        Errors: NotFound for an unknown kind or study.
        """
        if kind not in EXPORTS:
            raise NotFound(f"There is no export {kind!r}. There are: {', '.join(EXPORTS)}.")
        study, export = find_study(self.context.store, name), EXPORTS[kind]
        file = SpooledTemporaryFile(IN_MEMORY_BYTES, "w+", encoding="utf-8", newline="")  # noqa: SIM115
        try:
            export.write(self.context.store, study, file)  # type: ignore[arg-type]
            file.seek(0)
        except BaseException:
            file.close()
            raise
        headers = name_file(study, f"{kind}{export.suffix}")
        media_type = f"{export.media_type}; charset=utf-8"
        return StreamingResponse(read_chunks(file), headers=headers, media_type=media_type)

    def make_figure(self, name: str, format: str) -> Response:
        """Return figure 3 as a file.

        Errors: NotFound for an unknown format or study; MissingTool when there is no Chromium.
        """
        if format not in MEDIA_TYPES:
            raise NotFound(f"There is no format {format!r}. There are: {', '.join(MEDIA_TYPES)}.")
        study = find_study(self.context.store, name)
        with TemporaryDirectory() as folder:
            paths = write_figure3(self.context.store, study, Path(folder), [format])
            body = paths[0].read_bytes()
        headers = name_file(study, f"figure-3.{format}")
        return Response(body, headers=headers, media_type=MEDIA_TYPES[format])


def answer(make: Callable[[], Response]) -> Response:
    """Return what `make` returns, or the sentence that says why there is nothing."""
    try:
        return make()
    except NotFound as error:
        return PlainTextResponse(str(error), 404)
    except MissingTool as error:
        return PlainTextResponse(str(error), 503)
    except CamelidError as error:
        return PlainTextResponse(str(error), 409)


def read_chunks(file: IO[str]) -> Iterator[str]:
    """Yield a file's text, then close it."""
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def name_file(study: Study, ending: str) -> dict[str, str]:
    """Return the header that saves an answer under a name that every system takes."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", study.name).strip("-.") or f"study-{study.study_id}"
    return {"Content-Disposition": f'attachment; filename="{name}-{ending}"'}
