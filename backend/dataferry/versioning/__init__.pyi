from dataferry.versioning.declarations import File as File
from dataferry.versioning.declarations import dataset as dataset
from dataferry.versioning.declarations import ingest as ingest
from dataferry.versioning.declarations import transform as transform
from dataferry.versioning.formats import Format as Format
from dataferry.versioning.formats import arrow as arrow
from dataferry.versioning.formats import avi as avi
from dataferry.versioning.formats import avif as avif
from dataferry.versioning.formats import bin as bin
from dataferry.versioning.formats import bmp as bmp
from dataferry.versioning.formats import bz2 as bz2
from dataferry.versioning.formats import csv as csv
from dataferry.versioning.formats import dcm as dcm
from dataferry.versioning.formats import exr as exr
from dataferry.versioning.formats import flac as flac
from dataferry.versioning.formats import gif as gif
from dataferry.versioning.formats import glb as glb
from dataferry.versioning.formats import gz as gz
from dataferry.versioning.formats import h5 as h5
from dataferry.versioning.formats import heic as heic
from dataferry.versioning.formats import html as html
from dataferry.versioning.formats import jpeg as jpeg
from dataferry.versioning.formats import jpg as jpg
from dataferry.versioning.formats import json as json
from dataferry.versioning.formats import jsonl as jsonl
from dataferry.versioning.formats import m4a as m4a
from dataferry.versioning.formats import md as md
from dataferry.versioning.formats import mkv as mkv
from dataferry.versioning.formats import mov as mov
from dataferry.versioning.formats import mp3 as mp3
from dataferry.versioning.formats import mp4 as mp4
from dataferry.versioning.formats import nii as nii
from dataferry.versioning.formats import npy as npy
from dataferry.versioning.formats import npz as npz
from dataferry.versioning.formats import ogg as ogg
from dataferry.versioning.formats import parquet as parquet
from dataferry.versioning.formats import pdf as pdf
from dataferry.versioning.formats import ply as ply
from dataferry.versioning.formats import png as png
from dataferry.versioning.formats import pt as pt
from dataferry.versioning.formats import safetensors as safetensors
from dataferry.versioning.formats import svg as svg
from dataferry.versioning.formats import tar as tar
from dataferry.versioning.formats import tif as tif
from dataferry.versioning.formats import tiff as tiff
from dataferry.versioning.formats import tsv as tsv
from dataferry.versioning.formats import txt as txt
from dataferry.versioning.formats import wav as wav
from dataferry.versioning.formats import webm as webm
from dataferry.versioning.formats import webp as webp
from dataferry.versioning.formats import xml as xml
from dataferry.versioning.formats import xz as xz
from dataferry.versioning.formats import yaml as yaml
from dataferry.versioning.formats import zip as zip
from dataferry.versioning.formats import zst as zst

BUILTIN_NAMES: tuple[str, ...]

def public_names() -> list[str]: ...

__all__ = [
    "File",
    "Format",
    "arrow",
    "avi",
    "avif",
    "bmp",
    "bz2",
    "csv",
    "dataset",
    "dcm",
    "exr",
    "flac",
    "gif",
    "glb",
    "gz",
    "h5",
    "heic",
    "html",
    "ingest",
    "jpeg",
    "jpg",
    "json",
    "jsonl",
    "m4a",
    "md",
    "mkv",
    "mov",
    "mp3",
    "mp4",
    "nii",
    "npy",
    "npz",
    "ogg",
    "parquet",
    "pdf",
    "ply",
    "png",
    "pt",
    "safetensors",
    "svg",
    "tar",
    "tif",
    "tiff",
    "transform",
    "tsv",
    "txt",
    "wav",
    "webm",
    "webp",
    "xml",
    "xz",
    "yaml",
    "zst",
]
