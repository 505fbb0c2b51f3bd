"""What `respike evaluate` counts of binary and signed integer networks, on a processor with AMX tiles.

    python3 scripts/counters/count_on_amx.py --data CACHE/datasets/cifar10 --out FOLDER NETWORK.snn.safetensors[@t,t...] ...
        [--n N] [--threads 2]

Reads and writes what count_on_gpu.py does. Needs PyTorch and a C compiler (CC, cc), and an Intel processor since Sapphire Rapids: Linux
names amx_int8 among its flags in /proc/cpuinfo. Refuses networks that refine.

Knows: how amx_network.c wants a network. May not know: how it simulates.
"""
import ctypes
import os
import shlex
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from counted_files import count_networks, describe_flags
from network_counts import NetworkCounts
from snn_layers import expect

STEPS, ROWS, LANES, TILE_BYTES = 32, 16, 16, 64  # as in amx_network.c
MOST_AT_ONCE = 256  # images: currents and counts of them fit memory
FAILURES = {1: "the system lends no AMX tiles", 2: "out of memory"}


def fields(kind, *names):
    return [(name, kind) for name in names]


class Path(ctypes.Structure):
    _fields_ = fields(ctypes.c_int32, "source", "stride", "first", "tiles") + fields(ctypes.c_void_p, "offsets", "weights")


class Layer(ctypes.Structure):
    _fields_ = [
        *fields(ctypes.c_int32, "channels", "height", "width", "is_signed", "by_steps", "slot", "paths", "unused"),
        *fields(ctypes.c_int64, "bytes", "step", "row", "column"),
        ("path", Path * 2),
        *fields(ctypes.c_void_p, "threshold", "current"),
        ("current_step", ctypes.c_int64),
        ("v0", ctypes.c_void_p),
    ]


def main():
    parser = describe_flags()
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    flags = parser.parse_args()
    expect(flags.threads >= 1, "--threads", "number", flags.threads)
    with tempfile.TemporaryDirectory() as folder:
        library = compile_library(folder)
        count_networks(flags, lambda network, at: CountsOnTiles(network, at, library, flags.threads))


def compile_library(folder):
    source, built = os.path.join(os.path.dirname(__file__), "amx_network.c"), os.path.join(folder, "amx_network.so")
    compiler = shlex.split(os.environ.get("CC", "cc"))
    words = ["-std=gnu11", "-O3", "-march=sapphirerapids", "-shared", "-fPIC", "-o", built, source]
    if subprocess.run([*compiler, *words]).returncode:
        raise SystemExit(f"{source}: {compiler[0]} cannot compile it for Sapphire Rapids; name another compiler by CC (gcc from 11 on)")
    return ctypes.CDLL(built)


class CountsOnTiles(NetworkCounts):
    """An image through all layers, some steps at a time; images side by side in threads."""

    def __init__(self, network, at, library, threads):
        super().__init__(network, at, "cpu")
        first, *others = network.layers
        expect(network.refine is None, "options", "refine", network.refine)
        (end,) = network.output.synapses
        expect(end.source == network.layers[-1].name, network.output.name, "source before the last layer", end.source)
        expect([path.source for path in first.synapses] == ["input"], first.name, "sources", first.synapses[0].source)
        for layer in others:
            expect(all(path.source != "input" for path in layer.synapses), layer.name, "source", "input")
        self.library, self.threads = library, threads
        self.kept = []  # arrays that the library reads
        self.marks = sorted({*at, *map(self.skipped_steps, at)} - {0})
        self.neurons = [int(np.prod(layer.shape)) for layer in network.layers]
        self.slots = assign_slots(network.layers, self.last_use)
        self.layers = (Layer * len(network.layers))(*map(self.describe_layer, network.layers))

    def choose_batch(self):
        return MOST_AT_ONCE

    def keep(self, array):
        self.kept.append(array)
        return array.ctypes.data

    def describe_layer(self, layer):
        channels, height, width = layer.shape
        paths = [path for path in layer.synapses if path.source != "input"]
        by_steps = channels == TILE_BYTES or not paths
        return Layer(
            channels, height, width, layer.lowest < 0, by_steps, self.slots[layer.name], len(paths), 0,
            *lay_out(layer.shape),
            (Path * 2)(*map(self.describe_path, paths)),
            self.keep(layer.threshold.astype(np.int32)),
            *self.describe_current(layer),
            self.keep(spread(layer.v0, layer.shape)),
        )

    def describe_current(self, layer):
        """Where it lies, and how far one pixel's lies from the next one's."""
        if layer.current.ndim == 1:
            return self.keep(layer.current.astype(np.int32)), 0
        return self.keep(spread(layer.current, layer.shape)), layer.shape[0]

    def describe_path(self, path):
        size = path.weight.shape[2]
        window = (size, path.stride, path.padding)
        expect(size <= 3 and path.stride <= 2 and path.padding <= 1, path.source, "kernel, stride, padding behind it", window)
        names = [layer.name for layer in self.network.layers]
        source = names.index(path.source)
        _, _, row, column = lay_out(self.network.layers[source].shape)
        places, weights = make_tiles(path)
        offsets = np.array([y * row + x * column for y, x in places], np.int64)
        return Path(source, path.stride, 1 - path.padding, len(places), self.keep(offsets), self.keep(weights))

    def run(self, images):
        first = self.network.layers[0]
        current = self.image_current(first, self.fix_pixels(images)).permute(0, 2, 3, 1)
        current = np.ascontiguousarray(current.to(torch.int32).numpy() + spread(first.current, first.shape))
        pieces = [piece for piece in np.array_split(current, self.threads) if len(piece)]
        with ThreadPoolExecutor(self.threads) as pool:
            sent, counts = zip(*pool.map(self.run_piece, pieces))
        self.add_totals(sum(sent))
        return self.outputs(self.read(np.concatenate(counts)))

    def run_piece(self, current):
        """|spikes| of all neurons up to each mark [marks,neurons], and what the last layer sent in sum [N,marks,neurons]."""
        marks = np.array(self.marks, np.int32)
        totals = np.zeros((len(marks), sum(self.neurons)), np.int64)
        read = np.empty((len(current), len(marks), self.neurons[-1]), np.int32)
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (current, marks, totals, read)]
        result = self.library.count_images(
            self.layers, len(self.layers), max(self.slots.values()) + 1, pointers[0], ctypes.c_int64(len(current)),
            pointers[1], len(marks), pointers[2], pointers[3],
        )
        if result:
            raise OSError(FAILURES[result])
        return totals, read

    def add_totals(self, totals):
        for t in self.at:
            pieces = np.split(totals[self.marks.index(t)], np.cumsum(self.neurons)[:-1])
            for layer, piece in zip(self.network.layers, pieces):
                channels, height, width = layer.shape
                self.add_sent(layer.name, t, torch.as_tensor(piece.reshape(height, width, channels)).double())

    def read(self, counts):
        """What arrived at the output from the last layer's spikes up to each time, whole numbers [N,classes]."""
        at = {mark: torch.as_tensor(counts[:, index]).double() for index, mark in enumerate(self.marks)}
        at[0] = torch.zeros_like(at[self.at[0]])
        return {t: self.weigh_counts(at[t] - at[self.skipped_steps(t)]) for t in self.at}


