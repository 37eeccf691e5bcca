"""The library over the protocol of the HuggingFace Hub: ``HF_ENDPOINT=https://our-host/hub``."""

import json
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from dataferry.accounts.views import SignedIn
from dataferry.api.conditional import Handle, is_head
from dataferry.api.deps import Services, Signed, TokenFirst, Wired, services
from dataferry.api.presence import while_connected
from dataferry.api.routes.files import LibraryFile
from dataferry.core.errors import DataferryError, InvalidInput
from dataferry.mirror.addresses import RepoAddress, parse_address
from dataferry.mirror.answers import Refusal, datasets_only, read_only, refusal_of
from dataferry.mirror.pulls import Asker
from dataferry.mirror.service import PAGE_SIZE, Tree, Wanted

PREFIX = "/hub"
_MAX_PAGE_SIZE = 10_000
_MAX_PATHS = 10_000
#: Datasets of a list's page.
_MAX_LISTED = 500
#: Sorts of the Hub that put what came last first; it has no other numbers to sort by here.
_BY_TIME = frozenset({"lastModified", "createdAt"})
#: A file of so many bytes is read in one step, and not opened, read and closed in three.
_SMALL_BYTES = 256 * 1024
_TRUE = frozenset({"true", "1", "yes"})


class HubRoute(TokenFirst):
    """A route that answers as the Hub does, what is refused too. Clients send parameters of every kind."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handle(request)
            except Refusal as refusal:
                return _refused(refusal)
            except DataferryError as error:
                return _refused(
                    refusal_of(
                        error,
                        of_dataset=_address_of(request) is not None,
                        token_given="authorization" in request.headers,
                    )
                )

        return answered

    def _known_parameters_only(self, handle: Handle) -> Handle:
        """Any parameters. A client asks for thousands of files one by one, and FastAPI, which has nothing to
        parse here, would take a sixth of the time of each."""
        endpoint = self.endpoint

        async def called(request: Request) -> Response:
            response: Response = await endpoint(
                request.path_params["path"], request, request.state.signed_in, services(request)
            )
            return response

        return called


#: The protocol is the Hub's: our own API's document, from which clients are made, does not have it.
router = APIRouter(prefix=PREFIX, route_class=HubRoute, include_in_schema=False)


@router.get("/{path:path}", response_model=None)
async def read_mirror(path: str, request: Request, signed_in: Signed, wired: Wired) -> Response:
    """What a client of the HuggingFace Hub looks up and downloads: `api/datasets`, `api/datasets/{repo}`, its
    `tree`, `refs` and `commits`, `datasets/{repo}/resolve/{revision}/{file}`, `api/whoami-v2`."""
    if path.strip("/") == "api/whoami-v2":
        return JSONResponse(_whoami(signed_in))
    if path.strip("/") == "api/datasets":
        return await _listed(request, wired, signed_in)
    address = _address_of(request)
    if address is None:
        raise datasets_only(path)
    asker, mirror = _asker(signed_in), wired.mirror
    match address.action:
        case "resolve":
            return await _file(request, wired, asker, address)
        case "tree":
            return await _tree(request, wired, asker, address)
        case "refs":
            return JSONResponse(await mirror.refs(asker, address))
        case "commits":
            return JSONResponse(await mirror.commits(asker, address))
        case "auth-check":
            await mirror.check(asker, address)
            return JSONResponse({})
        case "info":
            info = await mirror.info(asker, address, with_blobs=_is_set(request, "blobs"))
            headers = {"X-Repo-Commit": info.told["sha"]}
            if info.warning is not None:
                headers["X-HF-Warning"] = info.warning
            return JSONResponse(info.told, headers=headers)
        case _:
            raise datasets_only(path)


@router.post("/{path:path}", response_model=None)
async def look_up_in_mirror(path: str, request: Request, signed_in: Signed, wired: Wired) -> Response:
    """What a client of the HuggingFace Hub asks of many paths at once: `paths-info`. Uploads are refused."""
    address = _address_of(request)
    if address is None or address.action != "paths-info":
        raise read_only()
    paths = await _paths_of(request)
    tree = await while_connected(request, wired.mirror.paths(_asker(signed_in), address, paths))
    return JSONResponse(tree.entries, headers={"X-Repo-Commit": tree.commit})


@router.api_route("/{path:path}", methods=["PUT", "PATCH", "DELETE"], response_model=None)
async def change_mirror(path: str, request: Request, signed_in: Signed, wired: Wired) -> Response:
    """Nothing can be changed through the mirror."""
    raise read_only()


def _address_of(request: Request) -> RepoAddress | None:
    """By the path as it was sent: a revision's slashes are escaped in it."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return parse_address(raw.decode("latin-1").partition("?")[0].removeprefix(PREFIX))


def _asker(signed_in: SignedIn) -> Asker:
    return Asker(signed_in.viewer, may_pull=signed_in.may("download"))


