"""All steps of one layer at once on a GPU: its synapses by tensor cores, its neurons in registers.

Knows: the equations of docs/snn-format.md for integers. May not know: files, readouts.

Exact: spikes are whole numbers of at most 15; weights are split into SPLIT*high + low with |low| and |high| at most 512, which float16
holds; what a neuron can get of either part at most, over all its paths, is checked to be below 2^24, which float32 holds; V and the counts are int32.
"""
import torch
import triton
import triton.language as tl
from snn_layers import expect

SPLIT = tl.constexpr(1024)
BINARY, SIGNED, REFINE = tl.constexpr(0), tl.constexpr(1), tl.constexpr(2)


@triton.jit
def add_synapses(high, low, x, weights_high, weights_low, n, y, z, ok, channels, H, W, O: tl.constexpr,
                 C: tl.constexpr, K: tl.constexpr, STRIDE: tl.constexpr, PADDING: tl.constexpr):
    """Adds one convolution of a step; x points at the step, [N,H,W,C]."""
    sources = tl.arange(0, C)
    for tap in range(K * K):
        row = y * STRIDE - PADDING + tap // K
        column = z * STRIDE - PADDING + tap % K
        inside = ok & (row >= 0) & (row < H) & (column >= 0) & (column < W)
        at = ((n * H + row) * W + column) * C
        spikes = tl.load(x + at[:, None] + sources[None, :], mask=inside[:, None], other=0.0)
        places = (tap * C + sources[:, None]) * O + channels[None, :]
        low = tl.dot(spikes, tl.load(weights_low + places), low)
        high = tl.dot(spikes, tl.load(weights_high + places), high)
    return high, low


@triton.jit
def fire_binary(v, theta):
    return (v >= theta).to(tl.int32)


@triton.jit
def fire_signed(v, count, theta):
    return (v >= theta).to(tl.int32) - ((v < 0) & (count > 0)).to(tl.int32)


