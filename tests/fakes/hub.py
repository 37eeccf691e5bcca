"""A fake HuggingFace Hub: the protocol that ``huggingface_hub`` speaks: datasets, and what models there are.

    GET  /api/whoami-v2
    GET  /api/datasets?search=&sort=&limit=&filter=&expand=&full=      Link: <…>; rel="next"
    GET  /api/models?search=&pipeline_tag=&filter=&sort=&limit=&expand=
    GET  /api/models/{id}
    GET  /api/datasets/{id}[/revision/{rev}][?blobs=true]               307 for a name without owner
    GET  /api/datasets/{id}/tree/{rev}[/{path}]?recursive=&expand=      1,000 entries a page
    GET  /api/datasets/{id}/auth-check
    HEAD, GET /datasets/{id}/resolve/{rev}/{path}                       LFS: 302 to the CDN; small: 307
    HEAD, GET /api/resolve-cache/datasets/{id}/{sha}/{path}?…           to here, whose ETag may be weak

Errors carry ``X-Error-Code`` and ``X-Error-Message``. Anonymous callers get 401 for what is missing
or private, as from the real one; a gated dataset shows its metadata, only its files are refused. What was
seen of the real one stands in facts/wire.md, 1.
"""

import base64
import gzip
import hashlib
import json
import time
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

from tests.fakes.catalogue import seeded
from tests.fakes.content import Blob, binary, text
from tests.fakes.dataset import Account, Catalogue, FakeDataset, Version
from tests.fakes.models import seeded_models
from tests.fakes.server import FakeServer, Reply, Request, reply_json

