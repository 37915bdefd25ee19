"""Files to take away: exports of votes, figure 3, and conversations. The guard asks who asks."""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from annotations.accounts import Account
from annotations.conversations import find_talk
from annotations.conversations.exports import export_talk, write_chats
from annotations.exports import EXPORTS, find_export
from annotations.formats import MEDIA_TYPES as EXPORT_TYPES
from annotations.judging.browse import Filter
from annotations.judging.exports import choose_format, write_judgments
from annotations.manifests import make_manifest, write_manifest
from annotations.store import Store
from annotations.studies import find_study
from backend.errors import CamelidError, MissingTool, NotFound, Refused
from backend.records import Study
from ui.context import Context
from ui.lab.judge.where import read_filter
from ui.plates import read_ask, write_relative
from ui.press import Press
from ui.prints import write_figure3

IN_MEMORY_BYTES = 4_000_000  # larger exports are put together on disk
CHUNK_BYTES = 256 * 1024
LINES = EXPORT_TYPES["jsonl"]
MEDIA_TYPES = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}


@dataclass(frozen=True)
class Downloads:
    """The downloads of one app; its press keeps a browser warm between two pictures."""

    context: Context
    press: Press = field(default_factory=Press)

    def routes(self) -> APIRouter:
        """Return the routes of all files. When the app stops, the browser is closed."""
        router = APIRouter(lifespan=self.live)
        router.add_api_route("/lab/export/everything", self.send_everything)
        router.add_api_route("/lab/export/talk", self.send_talk)
        router.add_api_route("/lab/export/chats", self.send_chats)
        router.add_api_route("/lab/export/judgments", self.send_judgments)
        router.add_api_route("/lab/export/{kind}", self.send_export)
        router.add_api_route("/lab/figure/3", self.send_figure)
        router.add_api_route("/lab/figure/{number}", self.send_relative)
        return router

    @asynccontextmanager
    async def live(self, _app: object) -> AsyncIterator[None]:
        """Close the press at the end."""
        try:
            yield
        finally:
            await run_in_threadpool(self.press.close)

    def send_export(self, kind: str, study: str = "", format: str = "") -> Response:
        """Send one export of a study, whole: it is put together before its first byte goes out."""
        return answer(lambda: self.make_export(kind, study, format))

    def send_figure(self, study: str = "", format: str = "png") -> Response:
        """Send figure 3 of a study in one format."""
        return answer(lambda: self.make_figure(study, format))

    def send_relative(self, number: str, request: Request, format: str = "png") -> Response:
        """Send figure 4 or 5 as the address asks for it, in one format."""
        return answer(lambda: self.make_relative(number, request.query_params, format))

    def send_everything(self, study: str = "") -> Response:
        """Send every export and figure 3 of a study in one archive, with its manifest."""
        return answer(lambda: self.make_everything(study))

    def send_talk(self, request: Request, talk: str = "") -> Response:
        """Send one conversation to the person whose it is, once its names may be known."""
        return answer(lambda: self.make_talk(self.context.find_staff(request), talk))

    def send_chats(self, format: str = "jsonl") -> Response:
        """Send all conversations whose names may be known, in one of two shapes."""
        return answer(lambda: self.make_chats(format))

    def send_judgments(self, request: Request, format: str = "csv") -> Response:
        """Send the judgments that the address asks for, as the list of them does."""
        return answer(lambda: self.make_judgments(read_filter(request.query_params), format))

    def make_talk(self, account: Account | None, key: str) -> Response:
        """Return one conversation as a file.

        Errors: NotFound for somebody else's; Refused while its names are hidden.
        """
        if account is None:
            raise Refused("Your session has ended. Log in again.")
        line = export_talk(self.context.store, find_talk(self.context.store, key, account.name))
        body = json.dumps(line, ensure_ascii=False) + "\n"
        return Response(body, headers=name_attachment("chat.jsonl"), media_type=LINES)

    def make_chats(self, shape: str) -> Response:
        """Return all conversations as a file, one a line; those that are still blind stay here.

        Errors: InputError for an unknown shape.
        """
        raw = write_text(lambda file: write_chats(self.context.store, file, shape))
        headers = name_attachment("chats.jsonl" if shape == "jsonl" else f"chats-{shape}.jsonl")
        return StreamingResponse(read_chunks(raw), headers=headers, media_type=LINES)

    def make_judgments(self, wanted: Filter, format: str) -> Response:
        """Return the judgments that a filter finds as a file, a row each.

        Errors: InputError for a format that they don't come in.
        """
        chosen = choose_format(format)
        raw = write_text(lambda file: write_judgments(self.context.store, file, chosen, wanted))
        headers = name_attachment(f"judgments.{chosen}")
        return StreamingResponse(read_chunks(raw), headers=headers, media_type=EXPORT_TYPES[chosen])

    def make_export(self, kind: str, name: str, asked: str = "") -> Response:
        """Return an export as a file.

        Errors: NotFound for an unknown kind, format or study.
        """
        export = find_export(kind)
        format = export.choose(asked)
        study = find_study(self.context.store, name)
        file = SpooledTemporaryFile(IN_MEMORY_BYTES, "w+b")  # noqa: SIM115
        try:
            export.write_bytes(self.context.store, study, file, format)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        headers = name_file(study, f"{kind}.{format}")
        return StreamingResponse(
            read_chunks(file), headers=headers, media_type=EXPORT_TYPES[format]
        )

    def make_figure(self, name: str, format: str) -> Response:
        """Return figure 3 as a file.

        Errors: NotFound for an unknown format or study; MissingTool when there is no Chromium.
        """
        if format not in MEDIA_TYPES:
            raise NotFound(f"There is no format {format!r}. There are: {', '.join(MEDIA_TYPES)}.")
        study = find_study(self.context.store, name)
        with TemporaryDirectory() as folder:
            paths = write_figure3(
                self.context.store, study, Path(folder), [format], press=self.press
            )
            body = paths[0].read_bytes()
        headers = name_file(study, f"figure-3.{format}")
        return Response(body, headers=headers, media_type=MEDIA_TYPES[format])

    def make_relative(self, number: str, query: Mapping[str, str], format: str) -> Response:
        """Return figure 4 or 5 as a file.

        Errors: NotFound for an unknown figure, format or name; MissingTool without Chromium.
        """
        if format not in MEDIA_TYPES:
            raise NotFound(f"There is no format {format!r}. There are: {', '.join(MEDIA_TYPES)}.")
        ask = read_ask(self.context.store, number, query)
        with TemporaryDirectory() as folder:
            paths = write_relative(
                self.context.store, ask, Path(folder), [format], press=self.press
            )
            body = paths[0].read_bytes()
        headers = name_attachment(f"figure-{ask.figure}.{format}")
        return Response(body, headers=headers, media_type=MEDIA_TYPES[format])

    def make_everything(self, name: str) -> Response:
        """Return the archive of a study.

        Edge: without Chromium, figure 3 is in it as html and csv only.
        Errors: NotFound for an unknown study.
        """
        store = self.context.store
        study = find_study(store, name)
        file = SpooledTemporaryFile(IN_MEMORY_BYTES, "w+b")  # noqa: SIM115
        try:
            with TemporaryDirectory() as folder, store.snapshot():
                paths = write_everything(store, study, Path(folder), self.press)
                with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                    for path in paths:
                        archive.write(path, f"{name_study(study)}/{path.name}")
            file.seek(0)
        except BaseException:
            file.close()
            raise
        headers = name_file(study, "everything.zip")
        return StreamingResponse(read_chunks(file), headers=headers, media_type="application/zip")


