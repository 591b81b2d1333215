"""Writes sounds/: four sounds in two folders, and what librosa and SciPy make of them.

    python3 make_sound_fixtures.py

Made with librosa 0.11.0, SciPy 1.17.1, NumPy 2.4.6 and soundfile 0.14.0 (libsndfile 1.2.2). Each lasts 0.3 s: 16-bit WAV,
24-bit FLAC and a float32 WAV of two channels at 16 kHz, and a 16-bit WAV at 44.1 kHz. expected.h5 has, in the order of the
files' names,

- `samples` [4, 4800]: the mean of the channels at 16 kHz, resampled by SciPy's resample_poly with a filter that SciPy's
  firwin designs (Kaiser, beta 9, cutoff 0.95 of half the lower rate, 64 zero crossings to each side);
- `soxr` [4800]: the second as librosa resamples it by default (soxr_hq), another filter of the same purpose;
- `mel` [4, 31, 40]: power_to_db(melspectrogram(…), top_db=None) of each, frames of 400 samples every 160.
"""

import math
import pathlib

import h5py
import librosa
import numpy as np
import scipy.signal
import soundfile

RATE, SECONDS = 16000, 0.3
folder = pathlib.Path(__file__).parent / "sounds"
random = np.random.default_rng(5)


def sound(rate, low, high, noise):
    t = np.arange(round(rate * SECONDS)) / rate
    phase = 2 * np.pi * (low * t + (high - low) * t**2 / (2 * SECONDS))
    return (0.4 * np.sin(phase) * np.hanning(len(t)) + noise * random.standard_normal(len(t))).clip(-1, 1)


def resample(y, before, after):
    common = math.gcd(before, after)
    up, down = after // common, before // common
    half = 64 * max(up, down)
    window = scipy.signal.firwin(2 * half + 1, 0.95 / max(up, down), window=("kaiser", 9.0))
    return scipy.signal.resample_poly(y, up, down, window=window)


two = np.stack([sound(RATE, 900, 2500, 0.01), sound(RATE, 3000, 3000, 0.02)], axis=1)
for name, values, rate, subtype in [
    ("high/chirp.wav", two, RATE, "FLOAT"),
    ("high/fast.wav", sound(44100, 1500, 6000, 0.005), 44100, "PCM_16"),
    ("low/hum.flac", sound(RATE, 120, 120, 0.001), RATE, "PCM_24"),
    ("low/slide.wav", sound(RATE, 400, 150, 0.003), RATE, "PCM_16"),
]:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / name, values, rate, subtype=subtype)

samples, mels = [], []
for path in sorted(folder.glob("*/*.*")):
    y, rate = soundfile.read(path, dtype="float64", always_2d=True)
    y = y.mean(axis=1)
    if rate != RATE:
        soxr = librosa.resample(y, orig_sr=rate, target_sr=RATE)
        y = resample(y, rate, RATE)
        print("SciPy's filter against soxr_hq: ", np.abs(y - soxr)[100:-100].max())
    samples.append(y)
    power = librosa.feature.melspectrogram(y=y, sr=RATE, n_fft=400, hop_length=160, n_mels=40)
    mels.append(librosa.power_to_db(power, top_db=None).T)

with h5py.File(folder / "expected.h5", "w", track_order=True) as file:
    for name, values in [
        ("samples", samples), ("soxr", soxr), ("mel", mels),
    ]:
        file.create_dataset(name, data=np.asarray(values, dtype="float32"), compression="gzip", shuffle=True, track_times=False)
