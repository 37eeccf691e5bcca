"""A fake Kaggle: the RPC protocol that ``kagglesdk`` speaks, and the storage it redirects to.

    POST /v1/datasets.DatasetApiService/{Rpc}      camelCase JSON; anonymous, Basic or Bearer
      ListDatasets · GetDataset · GetDatasetMetadata · ListDatasetFiles
      DownloadDataset → 302 to a signed URL of the storage, which expires
    POST /v1/security.OAuthService/IntrospectToken
    errors: {"error": {"code": 403, "message": …, "status": "PERMISSION_DENIED"}} with that status

A dataset that does not exist is refused as a private one is: 403. The storage answers as Google's does:
``x-goog-hash`` with the CRC32C and the MD5 in header lines of their own, an ETag, ranges, 400
``ExpiredToken`` for an expired URL, 400 where an Authorization header comes along (facts/wire.md, 2).
"""

import base64
import binascii
import hashlib
import json
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tests.fakes import made
from tests.fakes.catalogue import seeded
from tests.fakes.content import Blob
from tests.fakes.dataset import Account, Catalogue, FakeDataset, Version
from tests.fakes.faults import Where
from tests.fakes.refusals import refusal
from tests.fakes.server import FakeServer, Reply, Request, reply_json

DEFAULT_PAGE = 20
#: A signed URL of the real storage lives for three days.
LEASE_S = 3 * 86_400
_DENIED = "Permission 'datasets.get' was denied"
_ACCOUNT = "gcp-kaggle-com@kaggle-161607.iam.gserviceaccount.com"
_FILE_TYPES = {"CSV": ".csv", "JSON": ".json", "PARQUET": ".parquet", "SQLITE": ".sqlite"}
_LICENSE_GROUPS = {"CC": ("cc", "attribution"), "GPL": ("gpl",), "ODB": ("database",), "OTHER": ("",)}
_SORT_KEYS: dict[str, Callable[[FakeDataset], Any]] = {
    "DATASET_SORT_BY_VOTES": lambda dataset: dataset.likes,
    "DATASET_SORT_BY_UPDATED": lambda dataset: dataset.latest.created,
    "DATASET_SORT_BY_DOWNLOAD_COUNT": lambda dataset: dataset.downloads,
}


