"""One batch forwards and backwards: the proof that a training loop can use a dataset. Needs torch."""

from typing import Any

import numpy as np
import torch

from dataferry.plugins.base import DatasetPlugin

_BATCH = 4


def run_batch(plugin: DatasetPlugin) -> str:
    """Train the smallest model there is for one step. Errors: ``ValueError`` for a loss that is no number."""
    samples: Any = plugin.load_train() or plugin.load_val() or plugin.load_test()
    if plugin.task_type == "detection":
        samples = plugin.wrap_for_training(samples)
    count = min(_BATCH, len(samples))
    chosen = [samples[index] for index in range(count)]
    images = torch.stack([_tensor(plugin, image) for image, _ in chosen])
    outputs = plugin.num_classes if plugin.task_type == "classification" else 4
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(images[0].numel(), outputs))
    loss = _loss(plugin, model(images), [target for _, target in chosen])
    loss.backward()
    if not torch.isfinite(loss):
        raise ValueError(f"the loss of the first batch is {loss.item()}")
    return f"{tuple(images.shape)}, loss {loss.item():.3f}"


def _tensor(plugin: DatasetPlugin, image: Any) -> Any:
    """An image as training takes it: of ``input_shape``, from 0 to 1, normalized."""
    channels, height, width = plugin.input_shape
    resized = image.convert("L" if channels == 1 else "RGB").resize((width, height))
    pixels = np.asarray(resized, np.float32).reshape(height, width, channels) / 255
    if plugin.normalization is not None:
        mean, deviation = (np.array(values, np.float32) for values in plugin.normalization)
        pixels = (pixels - mean) / deviation
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def _loss(plugin: DatasetPlugin, outputs: Any, targets: list[Any]) -> Any:
    if plugin.task_type == "classification":
        return torch.nn.functional.cross_entropy(outputs, torch.tensor(targets), ignore_index=-1)
    middles = [np.asarray(target["boxes"]) for target in targets]
    wanted = np.stack([boxes.mean(0) if len(boxes) else np.zeros(4, np.float32) for boxes in middles])
    return (outputs - torch.from_numpy(wanted)).abs().mean()
