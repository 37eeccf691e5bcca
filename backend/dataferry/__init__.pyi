from dataferry.client.connection import Connection as Connection
from dataferry.client.connection import LibraryDataset as LibraryDataset
from dataferry.client.connection import SearchResult as SearchResult
from dataferry.client.connection import connect as connect
from dataferry.client.connection import download as download
from dataferry.client.connection import load as load
from dataferry.client.connection import search as search
from dataferry.client.dataset import Dataset as Dataset
from dataferry.client.dataset import UnknownTable as UnknownTable
from dataferry.client.image_table import ImageTable as ImageTable
from dataferry.client.optional import MissingLibraryError as MissingLibraryError
from dataferry.client.table import Table as Table
from dataferry.core.errors import DataferryError as DataferryError

__version__: str