async def _file(request: Request, wired: Services, asker: Asker, address: RepoAddress) -> Response:
    whole = not is_head(request) and "range" not in request.headers
    found = await wired.mirror.file(asker, address, content_up_to=_SMALL_BYTES if whole else 0)
    etag = f'"{found.blob.etag}"'
    headers = {"ETag": etag, "X-Repo-Commit": found.commit, "Cache-Control": "private, no-cache"}
    if found.blob.sha256 is not None:
        headers |= {"X-Linked-ETag": etag, "X-Linked-Size": str(found.blob.size)}
    return LibraryFile(
        found.opened.path,
        headers=headers,
        media_type="application/octet-stream",
        filename=found.opened.path.name,
        stat_result=found.opened.status,
        content=found.opened.content,
        in_use=partial(wired.last_use.touch, found.dataset_id),
    )


async def _listed(request: Request, wired: Services, signed_in: SignedIn) -> Response:
    """What is in the library and fits. Errors: ``InvalidInput`` for tags, which are not kept here."""
    query = request.query_params
    if query.getlist("filter"):
        raise InvalidInput(
            "Datasets are not listed by their tags here.", next_step="Use search=, author=, gated= and sort=."
        )
    wanted = Wanted(
        search=" ".join(query.getlist("search")),
        author=query.get("author") or None,
        gated=_is_set(request, "gated") if "gated" in query else None,
        newest_first=query.get("sort") in _BY_TIME,
    )
    found = await wired.mirror.search(
        signed_in.viewer, wanted, query.get("cursor"), _limit(query, _MAX_LISTED)
    )
    headers = {}
    if found.next is not None:
        base = str(request.url_for("read_mirror", path="api/datasets"))
        headers["Link"] = f'<{base}?{_query(request, found.next)}>; rel="next"'
    return JSONResponse(found.infos, headers=headers)


async def _tree(request: Request, wired: Services, asker: Asker, address: RepoAddress) -> Response:
    query = request.query_params
    tree = await wired.mirror.tree(
        asker,
        address,
        recursive=_is_set(request, "recursive"),
        cursor=query.get("cursor"),
        limit=_limit(query),
    )
    headers = {"X-Repo-Commit": tree.commit}
    if tree.next is not None:
        headers["Link"] = f'<{_next_page(request, tree, address)}>; rel="next"'
    return JSONResponse(tree.entries, headers=headers)


def _next_page(request: Request, tree: Tree, address: RepoAddress) -> str:
    """The address of the following page, of the same commit, at the host that the client asked."""
    base = str(request.url_for("read_mirror", path=f"api/datasets/{address.repo}/tree/{tree.commit}"))
    folder = f"/{quote(address.path)}" if address.path else ""
    return f"{base}{folder}?{_query(request, tree.next or '')}"


def _query(request: Request, cursor: str) -> str:
    """The request's own parameters, with another cursor."""
    known = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return urlencode([*known, ("cursor", cursor)])


def _limit(query: Mapping[str, str], most: int = _MAX_PAGE_SIZE) -> int:
    asked = query.get("limit", "")
    return min(max(int(asked), 1), most) if asked.isdecimal() and len(asked) < 9 else min(PAGE_SIZE, most)


def _is_set(request: Request, name: str) -> bool:
    return request.query_params.get(name, "").lower() in _TRUE


async def _paths_of(request: Request) -> list[str]:
    """Of a form, which huggingface_hub sends, or of JSON. Errors: ``InvalidInput``."""
    body = await request.body()
    if "json" in request.headers.get("content-type", ""):
        try:
            paths = json.loads(body).get("paths")
        except (ValueError, AttributeError):
            paths = None
    else:
        paths = [value for name, value in parse_qsl(body.decode("latin-1")) if name == "paths"]
    if isinstance(paths, str):
        paths = [paths]
    if (
        not isinstance(paths, list)
        or not all(isinstance(path, str) for path in paths)
        or len(paths) > _MAX_PATHS
    ):
        raise InvalidInput(f"paths: give a list of at most {_MAX_PATHS} paths.")
    return paths


def _whoami(signed_in: SignedIn) -> dict[str, Any]:
    """The asker, as ``hf auth whoami`` shows them."""
    role = "write" if signed_in.may("admin") else "read"
    return {
        "type": "user",
        "id": signed_in.user.id,
        "name": signed_in.user.email,
        "fullname": signed_in.user.email,
        "email": signed_in.user.email,
        "emailVerified": True,
        "canPay": False,
        "isPro": False,
        "orgs": [],
        "auth": {"type": "access_token", "accessToken": {"displayName": "Dataferry", "role": role}},
    }


def _refused(refusal: Refusal) -> Response:
    return JSONResponse({"error": refusal.message}, refusal.status, refusal.headers)
