from dataferry.versioning.declare.declarations import File as File
from dataferry.versioning.declare.declarations import dataset as dataset
from dataferry.versioning.declare.declarations import ingest as ingest
from dataferry.versioning.declare.declarations import transform as transform
from dataferry.versioning.declare.formats import Format as Format
from dataferry.versioning.declare.formats import arrow as arrow
from dataferry.versioning.declare.formats import avi as avi
from dataferry.versioning.declare.formats import avif as avif
from dataferry.versioning.declare.formats import bin as bin
from dataferry.versioning.declare.formats import bmp as bmp
from dataferry.versioning.declare.formats import bz2 as bz2
from dataferry.versioning.declare.formats import csv as csv
from dataferry.versioning.declare.formats import dcm as dcm
from dataferry.versioning.declare.formats import exr as exr
from dataferry.versioning.declare.formats import flac as flac
from dataferry.versioning.declare.formats import gif as gif
from dataferry.versioning.declare.formats import glb as glb
from dataferry.versioning.declare.formats import gz as gz
from dataferry.versioning.declare.formats import h5 as h5
from dataferry.versioning.declare.formats import heic as heic
from dataferry.versioning.declare.formats import html as html
from dataferry.versioning.declare.formats import jpeg as jpeg
from dataferry.versioning.declare.formats import jpg as jpg
from dataferry.versioning.declare.formats import json as json
from dataferry.versioning.declare.formats import jsonl as jsonl
from dataferry.versioning.declare.formats import m4a as m4a
from dataferry.versioning.declare.formats import md as md
from dataferry.versioning.declare.formats import mkv as mkv
from dataferry.versioning.declare.formats import mov as mov
from dataferry.versioning.declare.formats import mp3 as mp3
from dataferry.versioning.declare.formats import mp4 as mp4
from dataferry.versioning.declare.formats import nii as nii
from dataferry.versioning.declare.formats import npy as npy
from dataferry.versioning.declare.formats import npz as npz
from dataferry.versioning.declare.formats import ogg as ogg
from dataferry.versioning.declare.formats import parquet as parquet
from dataferry.versioning.declare.formats import pdf as pdf
from dataferry.versioning.declare.formats import ply as ply
from dataferry.versioning.declare.formats import png as png
from dataferry.versioning.declare.formats import pt as pt
from dataferry.versioning.declare.formats import safetensors as safetensors
from dataferry.versioning.declare.formats import svg as svg
from dataferry.versioning.declare.formats import tar as tar
from dataferry.versioning.declare.formats import tif as tif
from dataferry.versioning.declare.formats import tiff as tiff
from dataferry.versioning.declare.formats import tsv as tsv
from dataferry.versioning.declare.formats import txt as txt
from dataferry.versioning.declare.formats import wav as wav
from dataferry.versioning.declare.formats import webm as webm
from dataferry.versioning.declare.formats import webp as webp
from dataferry.versioning.declare.formats import xml as xml
from dataferry.versioning.declare.formats import xz as xz
from dataferry.versioning.declare.formats import yaml as yaml
from dataferry.versioning.declare.formats import zip as zip
from dataferry.versioning.declare.formats import zst as zst

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
