"""Makes tensorboard/, event files that EventFileTests reads, by TensorBoard's own writer.

Made with Python 3.11, tensorboard 2.21.0 and torch 2.15 (for its SummaryWriter).
"""

import shutil
from pathlib import Path

import numpy as np
from torch.utils.tensorboard import SummaryWriter

DIRECTORY = Path(__file__).with_name("tensorboard")

shutil.rmtree(DIRECTORY, ignore_errors=True)
with SummaryWriter(DIRECTORY) as writer:
    for step, loss in [(1, 2.5), (2, 1.25), (1000, -0.5)]:
        writer.add_scalar("step/loss", loss, step, walltime=1_700_000_000.5 + step)
    writer.add_histogram("weights/0.weight", np.array([-1.0, 0.0, 0.5, 0.5, 2.0]), 3, walltime=1_700_000_004)
    image = np.zeros((2, 3, 1), dtype=np.uint8)
    image[0, 1] = 255
    writer.add_image("samples/data", image, 0, walltime=1_700_000_005, dataformats="HWC")
    writer.add_text("note", "two *words*", 7, walltime=1_700_000_006)
# Names without time, host and process.
(file,) = DIRECTORY.glob("events.out.tfevents.*")
file.rename(DIRECTORY / "events.out.tfevents.1700000000.host.1.0")
