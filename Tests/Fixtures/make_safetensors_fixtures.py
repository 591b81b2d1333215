#!/usr/bin/env python3
"""Writes safetensors/types.safetensors beside itself: one tensor of each type that is read, by the format's own library.

Made with safetensors 0.8 and PyTorch 2.15 (CPU).

    python3 make_safetensors_fixtures.py
"""
import pathlib

import torch
from safetensors.torch import save_file

VALUES = [[0.0, -1.5, 2.25], [1 / 3, 65504.0, -2.0**-14]]
folder = pathlib.Path(__file__).parent / "safetensors"
folder.mkdir(exist_ok=True)
floats = {name: torch.tensor(VALUES, dtype=getattr(torch, name)) for name in ("float64", "float32", "float16", "bfloat16")}
others = {
    "int64": torch.tensor([-3, 2**40]), "int32": torch.tensor([7, -8], dtype=torch.int32),
    "uint8": torch.tensor([0, 255], dtype=torch.uint8), "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(0.5), "empty": torch.zeros(0, 4),
}
save_file({**floats, **others}, folder / "types.safetensors", metadata={"format": "pt", "made by": "ü \"quoted\""})
