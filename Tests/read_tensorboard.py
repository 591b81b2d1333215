"""Holds a run's event files against its other records, read by TensorBoard's own reader.

    python Tests/read_tensorboard.py RUN…

Needs tensorboard and pandas. For each run: every scalar of `tensorboard/` equals the figure of `steps.jsonl`,
`metrics.jsonl` or `summary.json` in single precision, none is missing and none is there twice, and `metrics.csv` is the
table that pandas makes of `metrics.jsonl`. Prints what each part holds; ends with 1 where something differs.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def read(path: Path) -> EventAccumulator:
    reader = EventAccumulator(str(path), size_guidance={kind: 0 for kind in ("scalars", "histograms", "images", "tensors")})
    reader.Reload()
    return reader


def compare(name: str, reader: EventAccumulator, tag: str, expected: list[tuple[int, float]]) -> bool:
    found = [(event.step, event.value) for event in reader.Scalars(tag)]
    wanted = [(step, float(np.float32(value))) for step, value in expected if value is not None]
    if found == wanted:
        return True
    print(f"{name}: {tag} has {len(found)} points, expected {len(wanted)}, or others")
    return False


def check(run: Path) -> bool:
    steps, epochs = lines(run / "steps.jsonl"), lines(run / "metrics.jsonl")
    summary = json.loads((run / "summary.json").read_text())
    is_good = True
    for part in ("train", "val", "test"):
        if not (run / "tensorboard" / part).exists():
            continue
        reader = read(run / "tensorboard" / part)
        tags = reader.Tags()
        for tag in tags["scalars"]:
            axis, key = tag.split("/", 1)
            if axis == "step":
                expected = [(line["step"], line[key]) for line in steps]
            elif part == "test":
                expected = [(summary["best"]["epoch"], summary["test"][key])]
            elif key == "samples_per_second":
                expected = [(line["epoch"], line["timing"][key]) for line in epochs]
            else:
                own = {"loss": f"{part}_loss", "accuracy": f"{part}_accuracy"}.get(key, key)
                own = own if own in epochs[0] else f"val_{key}"
                expected = [(line["epoch"], line[own]) for line in epochs]
            is_good &= compare(f"{run}/{part}", reader, tag, expected)
        for tag in tags["histograms"]:
            places = [event.step for event in reader.Histograms(tag)]
            if places != sorted(set(places)):
                print(f"{run}/{part}: {tag} at {places}")
                is_good = False
        texts = {tag: len(reader.Tensors(tag)) for tag in tags["tensors"]}
        images = {tag: len(reader.Images(tag)) for tag in tags["images"]}
        print(f"{run}/{part}: {len(tags['scalars'])} scalars, {len(tags['histograms'])} histograms, {images}, {texts}")
    root = read(run / "tensorboard")
    content = root.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    settings = HParamsPluginData.FromString(content).session_start_info.hparams
    print(f"{run}: {len(settings)} hyper-parameters, epochs {settings['epochs'].number_value:g}")
    table, flat = pd.read_csv(run / "metrics.csv"), pd.json_normalize(epochs)
    if list(table.columns) != list(flat.columns) or not all(
        (table[column].isna() & flat[column].isna() | (table[column] == flat[column])).all() for column in flat
    ):
        print(f"{run}: metrics.csv is not metrics.jsonl")
        is_good = False
    return is_good


if __name__ == "__main__":
    sys.exit(0 if all([check(Path(run)) for run in sys.argv[1:]]) else 1)