def write_everything(store: Store, study: Study, folder: Path, press: Press) -> list[Path]:
    """Write every export and figure 3 of a study into a folder; the manifest is the last."""
    paths = []
    for kind, export in EXPORTS.items():
        paths.append(folder / f"{kind}{export.suffix}")
        with paths[-1].open("wb") as file:
            export.write_bytes(store, study, file)
    try:
        paths += write_figure3(store, study, folder, press=press)
    except MissingTool:
        paths += write_figure3(store, study, folder, ("html", "csv"))
    manifest = folder / "manifest.json"
    write_manifest(manifest, make_manifest(store, study, paths, "downloaded from the lab"))
    return [*paths, manifest]


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


def write_text(write: Callable[[IO[str]], object]) -> IO[bytes]:
    """Return what `write` wrote, in UTF-8, to be read from its start."""
    raw = SpooledTemporaryFile(IN_MEMORY_BYTES, "w+b")  # noqa: SIM115
    try:
        file = TextIOWrapper(raw, "utf-8", newline="", write_through=True)
        write(file)
        file.detach()
        raw.seek(0)
    except BaseException:
        raw.close()
        raise
    return raw


def read_chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Yield a file's bytes, then close it."""
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def name_study(study: Study) -> str:
    """Return a study's name as every system takes it in the name of a file."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", study.name).strip("-.") or f"study-{study.study_id}"


def name_file(study: Study, ending: str) -> dict[str, str]:
    """Return the header that saves an answer under a name that every system takes."""
    return name_attachment(f"{name_study(study)}-{ending}")


def name_attachment(name: str) -> dict[str, str]:
    """Return the header that saves an answer under a name of plain letters."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
