"""What its author says of a dataset, and why it has no preview."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dataferry.accounts.credentials import CredentialResolver
from dataferry.accounts.security import Secrets
from dataferry.core.db import Database
from dataferry.core.errors import NotFound, SourceUnreachable
from dataferry.core.settings import Settings
from dataferry.jobs.service import Jobs
from dataferry.library.access import Access
from dataferry.library.preview_views import Readme
from dataferry.library.private_urls import PrivateUrls
from dataferry.library.readmes import Readmes
from dataferry.library.search import DatasetSearch
from dataferry.realtime import Realtime
from dataferry.sources.catalog import Catalog
from dataferry.sources.metadata import README_CHARS
from tests.contract.test_shelf import BOB, EVE, World
from tests.support.shelf_source import ShelfSource

pytestmark = pytest.mark.anyio


class Library(World):
    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__(database, folder)
        settings = Settings(_env_file=None, data_dir=folder, database_url=database.url, secret_key="k" * 32)
        self.source = ShelfSource("kaggle")
        self.catalog = Catalog({"kaggle": self.source}, settings)
        secrets = Secrets(settings)
        credentials = CredentialResolver(database, settings, secrets)
        jobs = Jobs(database, settings, Realtime())
        search = DatasetSearch(database, self.catalog, jobs, credentials, PrivateUrls(secrets))
        self.readmes = Readmes(database, self.store, search, Access(database, self.catalog, credentials))

    async def readme(self, contents: Mapping[str, bytes], *, visibility: str = "public") -> Readme:
        tree = self.hold({path: len(content) for path, content in contents.items()}, visibility=visibility)
        self.write(tree, *contents, contents=contents)
        return await self.readmes.get(BOB, "kaggle:acme~one")


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[Library]:
    library = Library(database, tmp_path)
    yield library
    library.catalog.close()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (b"---\nlicense: mit\ntags:\n- a\n---\n# Title\n", "# Title"),
        (b"\xef\xbb\xbf---\r\nlicense: mit\r\n---\r\n# Title\r\n", "# Title"),
        (b"---\nlicense: mit\n...\n# Title", "# Title"),
        (b"---\n---\n# Title", "# Title"),
        # huggingface/huggingface_hub#3813: a blank, perhaps one that does not break, after the dashes.
        ("---\nlicense: [\n---\u00a0 \n\n# Title".encode(), "# Title"),
        (b"# Title\n\n---\n\nA rule above\n\n---\n", "# Title\n\n---\n\nA rule above\n\n---"),
        (b"---\nnever closed\n# Title", "---\nnever closed\n# Title"),
        ("# Größe".encode("utf-16"), "# Größe"),
        ("# Größe".encode("latin-1"), "# Größe"),
        (b"# Re\x00ad\x1b[31m", "# Re ad [31m"),
        ("# safe\u202etxt".encode(), "# safetxt"),
    ],
)
async def test_a_readme_is_shown_without_its_front_matter(world: Library, written: bytes, shown: str) -> None:
    readme = await world.readme({"README.md": written, "a.csv": b"a\n1\n"})
    assert (readme.text, readme.origin, readme.path) == (shown, "file", "README.md")


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (("docs/readme.md", "ReadMe.MD"), "ReadMe.MD"),
        (("top/README.txt", "top/README.md", "top/deep/README.md"), "top/README.md"),
        (("README", "dataset_card.md"), "README"),
        (("my_readme.md", "data/README.rst"), "data/README.rst"),
    ],
)
async def test_the_one_at_the_top_is_shown(world: Library, paths: tuple[str, ...], found: str) -> None:
    assert (await world.readme({path: path.encode() for path in paths})).path == found


async def test_a_very_long_one_is_cut_and_says_so(world: Library) -> None:
    readme = await world.readme({"README.md": "ü".encode() * (5 * README_CHARS)})
    assert len(readme.text) == README_CHARS
    assert readme.cut


async def test_without_a_file_the_source_is_asked_and_its_silence_is_no_error(world: Library) -> None:
    assert (await world.readme({"a.csv": b"a\n", "my_readme.md": b"no"})).text == "# kaggle:acme/one"
    world.catalog.close()
    quiet = Library(world.database, world.store.root.parent)
    quiet.source.error = SourceUnreachable("It is away.")
    readme = await quiet.readmes.get(BOB, "kaggle:acme~one")
    quiet.catalog.close()
    assert (readme.text, readme.origin) == ("", None)


async def test_a_restricted_ones_readme_is_for_those_with_access(world: Library) -> None:
    await world.readme({"README.md": b"# Secret"}, visibility="restricted")
    with pytest.raises(NotFound):
        await world.readmes.get(EVE, "kaggle:acme~one")


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [
        ({f"{n}.png": 9 for n in range(3)}, "Its files are pictures (.png)."),
        ({"a.dcm": 9, "b.dcm": 9, "c.txt": 3}, "Most of its files are medical images (.dcm)."),
        ({"model.h5": 9}, "Its file is a file of arrays (.h5)."),
        ({"a.bin": 9}, "Its file a.bin is no table."),
        ({"a.bin": 9, "b.xyz": 9}, "None of its files is a table: they are .bin, .xyz."),
        ({"all.zip": 9, "b.png": 9}, "What is in all.zip is still packed."),
        ({"a.csv.tar.gz": 9, "b.7z": 9}, "What is in its 2 archives is still packed."),
        ({"a.png": 0}, "Its files are empty."),
        ({}, "It has no files."),
    ],
)
async def test_why_there_is_no_preview(world: Library, sizes: dict[str, int], reason: str) -> None:
    world.hold(sizes)
    files = await world.shelf.preview_files(BOB, "kaggle:acme~one")
    assert (files.files, files.reason) == ((), reason)
    assert files.next_step


async def test_every_table_can_be_chosen_the_main_one_first(world: Library) -> None:
    world.hold({"z/test.tsv": 5, "train.csv": 3, "big.csv": 9, "info.json": 99, "a.png": 4})
    files = await world.shelf.preview_files(BOB, "kaggle:acme~one")
    assert [file.path for file in files.files] == ["train.csv", "big.csv", "z/test.tsv", "info.json"]
    assert files.files[1].size == 9
