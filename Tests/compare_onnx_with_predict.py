"""Holds exported ONNX models against `ddp-train predict`: for every model by name and for every layer, trains a moment
on small made data, exports, and compares what ONNX Runtime makes of the raw features with what predict writes.

Needs Python with numpy, h5py, onnx and onnxruntime:

    Tests/compare_onnx_with_predict.py [--program .build/release/ddp-train] [NAME...]

A difference is the greatest over all numbers of an output, divided by the greatest value of its column where that is
above 1; at most 1e-5 is allowed. Classes may differ only where two logits are nearly equal. Each model is checked by
onnx.checker with full_check, and run on all rows at once, by sevens, and one by one. Exits with 1 if a model fails.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
import onnx
import onnxruntime

LIMIT = 1e-5
ROWS = 24


def data(name, x, y, **attributes):
    """A file with x and y as training data, and the first rows as test data."""
    path = Path(name + ".h5")
    with h5py.File(path, "w") as file:
        for split, count in [("train", len(x)), ("test", ROWS)]:
            file[f"{split}/x"] = x[:count]
            if y is not None:
                file[f"{split}/y"] = y[:count]
            for key, value in attributes.items():
                column, attribute = key.split("_", 1)
                if f"{split}/{column}" in file:
                    file[f"{split}/{column}"].attrs[attribute] = value
    return str(path)


def make_data():
    draw = np.random.default_rng(5)
    rows = draw.normal(size=(96, 6))
    labels = draw.integers(0, 3, 96)
    images = draw.integers(0, 256, (96, 12, 12, 3), dtype=np.uint8)
    firsts = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    grey = draw.integers(0, 256, (96, 16, 16), dtype=np.uint8)
    steps = draw.normal(size=(96, 14, 5)).astype("f4")
    padded = steps.copy()
    words = draw.integers(1, 30, (96, 12)).astype("i2")
    for index, length in enumerate(draw.integers(1, 13, 96)):
        words[index, length:] = 0
        padded[index, length:] = 0
    text = draw.integers(0, 20, (96, 10)).astype("u1")
    boxes = np.column_stack([draw.integers(0, 3, 96), draw.uniform(0.2, 0.8, (96, 4))]).astype("f4")
    years = np.column_stack([draw.uniform(1.7e9, 1.7e9 + 1000, 96), draw.normal(size=(96, 3)) * [1, 1e-3, 1e3]])
    return {
        # Five columns of float64 with names, three classes with names.
        "table": data(
            "table",
            rows * [1, 10, 100, 0.1, 1, 1] + [0, 5, -3, 0, 1e4, 0],
            labels,
            x_names="\n".join("abcdef"),
            y_classes="one\ntwo\nthree",
        ),
        # Labels that are not counted from 0.
        "numbered": data("numbered", rows.astype("f4"), labels * 2 + 5),
        "binary": data("binary", rows.astype("f4"), np.where(labels > 0, 1, -1)),
        "several": data("several", rows.astype("f4"), (rows[:, :3] > 0).astype("i4")),
        "values": data("values", years, np.column_stack([years[:, 1] * 1e5 + 1e7, years[:, 2]])),
        "counts": data("counts", draw.integers(0, 2**31, (96, 4)), rows[:, 0].astype("f4")),
        "images": data("images", images, labels),
        "channels_first": data("channels_first", firsts, labels),
        "large_images": data("large_images", draw.integers(0, 256, (96, 3, 32, 32), dtype=np.uint8), labels),
        "grey": data("grey", grey, labels),
        "boxes": data("boxes", grey, boxes),
        "steps": data("steps", steps, labels),
        "padded": data("padded", padded, labels),
        "words": data("words", words, labels, x_valid_max=29),
        "text": data("text", text, np.roll(text, -1, 1), x_vocabulary="abcdefghijklmnopqrst"),
        "wide_text": data("wide_text", text.astype("i8"), labels, x_valid_max=19),
    }


def layers(*described):
    return "model.layers=[" + ", ".join(x if x.startswith("{") else f"'{x}'" for x in [*described, "dense"]) + "]"


BY_NAME = [
    ("linear", "values", []),
    ("linear on whole numbers", "counts", ["--model", "linear"]),
    ("logistic", "table", []),
    ("logistic with two labels", "binary", ["--model", "logistic", "--loss", "binary_cross_entropy"]),
    ("mlp", "table", []),
    ("mlp on images", "images", ["--model", "mlp"]),
    ("mlp on numbered classes", "numbered", ["--model", "mlp"]),
    ("mlp with several answers", "several", ["--model", "mlp", "--loss", "binary_cross_entropy"]),
    ("mlp with hinge", "table", ["--model", "mlp", "--loss", "hinge"]),
    ("mlp in min_max", "values", ["--model", "mlp", "--loss", "mse", "--set", "data.scaling=min_max"]),
    ("cnn", "channels_first", []),
    ("cnn in standard", "images", ["--model", "cnn", "--set", "data.scaling=standard"]),
    ("cnn, channels first in standard", "channels_first", ["--model", "cnn", "--set", "data.scaling=standard"]),
    ("resnet20", "large_images", []),
    ("lstm", "steps", []),
    ("lstm on rows of images", "grey", ["--model", "lstm"]),
    ("char-lstm", "text", []),
    ("char-transformer", "text", []),
    ("sentiment", "words", []),
    ("speech", "steps", []),
    ("autoencoder", "grey", []),
    ("detector", "boxes", []),
    ("gan", "grey", []),
]

BY_LAYER = [
    (name, source, ["--set", layers(*described)])
    for name, source, described in [
        ("dense", "table", ["{ dense: { units: 5, bias: false } }"]),
        ("dense at steps", "steps", ["positional_embedding", "{ dense: 5 }", "flatten"]),
        ("relu", "table", ["{ dense: 5 }", "relu"]),
        ("leaky_relu", "table", ["{ dense: 5 }", "{ leaky_relu: 0.3 }"]),
        ("tanh", "table", ["{ dense: 5 }", "tanh"]),
        ("sigmoid", "table", ["{ dense: 5 }", "sigmoid"]),
        ("gelu", "table", ["{ dense: 5 }", "gelu"]),
        ("elu", "table", ["{ dense: 5 }", "{ elu: 0.7 }"]),
        ("silu", "table", ["{ dense: 5 }", "silu"]),
        ("softmax", "table", ["{ dense: 5 }", "softmax"]),
        ("dropout", "table", ["{ dense: 5 }", "{ dropout: 0.5 }"]),
        ("spatial_dropout", "images", ["{ conv2d: 4 }", "{ spatial_dropout: 0.5 }", "flatten"]),
        (
            "batch_norm",
            "images",
            ["{ conv2d: 4 }", "{ batch_norm: { epsilon: 0.01 } }", "relu", "flatten", "batch_norm"],
        ),
        ("batch_norm at steps", "steps", ["batch_norm", "global_average_pool"]),
        ("layer_norm", "images", ["{ conv2d: 4 }", "layer_norm", "flatten", "layer_norm"]),
        ("group_norm", "images", ["{ conv2d: 6 }", "{ group_norm: { groups: 3, epsilon: 0.01 } }", "flatten"]),
        ("group_norm of rows", "table", ["{ dense: 12 }", "{ group_norm: { groups: 3, affine: false } }"]),
        ("group_norm of steps", "steps", ["{ conv1d: 6 }", "{ group_norm: 2 }", "global_average_pool"]),
        (
            "residual",
            "images",
            [
                "{ conv2d: { filters: 4, padding: 'same' } }",
                "{ residual: { layers: [{ conv2d: { filters: 8, padding: 'same' } }, 'batch_norm'], "
                "shortcut: [{ conv2d: { filters: 8, kernel: 1 } }] } }",
                "flatten",
            ],
        ),
        (
            "residual of unlike orders",
            "images",
            ["{ residual: ['layer_norm'] }", "{ residual: [{ conv2d: { filters: 3, padding: 'same' } }] }", "flatten"],
        ),
        (
            "parallel",
            "images",
            [
                "{ parallel: [[{ conv2d: { filters: 4, padding: 'same' } }], ['layer_norm'], []] }",
                "{ parallel: { branches: [['relu'], ['tanh'], []], join: 'add' } }",
                "flatten",
            ],
        ),
        (
            "conv2d",
            "images",
            [
                "{ conv2d: { filters: 6, groups: 3, bias: false, kernel: [3, 2], stride: [1, 2], "
                "padding: [2, 0], dilation: [2, 3] } }",
                "flatten",
            ],
        ),
        (
            "conv1d",
            "steps",
            ["{ conv1d: { filters: 6, kernel: 5, stride: 3, padding: 'same', dilation: 2 } }", "flatten"],
        ),
        (
            "conv_transpose2d",
            "channels_first",
            [
                "{ conv_transpose2d: { filters: 6, groups: 3, kernel: [4, 2], stride: [3, 4], padding: [1, 0], "
                "output_padding: [2, 3], dilation: [2, 1] } }",
                "global_average_pool",
            ],
        ),
        ("max_pool2d", "images", ["{ max_pool2d: { size: [3, 4], stride: [2, 1], padding: [1, 2] } }", "flatten"]),
        (
            "average_pool2d",
            "images",
            [
                "{ average_pool2d: { size: [3, 4], stride: [2, 1], padding: [1, 2] } }",
                "{ average_pool2d: { size: 3, padding: 1, count_padding: false } }",
                "flatten",
            ],
        ),
        ("global_average_pool", "images", ["global_average_pool"]),
        ("upsample", "images", ["{ upsample: [2, 3] }", "{ conv2d: 2 }", "flatten"]),
        ("flatten", "images", ["{ conv2d: 4 }", "{ flatten: 'channels_last' }"]),
        (
            "reshape",
            "table",
            [
                "{ dense: 24 }",
                "{ reshape: { height: 2, width: 4, channels: 3 } }",
                "{ conv2d: { filters: 4, kernel: 2 } }",
                "{ reshape: { length: 3, channels: 4, order: 'channels_last' } }",
                "flatten",
            ],
        ),
        ("embedding", "wide_text", ["{ embedding: 5 }", "flatten"]),
        ("mask", "padded", ["{ mask: 0 }", "{ lstm: { units: 7, sequence: false } }"]),
        (
            "mask before attention",
            "padded",
            [
                "{ mask: 0 }",
                "{ dense: 8 }",
                "{ transformer_block: 2 }",
                "{ gru: { units: 5, sequence: false, bidirectional: true } }",
            ],
        ),
        ("positional_embedding", "steps", ["positional_embedding", "flatten"]),
        (
            "lstm of two layers both ways",
            "padded",
            [
                "{ mask: 0 }",
                "{ lstm: { units: 6, layers: 2, bidirectional: true } }",
                "{ lstm: { units: 4, sequence: false, bidirectional: true } }",
            ],
        ),
        (
            "lstm with padding",
            "words",
            ["{ embedding: { dimension: 6, padding: 0 } }", "{ lstm: { units: 6, layers: 2 } }", "flatten"],
        ),
        (
            "gru",
            "steps",
            ["{ gru: { units: 6, layers: 2, bidirectional: true } }", "{ gru: { units: 4, sequence: false } }"],
        ),
        (
            "gru with padding",
            "words",
            [
                "{ embedding: { dimension: 6, padding: 0 } }",
                "{ gru: { units: 6, bidirectional: true, sequence: false } }",
            ],
        ),
        (
            "multi_head_attention",
            "steps",
            ["positional_embedding", "{ dense: 8 }", "{ multi_head_attention: { heads: 2, causal: true } }", "flatten"],
        ),
        (
            "attention with padding",
            "words",
            [
                "{ embedding: { dimension: 8, padding: 0 } }",
                "{ multi_head_attention: { heads: 2, causal: true } }",
                "{ lstm: { units: 4, sequence: false } }",
            ],
        ),
        (
            "transformer_block",
            "steps",
            ["positional_embedding", "{ dense: 8 }", "{ transformer_block: { heads: 4, dropout: 0.1 } }", "flatten"],
        ),
    ]
]


def latent(seed, count, size):
    """The latent vectors of `ddp-train generate`: Philox4x32-10, Box and Muller's transform."""

    def philox(counter, key):
        c, k = [int(x) for x in counter], [int(x) for x in key]
        for _ in range(10):
            a, b = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
            c = [(b >> 32) ^ c[1] ^ k[0], b & 0xFFFFFFFF, (a >> 32) ^ c[3] ^ k[1], a & 0xFFFFFFFF]
            k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
        return c

    key = philox([0, 0, 0, 7], [seed & 0xFFFFFFFF, seed >> 32])[:2]
    result = np.empty((count, size), "f4")
    for row in range(count):
        for index in range(0, size, 4):
            result[row, index : index + 4] = normals(philox([index // 4, 0, row, 0], key))[: size - index]
    return result


def normals(words):
    """Four standard normal numbers of four words, as NumericCore's fillNormal makes them."""
    uniform = (np.array(words, "f8") + 0.5) * 2.0**-32
    result = []
    for first, second in [uniform[:2], uniform[2:]]:
        radius, angle = np.sqrt(-2 * np.log(first)), 2 * np.pi * second
        result += [radius * np.cos(angle), radius * np.sin(angle)]
    return result


def run(program, *arguments):
    result = subprocess.run([program, *arguments], capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"ddp-train {' '.join(arguments)}: {result.returncode}\n{result.stdout}{result.stderr}")


def difference(found, expected, by_column=True):
    scale = np.maximum(1.0, np.abs(expected).max(axis=0 if by_column else None))
    return (np.abs(found.astype("f8") - expected.astype("f8")) / scale).max()


def compare(program, name, file, arguments):
    folder = Path("runs") / name.replace(" ", "-").replace(",", "")
    model = ["--model", name] if "--model" not in arguments and "--set" not in arguments else []
    run(
        program,
        "--data",
        file,
        "--run",
        str(folder),
        "--epochs",
        "2",
        "--batch-size",
        "32",
        "--quiet",
        "--learning-rate",
        "0.01",
        "--shards",
        "2",
        *model,
        *arguments,
    )
    exported, predicted = folder / "model.onnx", folder / "predicted.h5"
    checkpoint = folder / "checkpoints" / ("latest.h5" if name == "gan" else "best.h5")
    run(program, "export", str(checkpoint), "--output", str(exported))
    graph = onnx.load(exported)
    onnx.checker.check_model(graph, full_check=True)
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    if name == "gan":
        run(program, "generate", str(checkpoint), "--samples", str(ROWS), "--seed", "3", "--output", str(predicted))
        size = session.get_inputs()[0].shape[1]
        inputs = {"latent": latent(3, ROWS, size)}
        names = {"samples": "/train/x"}
    else:
        run(program, "predict", str(checkpoint), "--data", file, "--output", str(predicted))
        with h5py.File(file) as source:
            inputs = {"features": source["test/x"][()]}
        names = {output.name: output.name for output in session.get_outputs()}
    ((key, rows),) = inputs.items()
    with h5py.File(predicted) as expected:
        if name != "gan" and set(names) != set(expected):
            raise SystemExit(f"{name}: the model gives {sorted(names)}, predict {sorted(expected)}")
        greatest, types = 0.0, {}
        for step in [ROWS, 7, 1]:
            parts = [session.run(list(names), {key: rows[start : start + step]}) for start in range(0, ROWS, step)]
            found = {output: np.concatenate(values) for output, values in zip(names, zip(*parts))}
            for output, stored in names.items():
                wanted = expected[stored][()]
                if found[output].shape != wanted.shape:
                    raise SystemExit(f"{name}: {output} is {found[output].shape}, predict's {wanted.shape}")
                types[output] = str(found[output].dtype)
                if output == "classes":
                    # Two logits that are equal but for rounding have no greater one.
                    unequal = int((found[output] != wanted).sum())
                    if unequal:
                        logits = np.sort(expected["logits"][()], axis=-1)
                        close = (
                            np.abs(logits[..., -1] - logits[..., -2]) if logits.shape[-1] > 1 else np.abs(logits)
                        ) < 1e-4
                        if unequal > close.sum():
                            greatest = np.inf
                    continue
                # The pixels of samples have one scale.
                greatest = max(greatest, difference(found[output], wanted, by_column=output != "samples"))
    operations = len(graph.graph.node)
    metadata = {entry.key: entry.value for entry in graph.metadata_props}
    if "class_names" in metadata:
        json.loads(metadata["class_names"])
    return greatest, operations, exported.stat().st_size, str(rows.dtype), sorted(types)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default=".build/release/ddp-train")
    parser.add_argument("names", nargs="*", help="of models or layers; else all")
    arguments = parser.parse_args()
    program = str(Path(arguments.program).resolve())
    known = BY_NAME + BY_LAYER
    chosen = [case for case in known if not arguments.names or case[0] in arguments.names]
    failures = 0
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}")
    print(f"{'model':34} {'difference':>10} {'operations':>10} {'bytes':>9}  features  outputs")
    with tempfile.TemporaryDirectory() as directory:
        os.chdir(directory)
        files = make_data()
        for name, source, options in chosen:
            worst, operations, size, type_name, outputs = compare(program, name, files[source], options)
            mark = "" if worst <= LIMIT else "  TOO LARGE"
            failures += worst > LIMIT
            print(
                f"{name:34} {worst:10.1e} {operations:10} {size:9}  {type_name:8}  {', '.join(outputs)}{mark}",
                flush=True,
            )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