class Refused(Exception):
    """An error answer: ``status`` and the message of its body."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.reply = refusal(status, message)


class KaggleFake(FakeServer):
    """``with KaggleFake() as fake:`` and point ``DATAFERRY_KAGGLE_ENDPOINT`` at ``fake.url``."""

    def __init__(self, catalogue: Catalogue | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self.catalogue = catalogue or seeded()
        #: What IntrospectToken answers for a token that is not one: 400, 403 and 404 have been seen.
        self.wrong_token_status = 400
        self._objects: dict[str, tuple[FakeDataset, Version, str]] = {}
        #: For each signature the path that it is for, and until when.
        self._leases: dict[str, tuple[str, float]] = {}
        self._calls: dict[str, Callable[[Request, Account | None], Reply]] = {
            "ListDatasets": self._list,
            "GetDataset": self._get,
            "GetDatasetMetadata": self._metadata,
            "ListDatasetFiles": self._files,
            "DownloadDataset": self._download,
            "IntrospectToken": self._introspect,
        }

    # -- the API ----------------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply:
        name = request.path.rpartition("/")[2]
        call = self._calls.get(name)
        if call is None or request.method != "POST" or "/v1/" not in request.path:
            return refusal(404, "Not Found", "html")
        request.file = name
        body = request.json()
        if body.get("ownerSlug"):
            request.dataset = f"{body['ownerSlug']}/{body.get('datasetSlug', '')}"
        if trouble := self.trouble(request, "api"):
            return trouble
        try:
            # A token is asked about without being one's own.
            caller = None if name == "IntrospectToken" else self._caller(request)
            return call(request, caller)
        except Refused as refused:
            return refused.reply

    def trouble(self, request: Request, where: Where) -> Reply | None:
        reply = super().trouble(request, where)
        # Both hubs' shapes in one; Kaggle's own is nested.
        if reply is not None and {"error", "message"} <= (told := _json_object(reply)).keys():
            reply.body = refusal(reply.status, told["message"]).body
        return reply

    def _caller(self, request: Request) -> Account | None:
        """Who asks; None for an anonymous caller."""
        scheme, _, value = (request.authorization or "").partition(" ")
        if not value:
            if self.faults.take("requires_credentials", "api", request.dataset):
                raise Refused(401, "Unauthenticated")
            return None
        if self.faults.take("bad_credentials", "api", request.dataset):
            raise Refused(401, "Unauthenticated")
        for account in self.catalogue.accounts:
            if scheme == "Bearer" and value == account.kaggle_token:
                return account
            if scheme == "Basic" and _basic(value) == (account.name, account.kaggle_key):
                return account
        raise Refused(401, "Unauthenticated")

    def _dataset(self, request: Request, caller: Account | None) -> FakeDataset:
        found = self.catalogue.find("kaggle", request.dataset or "")
        if found is None:
            raise Refused(403, _DENIED)
        private = found.private or self.faults.take("private", "api", found.id)
        if private and (caller is None or found.id not in caller.owns):
            raise Refused(403, _DENIED)
        return found

    def _list(self, request: Request, caller: Account | None) -> Reply:
        asked = request.json()
        if asked.get("group", "").startswith("DATASET_SELECTION_GROUP_MY"):
            if caller is None:
                raise Refused(401, "Unauthenticated")
            hits = [dataset for dataset in self.catalogue.at("kaggle") if dataset.owner == caller.name]
        else:
            hits = [
                dataset
                for dataset in self.catalogue.at("kaggle")
                if not dataset.private
                and dataset.matches(asked.get("search", ""))
                and _passes(dataset, asked)
            ]
        key = _SORT_KEYS.get(asked.get("sortBy", ""), lambda dataset: dataset.likes)
        hits.sort(key=key, reverse=True)
        size = asked.get("pageSize") or DEFAULT_PAGE
        start = (
            int(asked["pageToken"]) if asked.get("pageToken") else (max(1, asked.get("page") or 1) - 1) * size
        )
        page = hits[start : start + size]
        following = str(start + size) if start + size < len(hits) else ""
        return reply_json({"datasets": [_summary(dataset) for dataset in page], "nextPageToken": following})

    def _get(self, request: Request, caller: Account | None) -> Reply:
        dataset = self._dataset(request, caller)
        described = _summary(dataset) | {
            "description": dataset.readme,
            "versions": [
                {"versionNumber": number, "creationDate": _time(version.created), "status": "Ready"}
                for number, version in enumerate(dataset.versions, start=1)
            ],
        }
        return reply_json(described)

    def _metadata(self, request: Request, caller: Account | None) -> Reply:
        dataset = self._dataset(request, caller)
        info = {
            "datasetId": 1,
            "datasetSlug": dataset.id.partition("/")[2],
            "ownerUser": dataset.owner,
            "title": dataset.title,
            "subtitle": dataset.description,
            "description": dataset.readme,
            "totalDownloads": dataset.downloads,
            "totalVotes": dataset.likes,
            "isPrivate": dataset.private,
            "keywords": list(dataset.tags),
            "licenses": [{"name": dataset.license}],
        }
        return reply_json({"info": info})

    def _files(self, request: Request, caller: Account | None) -> Reply:
        dataset = self._dataset(request, caller)
        asked = request.json()
        version = _version(dataset, asked)
        size = asked.get("pageSize") or DEFAULT_PAGE
        start = int(asked.get("pageToken") or 0)
        listed = sorted(version.files.items())
        entries = [
            {"ref": path, "name": path, "totalBytes": blob.size, "creationDate": _time(version.created)}
            for path, blob in listed[start : start + size]
        ]
        following = str(start + size) if start + size < len(listed) else ""
        return reply_json({"datasetFiles": entries, "nextPageToken": following})

    def _download(self, request: Request, caller: Account | None) -> Reply:
        dataset = self._dataset(request, caller)
        asked = request.json()
        version = _version(dataset, asked)
        gated = dataset.gated or self.faults.take("gated", "api", dataset.id)
        if gated and (caller is None or dataset.id not in caller.accepted):
            raise Refused(403, "You must accept this dataset's rules before you can download it")
        if not version.size:
            raise Refused(403, _DENIED)
        name = asked.get("fileName")
        if name and name not in version.files:
            raise Refused(404, "File not found")
        lease = self.faults.take("short_lease", "api", dataset.id)
        seconds = lease.options["seconds"] if lease else LEASE_S
        location = self._signed(self._path(dataset, version, name), seconds)
        return Reply(302, {"Location": location})

    def _path(self, dataset: FakeDataset, version: Version, name: str | None) -> str:
        """Where the storage has a version's archive, or one of its files, as it is."""
        number = dataset.number * 100 + dataset.versions.index(version)
        if name is None and dataset.bundled:
            path = f"/kaggle-data-sets/{dataset.number}/{number}/bundle/archive.zip"
        elif name in dataset.zipped:
            path = f"/kaggle-data-sets/{dataset.number}/{number}/compressed/{name}.zip"
        else:
            name = name or next(iter(version.files))
            path = f"/kagglesdsdata/datasets/{dataset.number}/{number}/{name}"
        self._objects[path] = (dataset, version, name or "")
        return path

    def _introspect(self, request: Request, caller: Account | None) -> Reply:
        token = request.json().get("token")
        owner = next((account for account in self.catalogue.accounts if account.kaggle_token == token), None)
        if owner is None or self.faults.take("bad_credentials", "api"):
            raise Refused(self.wrong_token_status, "Invalid token")
        return reply_json({"active": True, "username": owner.name, "userId": 1, "scope": "resources.read"})

    # -- its storage ------------------------------------------------------------------------------

    def _signed(self, path: str, seconds: float) -> str:
        now = datetime.now(UTC)
        signature = _signature(f"{path}@{time.time_ns()}")
        self._leases[signature] = (path, time.time() + seconds)
        query = {
            "X-Goog-Algorithm": "GOOG4-RSA-SHA256",
            "X-Goog-Credential": f"{_ACCOUNT}/{now:%Y%m%d}/auto/storage/goog4_request",
            "X-Goog-Date": f"{now:%Y%m%dT%H%M%SZ}",
            "X-Goog-Expires": str(math.ceil(seconds)),
            "X-Goog-SignedHeaders": "host",
            "X-Goog-Signature": signature,
        }
        return f"{self.storage_url}{quote(path)}?{urlencode(query)}"

    def store(self, request: Request) -> Reply:
        if request.path not in self._objects or request.method not in ("GET", "HEAD"):
            return _storage_error(404, "NoSuchKey")
        dataset, version, name = self._objects[request.path]
        request.dataset, request.file = dataset.id, name or "archive.zip"
        if trouble := self.trouble(request, "bytes"):
            return trouble
        if request.authorization:
            return _storage_error(400, "InvalidArgument")
        path, until = self._leases.get(request.one("X-Goog-Signature") or "", ("", 0.0))
        host = urlsplit(self.storage_url).netloc
        if path != request.path or request.headers.get("host") != host:
            return _storage_error(403, "SignatureDoesNotMatch")
        if until < time.time() or self.faults.take("expired_url", "bytes", dataset.id):
            return _storage_error(400, "ExpiredToken")
        blob = self._blob(dataset, version, name)
        zipped = ("", *dataset.zipped)
        hashes = [f"crc32c={base64.b64encode(blob.crc32c).decode()}"]
        if not dataset.composite:
            hashes.append(f"md5={base64.b64encode(blob.md5).decode()}")
        headers = {
            "Content-Type": "application/octet-stream" if name not in zipped else "application/zip",
            "Last-Modified": format_datetime(version.created, usegmt=True),
            "x-goog-hash": hashes,
            "x-goog-stored-content-length": str(blob.size),
        }
        return Reply(200, headers, content=blob, etag=f'"{blob.md5.hex()}"', bytes_per_s=dataset.bytes_per_s)

    def _blob(self, dataset: FakeDataset, version: Version, name: str) -> Blob:
        if name:
            return version.zipped(name) if name in dataset.zipped else version.files[name]
        if self.faults.take("zip_slip", "api", dataset.id):
            return made.escaping_archive()
        if fault := self.faults.take("zip_bomb", "api", dataset.id):
            return made.bomb(fault.options["bytes"])
        if self.faults.take("non_utf8_names", "api", dataset.id):
            return made.latin1_archive()
        return version.archive


