#!/usr/bin/env python3
"""Writes checkpoints/ beside itself: checkpoints in mid-run, and what the program that wrote them made of them then.

Made by the ddp-train of commit 807f365, on OpenBLAS 0.3.21 with Cooperlake kernels:

    python3 make_checkpoint_fixtures.py /path/to/807f365/.build/release/ddp-train

A later program has to go on from them as that one did, so make them anew only where the format changes on purpose, and
then beside these. Needs h5py and NumPy.

checkpoints/data/: the data sets. checkpoints/NAME/checkpoint.h5: the state after some steps of the configuration NAME
below. checkpoints/NAME/expected.json:
    data        the data set that is to stand beside the checkpoint; `make`, if there, is the command that makes it anew
    evaluate    what `evaluate --json` prints of the checkpoint, or the error that it ends with
    resumed     of the run resumed to its end: the lines of metrics.jsonl without `timing`, `test` of summary.json,
                config.json, and of the last checkpoint its attributes and, of each array, path, shape, sum, sum of
                squares, and elements at `places`
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy as np

FOLDER = pathlib.Path(__file__).parent / "checkpoints"
# Attributes that name the machine and its libraries.
MACHINE = {"program_version", "mpi_version", "blas_version", "blas_core", "checksum", "configuration"}

DENSE = [{"dense": 8}, "relu", {"dropout": 0.2}, "dense"]

# Name: data set, steps after which the run is held, configuration. Each optimizer, schedule, loss, scaling,
# initializer, augmentation and kind of layer stands in at least one. What Adam and its kin divide by is kept well above
# rounding errors by `epsilon` where a gradient is zero in exact arithmetic, as those of keys' biases and of biases in
# front of a batch normalization are: they would follow the rounding of the machine.
FIXTURES = {
    "dense-momentum": ("blobs.h5", 7, {
        "model": {"layers": [{"dense": {"units": 8, "initializer": "xavier"}}, "relu", {"dropout": 0.2},
                             {"dense": {"units": 6, "bias": False, "initializer": "xavier_normal"}},
                             {"leaky_relu": 0.2}, "dense"]},
        "data": {"scaling": "standard", "validation": 0.2},
        "loss": {"name": "cross_entropy", "label_smoothing": 0.1, "class_weights": [1, 2, 0.5]},
        "optimizer": {"name": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01,
                      "decay_biases": False},
        "schedule": {"name": "step", "step_epochs": 1, "gamma": 0.5}, "clip_norm": 1.0,
        "metrics": ["accuracy", "f1_macro", "log_loss", "roc_auc"],
    }),
    "adam-average": ("blobs.h5", 7, {
        "model": {"layers": [{"dense": 8}, "tanh", {"dense": 8}, {"elu": 0.5}, {"dense": 6}, "sigmoid", "dense"]},
        "initializer": "kaiming_normal", "data": {"scaling": "min_max", "validation": 0.25},
        "optimizer": {"name": "adam", "learning_rate": 0.01, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-4,
                      "weight_decay": 0.001},
        "schedule": {"name": "cosine", "period_epochs": 1, "period_growth": 2, "minimum_learning_rate": 0.001},
        "ema_decay": 0.9, "early_stopping": {"metric": "accuracy", "patience": 3, "minimum_change": 0.001,
                                             "restore_best": False},
    }),
    "plateau": ("blobs.h5", 24, {
        "model": DENSE, "initializer": "orthogonal", "data": {"scaling": "none", "validation": 0.25},
        "loss": {"name": "focal", "gamma": 1.5, "alpha": [0.5, 1, 2]},
        "optimizer": {"name": "adamw", "learning_rate": 0.02, "weight_decay": 0.05, "epsilon": 1e-4},
        "schedule": {"name": "plateau", "metric": "loss", "patience": 0, "threshold": 0.2, "cooldown": 1, "gamma": 0.5,
                     "minimum_learning_rate": 0.001},
        "clip_value": 0.1, "regularization": {"l1": 0.001, "l2": 0.01}, "epochs": 8,
    }),
    "logistic": ("moons.h5", 5, {
        "model": "logistic", "data": {"scaling": "none"},
        "loss": {"name": "binary_cross_entropy", "positive_weight": 2},
        "optimizer": {"name": "adagrad", "learning_rate": 0.1, "epsilon": 1e-6},
        "schedule": {"name": "multi_step", "milestones": [1, 2], "gamma": 0.3},
        "early_stopping": {"patience": 2}, "metrics": ["accuracy", "precision", "recall", "average_precision"],
    }),
    "linear": ("line.h5", 5, {
        "model": "linear", "data": {"scaling": "standard"}, "loss": {"name": "huber", "delta": 0.5},
        "optimizer": {"name": "rmsprop", "learning_rate": 0.01, "alpha": 0.9, "centered": True, "momentum": 0.8,
                      "epsilon": 1e-4},
        "schedule": {"name": "polynomial", "power": 2, "minimum_learning_rate": 0.001},
        "metrics": ["rmse", "mae", "r2"],
    }),
    "images": ("images.h5", 3, {
        "model": {"layers": [
            {"conv2d": {"filters": 6, "kernel": [3, 1], "padding": "same", "groups": 3, "bias": False}},
            {"batch_norm": {"momentum": 0.2, "epsilon": 0.001, "sync": True}}, "relu",
            {"residual": {"layers": [{"conv2d": {"filters": 8, "kernel": 3, "stride": [2, 1], "padding": [2, 2],
                                                 "dilation": 2}}, "batch_norm", "relu", {"spatial_dropout": 0.1}],
                          "shortcut": [{"conv2d": {"filters": 8, "kernel": 1, "stride": [2, 1]}}, "batch_norm"]}},
            {"parallel": {"branches": [[{"max_pool2d": {"size": 3, "stride": [1, 2], "padding": 1}}],
                                       [{"average_pool2d": {"size": [3, 3], "stride": [1, 2], "padding": 1,
                                                            "count_padding": False}}, "silu"]], "join": "concat"}},
            {"conv_transpose2d": {"filters": 6, "kernel": 3, "stride": 2, "padding": 1, "output_padding": [1, 0],
                                  "dilation": 1, "groups": 2}}, {"leaky_relu": 0.1},
            {"parallel": {"branches": [[], [{"conv2d": {"filters": 6, "kernel": 1}}, "gelu"]], "join": "add"}},
            {"upsample": [1, 2]}, {"max_pool2d": 2}, "global_average_pool", "dense"]},
        "data": {"layout": "channels_first", "validation": 0.2,
                 "augment": [{"flip": {"probability": 0.4, "axis": "vertical"}}, {"crop": {"padding": 1}},
                             {"shift": {"fraction": 0.1}}, {"rotate": {"degrees": 15}}, {"cutout": {"size": 2}}]},
        "optimizer": {"name": "lars", "learning_rate": 1, "momentum": 0.8, "trust_coefficient": 0.01, "epsilon": 1e-6,
                      "weight_decay": 0.001},
        "schedule": {"name": "one_cycle", "rise": 0.4, "start_divisor": 10, "end_divisor": 100},
        "batch_size": 8, "accumulate": 2,
    }),
    "channels-last": ("colours.h5", 5, {
        "model": {"layers": [{"conv2d": {"filters": 4, "kernel": 3, "padding": 1, "initializer": "truncated_normal"}},
                             "relu", {"average_pool2d": 2}, {"flatten": "channels_last"}, {"dense": 32}, "tanh",
                             {"reshape": {"height": 2, "width": 4, "channels": 4, "order": "channels_last"}},
                             {"conv2d": {"filters": 3, "kernel": [1, 3], "padding": "same"}}, "flatten", "dense"]},
        "data": {"layout": "channels_last", "scaling": "unit"}, "loss": {"name": "hinge", "margin": 0.5},
        "optimizer": {"name": "lamb", "learning_rate": 0.005, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3},
        "schedule": {"name": "exponential", "gamma": 0.8},
    }),
    "recurrent": ("sequences.h5", 3, {
        "model": {"layers": [{"mask": 0},
                             {"lstm": {"units": 5, "layers": 2, "bidirectional": True, "dropout": 0.2}},
                             {"layer_norm": {"epsilon": 1e-4}}, {"dense": 8}, "silu",
                             {"multi_head_attention": {"heads": 2, "causal": True, "dropout": 0.1}},
                             {"gru": {"units": 4, "bidirectional": True, "sequence": False}}, "dense"]},
        "optimizer": {"name": "rmsprop", "learning_rate": 0.001, "momentum": 0.5, "epsilon": 0.01},
        "schedule": {"name": "constant", "warmup_steps": 4}, "clip_norm": 0.5, "data": {"validation": 0.25},
    }),
    "convolved-sequence": ("sequences.h5", 3, {
        "model": {"layers": [{"conv1d": {"filters": 8, "kernel": 3, "padding": "same", "dilation": 2, "groups": 2}},
                             "relu", {"conv1d": {"filters": 6, "kernel": 2, "stride": 2, "bias": False}},
                             {"positional_embedding": {"standard_deviation": 0.1}},
                             {"gru": {"units": 4, "layers": 2, "dropout": 0.3}}, "flatten",
                             {"reshape": {"length": 2, "channels": 6}},
                             {"lstm": {"units": 4, "sequence": False}}, "softmax", "dense"]},
        "initializer": "truncated_normal", "data": {"scaling": "standard"},
        "optimizer": {"name": "adadelta", "learning_rate": 0.5, "rho": 0.8, "epsilon": 1e-3},
        "schedule": {"name": "constant", "scaling": "square_root", "reference_batch": 8},
    }),
    "characters": ("text.h5", 4, {
        "model": {"layers": [{"embedding": {"dimension": 8, "standard_deviation": 0.1}},
                             {"positional_embedding": {"standard_deviation": 0.02}},
                             {"transformer_block": {"heads": 2, "causal": True, "dropout": 0.1}}, {"gru": 6},
                             "layer_norm", {"dense": {"bias": False}}]},
        "optimizer": {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9},
        "schedule": {"name": "cosine", "warmup_steps": 3, "minimum_learning_rate": 0.01},
        "metrics": ["accuracy", "perplexity", "top_5"], "clip_norm": 1, "epochs": 2,
    }),
    "lion": ("text.h5", 4, {
        "model": {"layers": [{"embedding": 6}, {"lstm": {"units": 6, "bidirectional": False}}, "dense"]},
        "optimizer": {"name": "lion", "learning_rate": 0.0002, "beta1": 0.85, "beta2": 0.95, "weight_decay": 0.1,
                      "decay_biases": False},
        "schedule": {"name": "constant", "scaling": "linear", "reference_batch": 32}, "epochs": 2,
    }),
    "sentiment": ("words.h5", 5, {
        "model": "sentiment", "data": {"validation": 0.2}, "optimizer": {"name": "sgd", "learning_rate": 0.1},
        "schedule": "cosine", "metrics": ["f1"],
    }),
    "padded-attention": ("words.h5", 5, {
        "model": {"layers": [{"embedding": {"dimension": 8, "size": 50, "padding": 0}},
                             {"transformer_block": {"heads": 4}}, {"lstm": {"units": 5, "sequence": False}}, "dense"]},
        "optimizer": {"name": "adam", "learning_rate": 0.003, "epsilon": 0.001}, "schedule": "constant",
    }),
    "autoencoder": ("blobs.h5", 5, {
        "model": "autoencoder", "optimizer": {"name": "sgd", "learning_rate": 0.002}, "data": {"scaling": "standard"}}),
    "denoising": ("colours.h5", 5, {
        "model": [{"dense": 12}, "relu", {"dense": 4}, {"dense": 12}, "relu", "dense", "sigmoid"],
        "data": {"target": "features", "scaling": "min_max", "augment": [{"noise": {"standard_deviation": 0.2}}]},
        "loss": "mae", "optimizer": {"name": "adam", "learning_rate": 0.005, "epsilon": 1e-4},
    }),
    "detector": ("shapes.h5", 3, {
        "model": [{"conv2d": {"filters": 6, "kernel": 3, "stride": 2, "padding": 1}}, "relu", {"max_pool2d": 2},
                  {"conv2d": {"filters": 8, "kernel": 3, "stride": 2, "padding": 1}}, "relu", "flatten", {"dense": 12},
                  "relu", {"dense": {"initializer": "truncated_normal"}}],
        "loss": {"name": "detection", "delta": 0.2, "box_weight": 10},
        "optimizer": {"name": "adam", "learning_rate": 0.002, "epsilon": 1e-4}, "metrics": ["accuracy", "mean_iou"],
        "data": {"validation": 0.25}, "batch_size": 8,
    }),
    "gan": ("grey.h5", 3, {
        "model": {"generator": [{"dense": 16}, {"reshape": {"height": 2, "width": 2, "channels": 4}}, "batch_norm",
                                "relu", {"conv_transpose2d": {"filters": 3, "kernel": 4, "stride": 2, "padding": 1}},
                                {"leaky_relu": 0.1},
                                {"conv_transpose2d": {"filters": 1, "kernel": 4, "stride": 2, "padding": 1}},
                                "sigmoid"],
                  "discriminator": [{"conv2d": {"filters": 4, "kernel": 4, "stride": 2, "padding": 1}},
                                    {"leaky_relu": 0.2}, {"dropout": 0.2}, "flatten", "dense"], "latent": 5},
        "optimizer": {"name": "adam", "learning_rate": 0.001, "beta1": 0.5, "epsilon": 1e-4},
        "generator_optimizer": {"name": "adam", "learning_rate": 0.003, "beta1": 0.6, "epsilon": 1e-3},
        "ema_decay": 0.8, "schedule": "constant", "batch_size": 8, "epochs": 3,
    }),
    "gan-momentum": ("grey.h5", 6, {
        "model": {"generator": [{"dense": 12}, {"elu": 1}, "dense"], "discriminator": [{"dense": 8}, "tanh", "dense"],
                  "latent": 3},
        "data": {"augment": ["flip"]}, "optimizer": {"name": "sgd", "learning_rate": 0.05, "momentum": 0.5},
        "generator_optimizer": {"name": "adamw", "learning_rate": 0.01, "epsilon": 1e-3}, "batch_size": 8,
    }),
    "mixup": ("blobs.h5", 4, {
        "model": [{"dense": 8}, {"batch_norm": {"momentum": 0.3}}, {"dense": 6}, "softmax", "dense"],
        "initializer": "kaiming_uniform", "data": {"augment": [{"mixup": {"alpha": 0.4}}, "noise"]},
        "optimizer": {"name": "adamw", "learning_rate": 0.01, "decay_biases": False, "epsilon": 1e-3},
        "loss": {"name": "cross_entropy", "targets": "labels"}, "accumulate": 2,
    }),
    "soft-targets": ("soft.h5", 4, {
        "model": DENSE, "initializer": "xavier_uniform", "loss": {"name": "cross_entropy", "targets": "probabilities"},
        "data": {"features": "/inputs", "labels": "/shares", "validation": 0.25},
        "optimizer": {"name": "adadelta", "learning_rate": 1}, "schedule": {"name": "step", "gamma": 0.2},
    }),
    "binary-hinge": ("moons.h5", 5, {
        "model": [{"dense": 6}, "tanh", {"dense": 1}], "initializer": "xavier_normal",
        "loss": {"name": "binary_hinge", "margin": 0.7}, "data": {"validation": 0.2},
        "optimizer": {"name": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": False}, "ema_decay": 0.9,
        "schedule": {"name": "plateau", "metric": "accuracy", "patience": 1},
    }),
    "mean-squares": ("line.h5", 4, {
        "model": [{"dense": 5}, "gelu", {"dense": {"units": 1, "initializer": "zero"}}], "loss": "mse",
        "optimizer": {"name": "adam", "learning_rate": 0.01, "epsilon": 1e-4}, "data": {"scaling": "min_max"},
        "schedule": {"name": "cosine"}, "early_stopping": {"metric": "loss", "patience": 1, "minimum_change": 0.5},
        "epochs": 8,
    }),
    "speech": ("tones.h5", 3, {
        "model": "speech", "data": {"scaling": "standard", "validation": 0.2}, "clip_norm": 1, "batch_size": 8,
        "optimizer": {"name": "sgd", "learning_rate": 0.05}, "schedule": "constant", "epochs": 2,
    }),
}

MAKE = {
    "blobs.h5": "make blobs --samples 96 --features 4 --classes 3 --noise 3",
    "moons.h5": "make moons --samples 96 --noise 0.2",
    "line.h5": "make linear --samples 96 --features 5",
    "shapes.h5": "make shapes --samples 48 --classes 3 --noise 0 --gzip 9",
    "tones.h5": "make tones --samples 48 --classes 3",
    "text.h5": "convert text text.txt --context 12 --validation 0.2 --gzip 9",
    "words.h5": "convert text-csv words.csv --test 0.2 --vocabulary 50 --length 12 --gzip 9",
}
# Too large to be stored: made anew by the command.
NOT_STORED = {"tones.h5"}

TEXT = ("Der Mond ist aufgegangen, die goldnen Sternlein prangen am Himmel hell und klar; der Wald steht schwarz und "
        "schweiget, und aus den Wiesen steiget der weiße Nebel wunderbar. ") * 4


def make_data(program, folder):
    random = np.random.default_rng(807)

    def write(name, groups):
        with h5py.File(folder / name, "w") as file:
            for path, array in groups.items():
                packing = {"compression": 9} if array.ndim > 2 else {}
                file.create_dataset(path, data=array, track_times=False, **packing)

    def pictures(count, *shape):
        labels = np.arange(count, dtype=np.uint8) % 3
        steps = np.arange(int(np.prod(shape))).reshape(shape)
        waves = [np.sin(steps * (0.3 + 0.2 * label)) for label in range(3)]
        images = np.stack([waves[label] for label in labels]) * 60 + 128 + random.normal(0, 30, (count, *shape))
        return images.clip(0, 255).astype(np.uint8), labels

    for name, shape in {"images.h5": (3, 8, 8), "colours.h5": (6, 6, 3), "grey.h5": (8, 8)}.items():
        (x, y), (test_x, test_y) = pictures(48, *shape), pictures(18, *shape)
        write(name, {"/train/x": x, "/train/y": y, "/test/x": test_x, "/test/y": test_y})
    groups = {}
    for split, count in [("train", 48), ("test", 16)]:
        y = (np.arange(count) % 4).astype(np.int32)
        x = random.normal(0, 1, (count, 6, 4)) + y[:, None, None] * np.linspace(-1, 1, 6)[:, None]
        for row in range(count):
            x[row, 6 - row % 4:] = 0
        groups |= {f"/{split}/x": x.astype(np.float32), f"/{split}/y": y}
    write("sequences.h5", groups)
    x = random.normal(0, 1, (64, 5))
    shares = np.exp(x[:, :3])
    write("soft.h5", {"/inputs": x, "/shares": (shares / shares.sum(1, keepdims=True)).astype(np.float32)})
    (folder / "text.txt").write_text(TEXT)
    reviews = (pathlib.Path(__file__).parents[2] / "datasets" / "reviews.csv").read_text().splitlines()
    (folder / "words.csv").write_text("\n".join(reviews[:81]) + "\n")
    for name, command in MAKE.items():
        arguments = [program, "data", *command.split(), "--output", name]
        subprocess.run(arguments, cwd=folder, check=True, stdout=subprocess.DEVNULL)


def train(program, folder, *arguments):
    done = subprocess.run([program, "train", *arguments, "--quiet"], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0 or done.stderr:
        sys.exit(f"{arguments}: {done.stderr}")


def number(value):
    return float(f"{float(value):.7g}")


def plain(value):
    return value.decode() if isinstance(value, bytes) else value.item() if isinstance(value, np.generic) else value


def summary(path):
    """The attributes and arrays of a checkpoint."""
    arrays = []

    def visit(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        values = np.asarray(item[()], dtype=np.float64).ravel()
        places = sorted({round(p) for p in np.linspace(0, values.size - 1, 6)})
        arrays.append({
            "path": "/" + name, "shape": list(item.shape), "sum": number(values.sum()),
            "squares": number((values ** 2).sum()), "places": places,
            "elements": [number(values[p]) for p in places]})

    with h5py.File(path) as file:
        file.visititems(visit)
        attributes = {name: plain(value) for name, value in file.attrs.items() if name not in MACHINE}
        progress = {name: plain(value) for name, value in file["/progress"].attrs.items()}
    return {"attributes": attributes, "progress": progress, "arrays": arrays}


def lines(text):
    records = [json.loads(line) for line in text.splitlines()]
    for record in records:
        del record["timing"]
    return records


def make(program, name, data, stop, configuration, folder):
    configuration = {"epochs": 3, "batch_size": 16, "seed": 807, "shards": 4} | configuration
    configuration["data"] = {"path": data} | configuration.get("data", {})
    configuration["checkpoint"] = {"every_steps": stop, "every_epochs": 0, "keep": 100}
    (folder / f"{name}.json").write_text(json.dumps(configuration))
    train(program, folder, f"{name}.json", "--run", name)
    held = folder / name / "checkpoints" / f"step-{stop:08}.h5"
    last = (folder / name / "checkpoints" / "latest.h5").resolve()
    assert held.exists() and held != last, (held, last)
    with h5py.File(last) as file:
        assert file["/progress"].attrs["epoch"] > 0
    target = FOLDER / name
    target.mkdir()
    shutil.copy(held, target / "checkpoint.h5")
    shutil.copy(held, folder / "checkpoint.h5")
    evaluated = subprocess.run(
        [program, "evaluate", "checkpoint.h5", "--json"] + (["--split", "train"] if data == "soft.h5" else []) +
        (["--split", "val"] if data == "text.h5" else []), cwd=folder, capture_output=True, text=True)
    train(program, folder, "--resume", "checkpoint.h5", "--run", f"{name}-resumed")
    run = folder / f"{name}-resumed"
    whole, resumed = (summary(folder / n / "checkpoints" / "latest.h5") for n in (name, f"{name}-resumed"))
    assert whole["arrays"] == resumed["arrays"], name
    figures = json.loads((run / "summary.json").read_text())
    expected = {
        "data": data, **({"make": MAKE[data].split()} if data in NOT_STORED else {}),
        "evaluate": json.loads(evaluated.stdout) if evaluated.returncode == 0 else evaluated.stderr.strip(),
        "resumed": {
            "metrics": lines((run / "metrics.jsonl").read_text()), "test": figures.get("test"),
            "configuration": json.loads((run / "config.json").read_text()), **resumed},
    }
    text = json.dumps(expected, indent=None, separators=(",", ":"), ensure_ascii=False)
    # A line each for what a change would be looked for by.
    for key in ("evaluate", "resumed", "metrics", "test", "configuration", "attributes", "progress", "arrays"):
        text = text.replace(f',"{key}":', f',\n"{key}":').replace(f'{{"{key}":', f'{{\n"{key}":')
    text = text.replace('{"path":"/', '\n{"path":"/')
    assert json.loads(text) == expected
    (target / "expected.json").write_text(text + "\n")
    print(f"{name:20} {(target / 'checkpoint.h5').stat().st_size:8} {len(text):7}  held after step {stop} of "
          f"{resumed['progress']['step']}  {str(expected['evaluate'])[:90]}")


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "data").mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        make_data(program, scratch)
        for data in sorted({fixture[0] for fixture in FIXTURES.values()} - NOT_STORED):
            shutil.copy(scratch / data, FOLDER / "data" / data)
        for name, (data, stop, configuration) in FIXTURES.items():
            make(program, name, data, stop, configuration, scratch)


if __name__ == "__main__":
    main()