@triton.jit
def fire_refine(v, count, theta, GAIN: tl.constexpr):
    """floor(V/theta + 1/2) within -gain ... gain, and no less than -count."""
    spikes = tl.zeros_like(v)
    for k in tl.static_range(1, GAIN + 1):
        spikes += (v >= k * theta - theta // 2).to(tl.int32)
        spikes -= (v < (theta + 1) // 2 - k * theta).to(tl.int32)
    return tl.maximum(spikes, -tl.minimum(count, GAIN))


@triton.jit(do_not_specialize=["T"])  # a kernel for all times
def run_layer(first, first_high, first_low, second, second_high, second_low, image, current, v0, threshold, out,
              pixels, T, first_step, second_step,
              HEIGHT: tl.constexpr, WIDTH: tl.constexpr, O: tl.constexpr, PATHS: tl.constexpr,
              H1, W1, C1: tl.constexpr, K1: tl.constexpr, STRIDE1: tl.constexpr, PADDING1: tl.constexpr,
              H2, W2, C2: tl.constexpr, K2: tl.constexpr, STRIDE2: tl.constexpr, PADDING2: tl.constexpr,
              KIND: tl.constexpr, SHIFT: tl.constexpr, HALVINGS: tl.constexpr, GAIN: tl.constexpr,
              ROWS: tl.constexpr):
    """Spikes `out` [T,N,HEIGHT,WIDTH,O] from those of one source or two; of the layer behind the image (PATHS = 0) from `image`."""
    pixel = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    channels = tl.arange(0, O)
    ok = pixel < pixels
    area = HEIGHT * WIDTH
    n, place = pixel // area, pixel % area
    y, z = place // WIDTH, place % WIDTH
    neuron = place[:, None] * O + channels[None, :]
    mask = ok[:, None] & (channels[None, :] < O)
    theta = tl.load(threshold + channels)[None, :]
    constant = tl.load(current + neuron, mask=mask, other=0)
    v = tl.load(v0 + neuron, mask=mask, other=0)
    count = tl.zeros([ROWS, O], tl.int32)
    here = pixel[:, None] * O + channels[None, :]
    if PATHS == 0:
        constant += tl.load(image + here, mask=mask, other=0)
    for t in range(T):
        high = tl.zeros([ROWS, O], tl.float32)
        low = tl.zeros([ROWS, O], tl.float32)
        if PATHS > 0:
            high, low = add_synapses(high, low, first, first_high, first_low, n, y, z, ok, channels,
                                     H1, W1, O, C1, K1, STRIDE1, PADDING1)
        if PATHS > 1:
            high, low = add_synapses(high, low, second, second_high, second_low, n, y, z, ok, channels,
                                     H2, W2, O, C2, K2, STRIDE2, PADDING2)
        arriving = high.to(tl.int32) * SPLIT + low.to(tl.int32)
        if KIND == REFINE:
            grows = (t >= 1) & (t <= HALVINGS // SHIFT)
            v = tl.where(grows, v << SHIFT, v) + arriving + tl.where(t == 0, constant, 0)
            count = tl.where(grows, count << SHIFT, count)
            spikes = fire_refine(v, count, theta, GAIN)
        else:
            v += arriving + constant
            if KIND == SIGNED:
                spikes = fire_signed(v, count, theta)
            else:
                spikes = fire_binary(v, theta)
        v -= theta * spikes
        count += spikes
        tl.store(out + here, spikes.to(tl.float16), mask=mask)
        first += first_step
        second += second_step
        out += pixels * O


def split_weights(path, gain, device):
    """int32 [O,I,k,k] to two float16 [k*k,I,O]. `gain`: the largest spike of its source."""
    weight = torch.as_tensor(path.weight.copy())
    high = torch.div(weight + SPLIT.value // 2, SPLIT.value, rounding_mode="floor")
    parts = [high, weight - high * SPLIT.value]
    for part in parts:
        expect(int(part.abs().max()) <= 512, path.source, "largest weight behind it", int(weight.abs().max()))
        most = int(part.abs().sum((1, 2, 3)).max()) * gain
        expect(most < 2**23, path.source, "sum of weights behind it", most)  # of at most two paths
    of_taps = [part.permute(2, 3, 1, 0).reshape(-1, weight.shape[1], weight.shape[0]) for part in parts]
    return [part.to(device, torch.float16).contiguous() for part in of_taps]


def spread(values, shape, device):
    """[C] or [C,H,W] to int32 [H,W,C]."""
    c, h, w = shape
    whole = torch.as_tensor(values.copy())
    whole = whole[:, None, None].expand(c, h, w) if whole.ndim == 1 else whole
    return whole.permute(1, 2, 0).to(device, torch.int32).contiguous()


class LayerOnDevice:
    """A layer's tensors on a device; kept for all images."""

    def __init__(self, layer, gains, refine, device):
        """`gains`: the largest spike of each layer before it; `refine`: of all layers, or None."""
        self.layer, self.device = layer, device
        self.refine = refine or {"shift": 1, "halvings": 0}
        self.kind = REFINE if refine else SIGNED if layer.lowest < 0 else BINARY
        self.paths = [path for path in layer.synapses if path.source != "input"]
        self.weights = [split_weights(path, gains[path.source], device) for path in self.paths]
        self.current = spread(layer.current, layer.shape, device)
        self.v0 = spread(layer.v0, layer.shape, device)
        self.threshold = torch.as_tensor(layer.threshold.copy()).to(device, torch.int32)

    def run(self, sent, image, steps, n):
        """Spikes [T,N,H,W,C] float16, from those of the layers before in `sent`, or from the image's currents [N,H,W,C]."""
        channels, height, width = self.layer.shape
        out = torch.empty((steps, n, height, width, channels), dtype=torch.float16, device=self.device)
        nothing = (out, out, out, 0, (0, 0, 16, 1, 1, 0))
        paths = [self.describe(index, sent) for index in range(len(self.paths))]
        first, second = (paths + [nothing, nothing])[:2]
        pixels = n * height * width
        rows = 64 if channels == 64 else 128  # of a tile that registers hold
        run_layer[(triton.cdiv(pixels, rows),)](
            *first[:3], *second[:3], self.current if image is None else image, self.current, self.v0, self.threshold, out,
            pixels, steps, first[3], second[3], height, width, channels, len(paths), *first[4], *second[4],
            self.kind.value, self.refine["shift"], self.refine["halvings"], self.layer.gain, rows)
        return out

    def describe(self, index, sent):
        path, (high, low) = self.paths[index], self.weights[index]
        x = sent[path.source]
        _, n, h, w, c = x.shape
        return x, high, low, n * h * w * c, (h, w, c, path.weight.shape[2], path.stride, path.padding)