def _json_object(reply: Reply) -> dict[str, Any]:
    try:
        told = json.loads(reply.body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) and reply.status >= 400 else {}


def _basic(value: str) -> tuple[str, str]:
    try:
        name, _, key = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, key


def _passes(dataset: FakeDataset, asked: dict[str, Any]) -> bool:
    suffix = _FILE_TYPES.get(asked.get("fileType", "").rpartition("_")[2])
    if suffix and not any(path.endswith(suffix) for path in dataset.latest.files):
        return False
    group = _LICENSE_GROUPS.get(asked.get("license", "").rpartition("_")[2])
    if group and not any(word in dataset.license.lower() for word in group):
        return False
    low, high = asked.get("minSize") or 0, asked.get("maxSize")
    return dataset.latest.size >= low and (high is None or dataset.latest.size <= high)


def _version(dataset: FakeDataset, asked: dict[str, Any]) -> Version:
    number = asked.get("datasetVersionNumber") or len(dataset.versions)
    if not 1 <= number <= len(dataset.versions):
        raise Refused(404, "Dataset version not found")
    return dataset.versions[number - 1]


def _summary(dataset: FakeDataset) -> dict[str, Any]:
    return {
        "id": 1,
        "ref": f"organizations/{dataset.id}" if dataset.organization else dataset.id,
        "title": dataset.title,
        "subtitle": dataset.description,
        "creatorName": dataset.owner,
        "ownerRef": dataset.owner,
        "totalBytes": dataset.latest.size,
        "url": f"https://www.kaggle.com/datasets/{dataset.id}",
        "lastUpdated": _time(dataset.latest.created),
        "downloadCount": dataset.downloads,
        "voteCount": dataset.likes,
        "isPrivate": dataset.private,
        "licenseName": dataset.license,
        "currentVersionNumber": len(dataset.versions),
        "usabilityRating": 1 if dataset.organization else 0.88,
        "tags": [{"ref": tag.replace(" ", "-"), "name": tag} for tag in dataset.tags],
    }


def _time(moment: datetime) -> str:
    """Kaggle writes UTC with three digits of fractions."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _signature(signed: str) -> str:
    """Base64 with ``/`` and ``+`` in it: a client that rewrites a URL's escapes breaks it."""
    return "a/b+" + base64.b64encode(hashlib.sha256(signed.encode()).digest()).decode()


def _storage_error(status: int, code: str) -> Reply:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return Reply(status, {"Content-Type": "application/xml; charset=UTF-8"}, body.encode())