def assign_slots(layers, last_use):
    """A place for each layer's spikes, which layers of the same shape take over when nobody needs them any more."""
    slots, free, count = {}, {}, 0
    for layer in layers:
        same = free.setdefault(layer.shape, [])
        if not same:
            same.append(count)
            count += 1
        slots[layer.name] = same.pop()
        for source in {path.source for path in layer.synapses if last_use[path.source] == layer.name} - {"input"}:
            shape = next(each.shape for each in layers if each.name == source)
            free[shape].append(slots[source])
    return slots


def lay_out(shape):
    """Bytes of a layer's spikes in STEPS steps with their border, and from one to the next step's, row's and column's."""
    channels, height, width = shape
    # A row's right border is the next one's left border, and more where a tile spans pixels: products beyond a window have weight 0.
    columns = width + TILE_BYTES // channels
    pixels = (height + 2) * columns
    # Behind the last row: the border of its last pixels, never written to, and what tiles of pixels beyond the last get to see.
    past = 2 * ROWS * channels * STEPS
    if channels == TILE_BYTES:  # all steps of a pixel side by side
        return pixels * STEPS * channels + past, channels, columns * STEPS * channels, STEPS * channels
    return pixels * STEPS * channels + past, pixels * channels, columns * channels, channels


def spread(values, shape):
    """[C] or [C,H,W] to int32 [H,W,C]."""
    channels = shape[0]
    whole = np.broadcast_to(values.reshape(channels, 1, 1) if values.ndim == 1 else values, shape)
    return np.ascontiguousarray(whole.transpose(1, 2, 0), np.int32)


def make_tiles(path):
    """Row and column of each tile of 64 products within the window, and their weights: bytes [O/16,tiles,2,1024], high and low parts."""
    targets, channels, size, _ = path.weight.shape
    expect(int(np.abs(path.weight).max()) < 2**15, path.source, "largest weight behind it", int(np.abs(path.weight).max()))
    wide = TILE_BYTES // channels
    places = [(row, column) for row in range(size) for column in range(0, size, wide)]
    tiles = np.zeros((targets // LANES, len(places), 2, TILE_BYTES // 4, LANES, 4), np.uint8)
    for index, (row, column) in enumerate(places):
        taps = path.weight[:, :, row, column : column + wide]  # [O,I,taps]
        products = np.zeros((targets, wide, channels), np.int32)
        products[:, : taps.shape[2]] = taps.transpose(0, 2, 1)
        of_groups = products.reshape(-1, LANES, TILE_BYTES // 4, 4).transpose(0, 2, 1, 3)
        tiles[:, index, 0] = (of_groups >> 8).astype(np.int8).view(np.uint8)
        tiles[:, index, 1] = (of_groups & 255).astype(np.uint8)
    return places, tiles


main()