TREE_PAGE = 1000
#: More of a dataset's files its own record does not list.
MAX_SIBLINGS = 100_000
LIST_PAGE = 100
LEASE_S = 3600
#: The real hub keeps binary files, and text above some size, in LFS.
LFS_SUFFIXES = (".bin", ".png", ".zip", ".parquet")
LFS_ABOVE = 100_000
_GITATTRIBUTES = "".join(f"*{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in LFS_SUFFIXES)
_LISTED = (
    "author", "disabled", "gated", "lastModified", "likes", "private", "sha", "description", "downloads",
    "tags", "createdAt", "trendingScore",
)  # fmt: skip


class Refused(Exception):
    """An error answer as the hub writes it."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
        self.reply = reply_json({"error": message}, status, headers)


class HubFake(FakeServer):
    """``with HubFake() as fake:`` and point ``HF_ENDPOINT`` at ``fake.url``."""

    def __init__(self, catalogue: Catalogue | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self.catalogue = catalogue or seeded()
        self.models = seeded_models()
        self._leases: dict[str, tuple[FakeDataset, str, Blob]] = {}

    # -- the hub ----------------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        try:
            reply = self._route(request)
        except Refused as refused:
            reply = refused.reply
        if reply.status != 429 and "resolve-cache" not in request.path:
            name, left, quota = (
                ("resolvers", 2999, 3000) if "/resolve/" in request.path else ("api", 499, 500)
            )
            reply.headers.setdefault("RateLimit", f'"{name}";r={left};t=240')
            reply.headers.setdefault("RateLimit-Policy", f'"fixed window";"{name}";q={quota};w=300')
        return reply

    def _route(self, request: Request) -> Reply:
        parts = request.path.strip("/").split("/")
        if parts == ["api", "whoami-v2"]:
            return self.trouble(request, "api") or self._whoami(request)
        if parts == ["api", "datasets"]:
            return self.trouble(request, "api") or self._search(request)
        if parts == ["api", "models"]:
            return self.trouble(request, "api") or self._search_models(request)
        match parts:
            case ["api", "models", *rest]:
                return self.trouble(request, "api") or self._model(request, "/".join(rest))
            case ["api", "resolve-cache", "datasets", owner, name, sha, *rest]:
                return self._cached(request, f"{owner}/{name}", sha, "/".join(rest))
            case ["api", "datasets", *rest] if rest:
                return self._under_api(request, rest)
            case ["datasets", *rest] if "resolve" in rest:
                return self._resolve(request, rest)
        raise Refused(404, "Not Found")

    def _caller(self, request: Request) -> Account | None:
        """Who asks; None for an anonymous caller."""
        if not request.authorization:
            if self.faults.take("requires_credentials", "api", request.dataset):
                raise Refused(401, "Authentication is required here.")
            return None
        token = request.authorization.removeprefix("Bearer ")
        refused = self.faults.take("bad_credentials", "api", request.dataset)
        account = next((one for one in self.catalogue.accounts if one.hf_token == token), None)
        if account is None or refused:
            raise Refused(401, "Invalid credentials in Authorization header")
        return account

    def _whoami(self, request: Request) -> Reply:
        caller = self._caller(request)
        if caller is None:
            raise Refused(401, "Invalid username or password.")
        return reply_json({"type": "user", "name": caller.name, "fullname": caller.name.title(), "orgs": []})

    def _search(self, request: Request) -> Reply:
        caller = self._caller(request)
        if request.query.get("expand") and self.faults.take("old_hub", "api"):
            raise Refused(400, "Invalid value for expand")
        owned = caller.owns if caller else set()
        hits = [
            dataset
            for dataset in self.catalogue.at("huggingface")
            if (not dataset.private or dataset.id in owned)
            and all(dataset.matches(words) for words in request.query.get("search", []))
            and set(request.query.get("filter", [])) <= set(_tags(dataset))
            and request.one("gated") in (None, str(bool(dataset.gated)).lower(), str(bool(dataset.gated)))
            and request.one("author") in (None, dataset.owner)
        ]
        sort = request.one("sort")
        hits.sort(
            key=lambda hit: hit.latest.created if sort == "lastModified" else hit.downloads, reverse=True
        )
        size = min(int(request.one("limit") or LIST_PAGE), LIST_PAGE)
        start = _position(request)
        headers = self._next_page(request, start + size) if start + size < len(hits) else {}
        fields = request.query.get("expand") or [
            *_LISTED,
            *(["siblings", "cardData"] if request.one("full") else []),
        ]
        page = [self._info(hit, len(hit.versions), fields) for hit in hits[start : start + size]]
        return reply_json(page, headers=headers)

    def _search_models(self, request: Request) -> Reply:
        self._caller(request)
        fields = request.query.get("expand") or [*_LISTED, "pipeline_tag", "library_name", "cardData"]
        if request.query.get("expand") and self.faults.take("old_hub", "api"):
            raise Refused(400, "Invalid value for expand")
        hits = [
            model
            for model in self.models
            if not model.private
            and all(model.is_named(words) for words in request.query.get("search", []))
            and request.one("pipeline_tag") in (None, model.task)
            and set(request.query.get("filter", [])) <= set(model.all_tags)
        ]
        newest = request.one("sort") == "lastModified"
        hits.sort(key=lambda hit: hit.updated.timestamp() if newest else hit.downloads, reverse=True)
        size = min(int(request.one("limit") or LIST_PAGE), LIST_PAGE)
        return reply_json([hit.told(fields) for hit in hits[:size]])

    def _model(self, request: Request, model_id: str) -> Reply:
        caller = self._caller(request)
        found = next((one for one in self.models if one.id.lower() == model_id.lower()), None)
        if found is None or found.private:
            message = "Invalid username or password." if caller is None else "Repository not found"
            raise Refused(401 if caller is None else 404, message, "RepoNotFound")
        return reply_json(found.told(request.query.get("expand") or [*_LISTED, "pipeline_tag"]))

    def _under_api(self, request: Request, rest: list[str]) -> Reply:
        dataset_id, rest = _split_id(rest, self.catalogue, "/api/datasets/", request)
        request.dataset = dataset_id
        if trouble := self.trouble(request, "api"):
            return trouble
        caller = self._caller(request)
        dataset = self._visible(dataset_id, caller)
        match rest:
            case []:
                return self._described(request, dataset, "main")
            case ["revision", *revision]:
                return self._described(request, dataset, "/".join(revision))
            case ["tree", revision, *folder]:
                return self._tree(request, dataset, revision, "/".join(folder))
            case ["auth-check"]:
                self._admit(dataset, caller)
                return Reply(200)
        raise Refused(404, "Not Found")

    def _visible(self, dataset_id: str, caller: Account | None) -> FakeDataset:
        dataset = self.catalogue.find("huggingface", dataset_id)
        hidden = dataset is None or dataset.private or self.faults.take("private", "api", dataset_id)
        if dataset is not None and (not hidden or (caller and dataset.id in caller.owns)):
            return dataset
        if caller is None:
            raise Refused(401, "Invalid username or password.")
        raise Refused(404, "Repository not found", "RepoNotFound")

    def _admit(self, dataset: FakeDataset, caller: Account | None) -> None:
        gated = dataset.gated or self.faults.take("gated", "api", dataset.id)
        if not gated or (caller and dataset.id in caller.accepted):
            return
        restricted = f"Access to dataset {dataset.id} is restricted"
        if caller is None:
            raise Refused(401, f"{restricted}. You must be authenticated to access it.", "GatedRepo")
        raise Refused(403, f"{restricted} and you are not in the authorized list.", "GatedRepo")

    def _described(self, request: Request, dataset: FakeDataset, revision: str) -> Reply:
        number = _number(dataset, revision)
        fields = request.query.get("expand")
        if not fields:
            return reply_json(
                self._info(dataset, number, [*_LISTED, "siblings", "cardData"], request.one("blobs"))
            )
        if self.faults.take("old_hub", "api", dataset.id):
            raise Refused(400, "Invalid value for expand")
        return reply_json(self._info(dataset, number, fields))

    def _info(
        self, dataset: FakeDataset, number: int, fields: list[str], blobs: str | None = None
    ) -> dict[str, Any]:
        version = dataset.versions[number - 1]
        told: dict[str, Any] = {
            "author": dataset.owner,
            "disabled": dataset.disabled,
            "gated": "manual" if dataset.gated or self.faults.take("gated", "api", dataset.id) else False,
            "lastModified": _time(version.created),
            "createdAt": _time(dataset.versions[0].created),
            "likes": dataset.likes,
            "private": dataset.private,
            "sha": dataset.sha(number),
            # The real hub keeps the page's tabs and line ends in it.
            "description": f"\n\t\n\t\t{dataset.title}\n\t\n\n{dataset.description}",
            "downloads": dataset.downloads,
            "downloadsAllTime": dataset.downloads * 12,
            "tags": _tags(dataset),
            "trendingScore": 1,
            "cardData": {
                "license": dataset.license,
                "pretty_name": dataset.title,
                **({"configs": dataset.configs} if dataset.configs else {}),
                **dataset.card,
            },
        }
        answer = {
            "_id": hashlib.md5(dataset.id.encode(), usedforsecurity=False).hexdigest()[:24],
            "id": dataset.id,
        }
        if "mainSize" in fields:
            told["mainSize"] = sum(blob.size for blob in repository(dataset, dataset.latest).values())
        if "siblings" in fields:
            told["siblings"] = [
                _sibling(path, blob, blobs)
                for path, blob in islice(repository(dataset, version).items(), MAX_SIBLINGS)
            ]
        return answer | {name: told[name] for name in fields if name in told}

    def _tree(self, request: Request, dataset: FakeDataset, revision: str, folder: str) -> Reply:
        files = repository(dataset, dataset.versions[_number(dataset, revision) - 1])
        prefix = f"{folder}/" if folder else ""
        inside = {path: blob for path, blob in files.items() if path.startswith(prefix)}
        if folder and not inside:
            raise Refused(404, "Path not found", "EntryNotFound")
        entries = [_entry(path, blob) for path, blob in inside.items()]
        if request.one("recursive") not in ("true", "True", "1"):
            entries = [entry for entry in entries if "/" not in entry["path"].removeprefix(prefix)]
        folders = {path.rpartition("/")[0] for path in inside if "/" in path}
        entries += [
            {"type": "directory", "oid": "0" * 40, "size": 0, "path": path} for path in sorted(folders)
        ]
        if self.faults.take("zip_slip", "api", dataset.id):
            entries.append(_entry("../../escaped.txt", text("out")))
        start = _position(request)
        more = start + TREE_PAGE < len(entries)
        headers = self._next_page(request, start + TREE_PAGE) if more else {}
        return reply_json(entries[start : start + TREE_PAGE], headers=headers)

    def _next_page(self, request: Request, position: int) -> dict[str, str]:
        cursor = base64.urlsafe_b64encode(json.dumps({"from": position}).encode()).decode()
        query = urlencode({**request.query, "cursor": [cursor]}, doseq=True)
        return {"Link": f'<{self.url}{quote(request.path)}?{query}>; rel="next"'}

    # -- files ------------------------------------------------------------------------------------

    def _resolve(self, request: Request, rest: list[str]) -> Reply:
        dataset_id, rest = _split_id(rest, self.catalogue, "/datasets/", request)
        request.dataset, request.file = dataset_id, "/".join(rest[2:])
        if trouble := self.trouble(request, "bytes"):
            return trouble
        caller = self._caller(request)
        dataset = self._visible(dataset_id, caller)
        self._admit(dataset, caller)
        number = _number(dataset, rest[1])
        files = repository(dataset, dataset.versions[number - 1])
        blob = files.get(request.file)
        commit = {"X-Repo-Commit": dataset.sha(number)}
        if blob is None:
            raise Refused(404, "Entry not found", "EntryNotFound")
        if not _is_lfs(request.file, blob):
            if blob.size and not dataset.private and not dataset.gated:
                escaped = (
                    quote(f"datasets/{dataset.id}/{dataset.sha(number)}") + "/" + quote(request.file, safe="")
                )
                asked = f"{quote(request.path, safe='')}=&etag={quote(_etag(blob))}"
                location = f"/api/resolve-cache/{escaped}?{asked}"
                return Reply(307, commit | {"Location": location, "Accept-Ranges": "bytes"})
            headers = commit | {"Content-Type": "text/plain; charset=utf-8"}
            return Reply(200, headers, content=blob, etag=_etag(blob))
        linked = {"X-Linked-Etag": f'"{blob.sha256}"', "X-Linked-Size": str(blob.size)}
        xet_hash, api = blob.sha256[::-1], f"{self.url}/api/datasets/{dataset.id}"
        links = (
            f'<{api}/xet-read-token/{dataset.sha(number)}>; rel="xet-auth"',
            f'<https://cas-server.xethub.hf.co/reconstructions/{xet_hash}>; rel="xet-reconstruction-info"',
        )
        xet = {"X-Xet-Hash": xet_hash, "Link": ", ".join(links)}
        location = self._signed(dataset, request.file, blob)
        told = commit | linked | xet | {"Accept-Ranges": "bytes"}
        return Reply(302, told | {"Location": location, "ETag": f'"{blob.sha256}"'})

    def _cached(self, request: Request, dataset_id: str, sha: str, path: str) -> Reply:
        """A small public file, by its commit. Packed its ETag is a weak one."""
        request.dataset, request.file = dataset_id, path
        dataset = self.catalogue.find("huggingface", dataset_id)
        blob = repository(dataset, dataset.versions[_number(dataset, sha) - 1]).get(path) if dataset else None
        if blob is None or request.one("etag") != _etag(blob):
            raise Refused(404, "Entry not found", "EntryNotFound")
        headers = {"X-Repo-Commit": sha, "X-Cache": "Hit from cloudfront", "Set-Cookie": "token=; Path=/"}
        headers |= {"Content-Type": "text/plain; charset=utf-8"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            packed = binary(gzip.compress(blob.read(0, blob.size), mtime=0))
            return Reply(200, headers | {"Content-Encoding": "gzip"}, content=packed, etag=f"W/{_etag(blob)}")
        return Reply(200, headers, content=blob, etag=_etag(blob))

    def _signed(self, dataset: FakeDataset, file: str, blob: Blob) -> str:
        folder = hashlib.sha256(dataset.id.encode()).hexdigest()
        path = f"/repos/{folder[:2]}/{folder[2:4]}/{folder}/{blob.sha256}"
        self._leases[path] = (dataset, file, blob)
        lease = self.faults.take("short_lease", "api", dataset.id)
        expires = f"{time.time() + (lease.options['seconds'] if lease else LEASE_S):.3f}"
        disposition = f"inline; filename*=UTF-8''{quote(file.rpartition('/')[2])}"
        query = {
            "response-content-disposition": disposition,
            "Expires": expires,
            "Signature": _signature(path, expires),
            "Key-Pair-Id": "K0FAKE",
        }
        return f"{self.storage_url}{path}?{urlencode(query)}"

    def store(self, request: Request) -> Reply:
        lease = self._leases.get(request.path)
        if lease is None or request.method not in ("GET", "HEAD"):
            return _cdn_error(404, "NoSuchKey")
        dataset, file, blob = lease
        request.dataset, request.file = dataset.id, file
        if trouble := self.trouble(request, "bytes"):
            return trouble
        if request.authorization:
            return _cdn_error(400, "InvalidArgument")
        expires = request.one("Expires") or "0"
        forged = request.one("Signature") != _signature(request.path, expires)
        if (
            forged
            or float(expires) < time.time()
            or self.faults.take("expired_url", "bytes", dataset.id, file)
        ):
            return _cdn_error(403, "AccessDenied")
        headers = {"Content-Type": [], "Cache-Control": "max-age=31536000"}
        headers["Content-Disposition"] = request.one("response-content-disposition") or "inline"
        return Reply(200, headers, content=blob, etag=f'"{blob.sha256}"', bytes_per_s=dataset.bytes_per_s)


def _split_id(rest: list[str], catalogue: Catalogue, base: str, request: Request) -> tuple[str, list[str]]:
    """The dataset's id and what follows it. A name without owner is answered with a redirect (307)."""
    true_id = catalogue.follow("huggingface", rest[0])
    if true_id is not None and (len(rest) == 1 or rest[1] in ("revision", "tree", "resolve", "auth-check")):
        query = f"?{urlencode(request.query, doseq=True)}" if request.query else ""
        location = base + "/".join(quote(part, safe="") for part in [*true_id.split("/"), *rest[1:]]) + query
        redirect = Refused(307, f"Temporary Redirect. Redirecting to {location}")
        redirect.reply.headers["Location"] = location
        raise redirect
    return "/".join(rest[:2]), rest[2:]


def repository(dataset: FakeDataset, version: Version) -> dict[str, Blob]:
    """The repository's files in the order of their paths: the data, a card and git's attributes."""
    files = dict(version.files)
    if dataset.bare:
        return files
    files.setdefault("README.md", text(_card(dataset)))
    files.setdefault(".gitattributes", text(_GITATTRIBUTES))
    return dict(sorted(files.items()))


def _card(dataset: FakeDataset) -> str:
    """The dataset card: YAML front matter, then text. JSON is YAML."""
    name = json.dumps(dataset.title)
    body = dataset.readme or dataset.description
    front = f"---\nlicense: {dataset.license}\npretty_name: {name}\n"
    front += f"configs: {json.dumps(dataset.configs)}\n---\n" if dataset.configs else "---\n"
    return f"{front}\n# {dataset.title}\n\n{body}\n"


def _tags(dataset: FakeDataset) -> list[str]:
    licences = dataset.card.get("license", [dataset.license])
    return [*dataset.tags, *(f"license:{name}" for name in licences), "region:us"]


def _etag(blob: Blob) -> str:
    """Of a file in git."""
    return f'"{blob.git_sha1}"'


def _is_lfs(path: str, blob: Blob) -> bool:
    return path.endswith(LFS_SUFFIXES) or blob.size > LFS_ABOVE


def _pointer(blob: Blob) -> Blob:
    """The text that stands in git for a file in LFS."""
    return text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{blob.sha256}\nsize {blob.size}\n")


def _entry(path: str, blob: Blob) -> dict[str, Any]:
    """A file as the tree lists it."""
    if not _is_lfs(path, blob):
        return {"type": "file", "oid": blob.git_sha1, "size": blob.size, "path": path}
    pointer = _pointer(blob)
    lfs = {"oid": blob.sha256, "size": blob.size, "pointerSize": pointer.size}
    return {"type": "file", "oid": pointer.git_sha1, "size": blob.size, "lfs": lfs, "path": path}


def _sibling(path: str, blob: Blob, blobs: str | None) -> dict[str, Any]:
    """A file as the dataset's own record lists it."""
    if blobs is None:
        return {"rfilename": path}
    entry = _entry(path, blob)
    sibling: dict[str, Any] = {"rfilename": path, "size": blob.size, "blobId": entry["oid"]}
    if "lfs" in entry:
        lfs = entry["lfs"]
        sibling["lfs"] = {"sha256": lfs["oid"], "size": lfs["size"], "pointerSize": lfs["pointerSize"]}
    return sibling


def _number(dataset: FakeDataset, revision: str) -> int:
    """The version's number, counted from 1, of a commit or ``main``."""
    if revision in ("main", "HEAD"):
        return len(dataset.versions)
    for number in range(1, len(dataset.versions) + 1):
        if dataset.sha(number) == revision:
            return number
    raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def _position(request: Request) -> int:
    cursor = request.one("cursor")
    return int(json.loads(base64.urlsafe_b64decode(cursor))["from"]) if cursor else 0


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _signature(path: str, expires: str) -> str:
    """Base64 with ``/`` and ``+`` in it: a client that rewrites a URL's escapes breaks it."""
    return "a/b+" + base64.b64encode(hashlib.sha256(f"{path}?{expires}".encode()).digest()).decode()


def _cdn_error(status: int, code: str) -> Reply:
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    )
    return Reply(status, {"Content-Type": "application/xml"}, body.encode())
