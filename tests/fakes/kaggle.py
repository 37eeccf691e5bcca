"""A fake Kaggle: the RPC protocol that ``kagglesdk`` speaks, and the storage it redirects to.

    POST /v1/datasets.DatasetApiService/{Rpc}      camelCase JSON; anonymous, Basic or Bearer
      ListDatasets · GetDataset · GetDatasetMetadata · ListDatasetFiles
      DownloadDataset → 302 to a signed URL of the storage, which expires
    POST /v1/security.OAuthService/IntrospectToken
    errors: {"code": 403, "message": …} with that status

The storage answers as Google's does: ``x-goog-hash`` with the MD5 in base64, an ETag, ranges, 400
``ExpiredToken`` for an expired URL, 400 where an Authorization header comes along.
"""

import base64
import binascii
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from tests.fakes import made
from tests.fakes.catalogue import seeded
from tests.fakes.content import Blob
from tests.fakes.dataset import Account, Catalogue, FakeDataset, Version
from tests.fakes.server import FakeServer, Reply, Request, reply_json

DEFAULT_PAGE = 20
#: A signed URL of the real storage lives for three days.
LEASE_S = 3 * 86_400
_PREFIX = "/kaggle-data-sets/"
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
        self.reply = reply_json({"code": status, "message": message}, status)


class KaggleFake(FakeServer):
    """``with KaggleFake() as fake:`` and point ``DATAFERRY_KAGGLE_ENDPOINT`` at ``fake.url``."""

    def __init__(self, catalogue: Catalogue | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self.catalogue = catalogue or seeded()
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
        call = self._calls.get(request.path.rpartition("/")[2])
        if call is None or request.method != "POST" or "/v1/" not in request.path:
            return reply_json({"code": 404, "message": "Not Found"}, 404)
        body = request.json()
        if body.get("ownerSlug"):
            request.dataset = f"{body['ownerSlug']}/{body.get('datasetSlug', '')}"
        if trouble := self.trouble(request, "api"):
            return trouble
        try:
            return call(request, self._caller(request))
        except Refused as refused:
            return refused.reply

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
            raise Refused(404, "Dataset not found")
        private = found.private or self.faults.take("private", "api", found.id)
        if private and (caller is None or found.id not in caller.owns):
            raise Refused(403, "Permission 'datasets.get' was denied")
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
        number = dataset.versions.index(version) + 1
        name = asked.get("fileName") or (
            "bundle/archive.zip" if dataset.bundled else next(iter(version.files))
        )
        if name not in version.files and asked.get("fileName"):
            raise Refused(404, "File not found")
        lease = self.faults.take("short_lease", "api", dataset.id)
        seconds = lease.options["seconds"] if lease else LEASE_S
        return Reply(302, {"Location": self._signed(f"{_PREFIX}{dataset.id}/{number}/{name}", seconds)})

    def _introspect(self, request: Request, caller: Account | None) -> Reply:
        token = request.json().get("token")
        owner = next((account for account in self.catalogue.accounts if account.kaggle_token == token), None)
        if owner is None:
            return reply_json({"active": False})
        return reply_json({"active": True, "username": owner.name, "userId": 1, "scope": "resources.read"})

    # -- its storage ------------------------------------------------------------------------------

    def _signed(self, path: str, seconds: float) -> str:
        expires = f"{time.time() + seconds:.3f}"
        query = {
            "X-Goog-Algorithm": "GOOG4-RSA-SHA256",
            "X-Goog-Date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
            "X-Goog-Expires": expires,
            "X-Goog-Signature": _signature(path, expires),
        }
        return f"{self.storage_url}{quote(path)}?{urlencode(query)}"

    def store(self, request: Request) -> Reply:
        owner, slug, number, name = (request.path.removeprefix(_PREFIX).split("/", 3) + [""] * 4)[:4]
        dataset = self.catalogue.find("kaggle", f"{owner}/{slug}")
        if dataset is None or request.method not in ("GET", "HEAD"):
            return _storage_error(404, "NoSuchKey")
        request.dataset, request.file = dataset.id, name.removeprefix("bundle/")
        if trouble := self.trouble(request, "bytes"):
            return trouble
        if request.authorization:
            return _storage_error(400, "InvalidArgument")
        expires = request.one("X-Goog-Expires") or "0"
        if request.one("X-Goog-Signature") != _signature(request.path, expires):
            return _storage_error(403, "SignatureDoesNotMatch")
        expired = float(expires) < time.time() or self.faults.take("expired_url", "bytes", dataset.id)
        if expired:
            return _storage_error(400, "ExpiredToken")
        blob = self._blob(dataset, dataset.versions[int(number) - 1], name)
        headers = {
            "Content-Type": "application/zip" if name.endswith(".zip") else "text/csv",
            "x-goog-hash": f"crc32c=AAAAAA==,md5={base64.b64encode(blob.md5).decode()}",
            "x-goog-stored-content-length": str(blob.size),
        }
        return Reply(200, headers, content=blob, etag=f'"{blob.md5.hex()}"', bytes_per_s=dataset.bytes_per_s)

    def _blob(self, dataset: FakeDataset, version: Version, name: str) -> Blob:
        if name != "bundle/archive.zip":
            return version.files[name]
        if self.faults.take("zip_slip", "api", dataset.id):
            return made.escaping_archive()
        if fault := self.faults.take("zip_bomb", "api", dataset.id):
            return made.bomb(fault.options["bytes"])
        if self.faults.take("non_utf8_names", "api", dataset.id):
            return made.latin1_archive()
        return version.archive


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
        "ref": dataset.id,
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
        "usabilityRating": 0.88,
        "tags": [{"ref": tag.replace(" ", "-"), "name": tag} for tag in dataset.tags],
    }


def _time(moment: datetime) -> str:
    """Kaggle writes UTC with seven digits of fractions."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def _signature(path: str, expires: str) -> str:
    """Base64 with ``/`` and ``+`` in it: a client that rewrites a URL's escapes breaks it."""
    return "a/b+" + base64.b64encode(hashlib.sha256(f"{path}?{expires}".encode()).digest()).decode()


def _storage_error(status: int, code: str) -> Reply:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return Reply(status, {"Content-Type": "application/xml; charset=UTF-8"}, body.encode())
