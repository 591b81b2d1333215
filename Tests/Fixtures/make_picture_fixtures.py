"""Makes the pictures in pictures/ and expected.h5 beside them, which PictureTests read. Made with Python 3.11, Pillow
13.0, numpy 2.4 and h5py 3.16.

What Pillow cannot write (grey of 2 and 4 bits, colours of 16 bits, interlaced files) is put together here from the
chunks of a PNG. expected.h5 has the pixels that Pillow makes of each file: upright by EXIF, transparency laid over
white, of 16 bits the upper ones, as red, green and blue (rgb/NAME), as grey (grey/NAME), and resized (resized/...).
"""

import struct
import zlib
from pathlib import Path

import h5py
import numpy as np
from PIL import Image, ImageOps

DIRECTORY = Path(__file__).with_name("pictures")
WIDTH, HEIGHT = 21, 13


def scene(width: int, height: int, channels: int, seed: int = 0) -> np.ndarray:
    """Smooth colours, an edge, and a little noise."""
    y, x = np.mgrid[:height, :width]
    waves = [127 + 110 * np.sin(x / (5 + 2 * c) + y / (9 - c) + c) for c in range(channels)]
    pixels = np.stack(waves, axis=-1)
    pixels[height // 3:2 * height // 3, width // 4:width // 2] = 235 - 40 * np.arange(channels)
    pixels += np.random.default_rng(seed).normal(0, 6, pixels.shape)
    return np.clip(pixels.round(), 0, 255).astype(np.uint8)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(name: str, width: int, height: int, bits: int, colour_type: int, rows: list[bytes], interlaced: bool = False,
        extra: bytes = b"") -> None:
    """A PNG whose rows are packed already; those of an interlaced one stand pass by pass."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, int(interlaced))
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    (DIRECTORY / name).write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def packed(values: np.ndarray, bits: int) -> bytes:
    text = "".join(format(int(value), f"0{bits}b") for value in values)
    text += "0" * (-len(text) % 8)
    return bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8))


def make_pngs() -> None:
    grey, colours = scene(WIDTH, HEIGHT, 1)[..., 0], scene(WIDTH, HEIGHT, 3)
    alpha = np.linspace(0, 255, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH).astype(np.uint8)
    alpha[:4] = 0
    Image.fromarray(grey).convert("1").save(DIRECTORY / "grey1.png")
    for bits in (2, 4):
        png(f"grey{bits}.png", WIDTH, HEIGHT, bits, 0, [packed(row >> (8 - bits), bits) for row in grey])
    Image.fromarray(grey).save(DIRECTORY / "grey8.png")
    wide = grey.astype(np.uint16) * 200 + np.arange(WIDTH, dtype=np.uint16)
    Image.fromarray(wide).save(DIRECTORY / "grey16.png")
    Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)]).save(DIRECTORY / "grey-alpha.png")
    Image.fromarray(colours).save(DIRECTORY / "rgb.png")
    Image.fromarray(np.dstack([colours, alpha])).save(DIRECTORY / "rgb-alpha.png")
    palette = Image.fromarray(colours).quantize(200)
    palette.save(DIRECTORY / "palette8.png")
    small = Image.fromarray(colours).quantize(13)
    small.save(DIRECTORY / "palette4-transparent.png", bits=4, transparency=bytes([0, 90, 200]))
    Image.fromarray(colours).save(DIRECTORY / "rgb-key.png", transparency=tuple(int(v) for v in colours[0, 0]))
    rgb16 = colours.astype(np.uint16) * 253 + 31
    png("rgb16.png", WIDTH, HEIGHT, 16, 2, [row.astype(">u2").tobytes() for row in rgb16])
    adam7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = [row.tobytes() for x, y, dx, dy in adam7 for row in colours[y::dy, x::dx]]
    png("interlaced.png", WIDTH, HEIGHT, 8, 2, rows, interlaced=True)
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(scene(HEIGHT, WIDTH, 3)).save(DIRECTORY / "exif.png", exif=exif)


def make_jpegs() -> None:
    grey, colours = Image.fromarray(scene(WIDTH, HEIGHT, 1)[..., 0]), Image.fromarray(scene(WIDTH, HEIGHT, 3))
    grey.save(DIRECTORY / "grey.jpg", quality=85)
    colours.save(DIRECTORY / "rgb444.jpg", quality=85, subsampling=0)
    colours.save(DIRECTORY / "rgb420.jpg", quality=85, subsampling=2)
    colours.save(DIRECTORY / "progressive.jpg", quality=85, progressive=True)
    ink = Image.merge("CMYK", [Image.fromarray(plane) for plane in np.moveaxis(scene(WIDTH, HEIGHT, 4), -1, 0)])
    ink.save(DIRECTORY / "cmyk.jpg", quality=90)
    # The same numbers as luma, chroma and black: the last byte of the marker APP14 names the transform.
    data = bytearray((DIRECTORY / "cmyk.jpg").read_bytes())
    place = data.index(b"Adobe") + 11
    assert data[place] == 0
    data[place] = 2
    (DIRECTORY / "ycck.jpg").write_bytes(data)
    for orientation in range(2, 9):
        exif = Image.Exif()
        exif[274] = orientation
        size = (WIDTH, HEIGHT) if orientation < 5 else (HEIGHT, WIDTH)
        Image.fromarray(scene(*size, 3)).save(DIRECTORY / f"exif{orientation}.jpg", quality=70, exif=exif)


def upright(path: Path) -> Image.Image:
    image = ImageOps.exif_transpose(Image.open(path))
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("LA", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        below = Image.new("RGB", image.size, "white")
        below.paste(image, mask=image.getchannel("A"))
        return below
    return image


def make_expected() -> None:
    with h5py.File(DIRECTORY / "expected.h5", "w") as file:
        def save(name: str, images: list[Image.Image]) -> None:
            pixels = np.stack([np.asarray(image) for image in images])
            file.create_dataset(name, data=pixels, compression=9, shuffle=True)

        paths = [path for path in sorted(DIRECTORY.iterdir()) if path.suffix in (".png", ".jpg")]
        paths = [path for path in paths if path.stem != "large"]
        pictures = [upright(path) for path in paths]
        save("rgb", [picture.convert("RGB") for picture in pictures])
        save("grey", [picture.convert("L") for picture in pictures])
        # One a line, in the order of the rows.
        file["rgb"].attrs["files"] = "\n".join(path.name for path in paths)
        images = [upright(DIRECTORY / name).convert("RGB") for name in ("rgb.png", "rgb420.jpg")]
        save("none-11x7", [image.resize((11, 7), Image.BILINEAR) for image in images])
        save("none-53x41", [image.resize((53, 41), Image.BILINEAR) for image in images])
        # As torchvision's Resize(8) and CenterCrop(8).
        long = 8 * WIDTH // HEIGHT
        left = round((long - 8) / 2)
        resized = [image.resize((long, 8), Image.BILINEAR) for image in images]
        save("center-8x8", [image.crop((left, 0, left + 8, 8)) for image in resized])
        padded = [Image.new("L", (20, 20), 255) for _ in images]
        for below, image in zip(padded, images):
            below.paste(image.convert("L").resize((20, round(20 * HEIGHT / WIDTH)), Image.BILINEAR), (0, 4))
        save("pad-20x20", padded)
        wide = Image.open(DIRECTORY / "grey16.png")
        save("depth16-21x13", [wide])
        save("depth16-11x7", [wide.resize((11, 7), Image.BILINEAR)])
        # Pillow's own reduction while it decodes, as Image.thumbnail with reducing_gap=3 asks for it.
        save("large", [Image.open(DIRECTORY / "large.jpg").resize((20, 15), Image.BILINEAR)])
        large = Image.open(DIRECTORY / "large.jpg")
        _, box = large.draft(None, (60, 45))
        assert large.size == (83, 63), large.size
        save("large-reduced", [large.resize((20, 15), Image.BILINEAR, box=box)])


if __name__ == "__main__":
    DIRECTORY.mkdir(exist_ok=True)
    make_pngs()
    make_jpegs()
    Image.fromarray(scene(331, 249, 3, seed=1)).save(DIRECTORY / "large.jpg", quality=60)
    make_expected()
