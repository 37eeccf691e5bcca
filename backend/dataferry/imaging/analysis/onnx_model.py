"""An ONNX model in the sandbox. It stays loaded for the next picture."""

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dataferry.imaging.analysis.model_declaration import BadModel, Declaration, read_declaration
from dataferry.imaging.analysis.model_input import input_form, prepared
from dataferry.imaging.analysis.model_output import read_boxes, read_labels

if TYPE_CHECKING:
    from PIL.Image import Image

_LONGEST_REASON = 200
#: What ONNX Runtime puts before its sentences.
_PREFIX = re.compile(r"^\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : ")
#: By path, time and size; one at a time, since a model takes a good part of the process's memory.
_loaded: dict[tuple[str, int, int], "OnnxModel"] = {}


def opened_model(path: Path) -> "OnnxModel":
    """Errors: ``BadModel``."""
    try:
        state = path.stat()
    except OSError:
        raise BadModel("Its file is not there, or cannot be read.") from None
    key = (str(path), state.st_mtime_ns, state.st_size)
    if key not in _loaded:
        _loaded.clear()
        _loaded[key] = OnnxModel(path)
    return _loaded[key]


class OnnxModel:
    """Errors: ``BadModel`` for what is no ONNX model, or does not declare what is needed."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        onnxruntime.set_default_logger_severity(4)
        options = onnxruntime.SessionOptions()
        # Threads and arenas reserve address space, which is limited here.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        try:
            content = path.read_bytes()
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except MemoryError:
            raise
        except Exception as error:  # ONNX Runtime has an error of its own for each kind of damage
            raise BadModel(f"It is no ONNX model that can be read ({_reason(error, path)}).") from error
        metadata = self._session.get_modelmeta().custom_metadata_map
        self._declared: Declaration = read_declaration(metadata)
        self._form = input_form(self._session.get_inputs(), self._declared)
        self._name = self._declared.name or path.stem
        self._version = self._declared.version or f"sha256 {hashlib.sha256(content).hexdigest()[:12]}"

    def run(self, picture: "Image") -> dict[str, Any]:
        """See ``looks.run_model``. ``picture`` is upright, of mode ``RGB``. Errors: ``BadModel``."""
        values, placement = prepared(picture, self._form, self._declared)
        names = [one.name for one in self._session.get_outputs()]
        try:
            outputs = self._session.run(names, {self._session.get_inputs()[0].name: values})
        except MemoryError:
            raise
        except Exception as error:  # as above
            raise BadModel(f"It fails on this picture ({_reason(error)}).") from error
        if self._declared.task == "detection":
            by_name = dict(zip(names, outputs, strict=True))
            found = read_boxes(by_name, self._declared, placement, picture.size)
        else:
            found = read_labels(outputs, self._declared)
        return found | {
            "name": self._name,
            "version": self._version,
            "task": self._declared.task,
            "licence": self._declared.licence,
            "prepared": self._form.words,
        }


def _reason(error: Exception, path: Path | None = None) -> str:
    """The first line of what is said, without the folders of this machine."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if any(word in text for word in ("bad_alloc", "bad allocation", "Failed to allocate memory")):
        return "it needs more memory than it may have"
    text = text.replace(str(path.parent), "…") if path is not None else text
    return _PREFIX.sub("", text)[:_LONGEST_REASON].rstrip(" .")
