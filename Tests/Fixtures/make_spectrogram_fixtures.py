"""Writes spectrogram.json: a sound and NumPy's log-mel spectrogram of it.

    python3 make_spectrogram_fixtures.py

Made with NumPy 2.4.6. The sound is two gliding tones and a click at 8 kHz; frames of 256 samples every 100, 20 bands from 50 to
3900 Hz.
"""

import json
import pathlib

import numpy as np

RATE, FRAME, HOP, BANDS, LOW, HIGH = 8000, 256, 100, 20, 50.0, 3900.0

n = np.arange(600)
sound = np.sin(0.3 * n + 0.0005 * n**2) + 0.5 * np.cos(1.7 * n) + np.where(n == 400, 2.0, 0.0)
sound = np.round(sound, 6)

mel = np.linspace(2595 * np.log10(1 + LOW / 700), 2595 * np.log10(1 + HIGH / 700), BANDS + 2)
corners = 700 * (10 ** (mel / 2595) - 1)
frequencies = np.fft.rfftfreq(FRAME, 1 / RATE)
# np.interp draws each triangle through its three corners.
filters = np.stack([np.interp(frequencies, corners[b : b + 3], [0, 1, 0], left=0, right=0) for b in range(BANDS)])
window = np.hanning(FRAME + 1)[:-1]
frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]
power = np.abs(np.fft.rfft(frames * window)) ** 2 / np.sum(window**2)
spectrogram = np.log(power @ filters.T + 1e-6)

path = pathlib.Path(__file__).parent / "spectrogram.json"
path.write_text(
    json.dumps(
        {
            "sample_rate": RATE, "frame_length": FRAME, "hop": HOP, "bands": BANDS, "low": LOW, "high": HIGH,
            "sound": sound.tolist(), "shape": list(spectrogram.shape),
            "spectrogram": np.round(spectrogram, 12).reshape(-1).tolist(),
        },
        separators=(",", ":"),
    )
    + "\n"
)
