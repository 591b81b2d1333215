#!/usr/bin/env python3
"""Compares weights that go from PyTorch to ddp-train and back, through safetensors, with PyTorch's own outputs.

    python3 Tests/compare_weights_with_pytorch.py .build/release/ddp-train

Needs PyTorch, safetensors, h5py and NumPy. Builds `resnet20` and `char-transformer` as PyTorch modules with weights and running
statistics that are drawn, saves their `state_dict`, has `ddp-train train --init-from F --epochs 0` take them, and holds the logits
of `predict` against the module's. Then `export` writes them again, a second module loads them with `strict=True`, and its logits
have to be the first one's bit by bit. A third case has names of its own, which `init.map` translates; a fourth half precision.

Prints the greatest difference of each case, and ends with 1 where one is above 1e-4 (float32, other orders of sums).
"""
import os
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).parent / "Fixtures"))
from make_resnet_fixtures import resnet20  # noqa: E402

LIMIT = 1e-4


class Block(nn.Module):
    """The transformer block of nanoGPT, with nn.MultiheadAttention."""

    def __init__(self, width, heads):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        steps = x.shape[1]
        mask = torch.triu(torch.ones(steps, steps, dtype=torch.bool), diagonal=1)
        normal = self.ln_1(x)
        x = x + self.attn(normal, normal, normal, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp(self.ln_2(x))


class Positions(nn.Module):
    def __init__(self, steps, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(steps, width))

    def forward(self, x):
        return x + self.weight


def char_transformer(characters, steps):
    return nn.Sequential(
        nn.Embedding(characters, 128), Positions(steps, 128), *[Block(128, 4) for _ in range(4)], nn.LayerNorm(128),
        nn.Linear(128, characters, bias=False))


def draw(module, seed):
    """Weights of a size that keeps activations near one, and running statistics that are not the first ones."""
    torch.manual_seed(seed)
    for name, value in module.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 1.5)
        elif name.endswith("running_mean") or name.endswith("bias"):
            value.normal_(0, 0.1)
        elif value.dim() > 1:
            value.normal_(0, (1 / value[0].numel()) ** 0.5)
        elif value.is_floating_point():
            value.uniform_(0.8, 1.2)
    return module.eval()


def images(path):
    values = np.random.default_rng(1).integers(0, 256, (96, 32, 32, 3), dtype=np.uint8)
    with h5py.File(path, "w") as file:
        for split, rows in (("train", slice(0, 64)), ("test", slice(64, 96))):
            file[f"/{split}/x"] = values[rows]
            file[f"/{split}/y"] = np.arange(96)[rows] % 10
    return torch.from_numpy(values[64:].transpose(0, 3, 1, 2) / np.float32(255))


def text(program, path):
    letters = np.random.default_rng(2).choice(list("etaoin shrdlu.\n"), 4000)
    source = pathlib.Path(path).with_suffix(".txt")
    source.write_text("".join(letters))
    run(program, "data", "convert", "text", source, "--output", path)
    with h5py.File(path) as file:
        return torch.from_numpy(file["/val/x"][()].astype(np.int64)), len(file["/val/x"].attrs["vocabulary"])


def run(*words):
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}
    environment["OMPI_MCA_ess_singleton_isolated"] = "1"
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env=environment, timeout=120)
    if done.returncode:
        sys.exit(f"{' '.join(str(word) for word in words)}\n{done.stdout}{done.stderr}")
    return done.stdout


def compare(program, name, module, twin, inputs, data, split, state=None, options=()):
    """Prints the greatest difference of the logits, there and back; says whether it is small enough."""
    save_file({key: value.contiguous() for key, value in (state or module.state_dict()).items()}, f"{name}.safetensors")
    model = ["--model", name.split(" ")[0], "--data", data, *options]
    run(program, "train", "--init-from", f"{name}.safetensors", "--epochs", "0", "--run", name, "--quiet", *model)
    run(program, "predict", name, "--data", data, "--split", split, "--output", f"{name}.h5")
    run(program, "export", name, "--output", f"{name} again.safetensors")
    with torch.no_grad(), h5py.File(f"{name}.h5") as file:
        expected, found = module(inputs), torch.from_numpy(file["/logits"][()])
        difference = (expected - found).abs().max().item()
        twin.load_state_dict(load_file(f"{name} again.safetensors"), strict=True)
        back = (twin.eval()(inputs) - expected).abs().max().item()
    print(f"{name:32} {found.numel():8} logits to {expected.abs().max():.3g}: "
          f"greatest difference {difference:.2g}, there and back {back:.2g}")
    return difference <= LIMIT and back == 0


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        pixels = images("images.h5")
        # Images that the network knows are 0 to 1: uint8 is divided by 255 here and there.
        network = draw(resnet20().float(), 1)
        fine = [compare(program, "resnet20", network, resnet20().float(), pixels, "images.h5", "test")]
        named = {"module.backbone." + key: value for key, value in network.state_dict().items()}
        fine.append(compare(
            program, "resnet20 by init.map", network, resnet20().float(), pixels, "images.h5", "test", named,
            ["--set", 'init.map={ "module.backbone.*": "*" }']))
        half = resnet20().float()
        half.load_state_dict({
            key: value.half().to(value.dtype) for key, value in network.state_dict().items()})
        state = {
            key: value.half() if value.is_floating_point() else value for key, value in half.state_dict().items()}
        fine.append(compare(
            program, "resnet20 in half precision", half.eval(), resnet20().float(), pixels, "images.h5", "test", state))
        tokens, characters = text(program, "text.h5")
        module, twin = char_transformer(characters, tokens.shape[1]), char_transformer(characters, tokens.shape[1])
        fine.append(compare(program, "char-transformer", draw(module, 2), twin, tokens, "text.h5", "val"))
    sys.exit(0 if all(fine) else 1)


main()
