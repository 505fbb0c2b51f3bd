"""Reads a saved spiking network and runs it, written from docs/snn-format.md alone. Needs numpy.

    python3 read_snn.py NETWORK.snn.safetensors IMAGES.npy STEPS

IMAGES.npy holds preprocessed images, float32 [N,C,H,W]. Prints JSON: for each image the spike counts of
every layer (row-major [C,H,W]) and of every gate, the mean output currents, the prediction.
"""
import json
import struct
import sys

import numpy as np

DTYPES = dict(F32="<f4", F64="<f8", I64="<i8", I32="<i4", I16="<i2", I8="i1", U8="u1")


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = np.frombuffer(data[8 + size + begin : 8 + size + end], DTYPES[entry["dtype"]])
        tensors[name] = array.reshape(entry["shape"])
    return metadata, tensors


def conv(x, weight, a, dtype):
    """Adds up input channels, then rows, then columns of the kernel, as the document orders it."""
    outputs, per_group, kernel_h, kernel_w = weight.shape
    (top, left, bottom, right), (sy, sx), (dy, dx) = a["padding"], a["stride"], a["dilation"]
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right)))
    height = (padded.shape[1] - dy * (kernel_h - 1) - 1) // sy + 1
    width = (padded.shape[2] - dx * (kernel_w - 1) - 1) // sx + 1
    result = np.zeros((outputs, height, width), dtype)
    share = outputs // a["groups"]
    for g in range(a["groups"]):
        rows = slice(g * share, (g + 1) * share)
        for i in range(per_group):
            channel = padded[g * per_group + i]
            for ky in range(kernel_h):
                for kx in range(kernel_w):
                    y, z = ky * dy, kx * dx
                    window = channel[y : y + sy * height : sy, z : z + sx * width : sx][:height, :width]
                    result[rows] += weight[rows, i, ky, kx][:, None, None] * window
    return result


def linear(x, weight, dtype):
    result = np.zeros(weight.shape[0], dtype)
    for i, value in enumerate(x.reshape(-1)):
        result += weight[:, i] * value
    return result.reshape(-1, 1, 1)


def largest(x, a):
    """Largest value of each window; padding is left out, a window of padding alone gives 0."""
    (top, left, bottom, right), (sy, sx), (kh, kw) = a["padding"], a["stride"], a["kernel"]
    padded = np.pad(x.astype(np.float64), ((0, 0), (top, bottom), (left, right)), constant_values=-np.inf)
    height, width = (padded.shape[1] - kh) // sy + 1, (padded.shape[2] - kw) // sx + 1
    result = np.full((x.shape[0], height, width), -np.inf)
    for ky in range(kh):
        for kx in range(kw):
            window = padded[:, ky : ky + sy * height : sy, kx : kx + sx * width : sx]
            result = np.maximum(result, window[:, :height, :width])
    return np.where(np.isinf(result), 0, result)


def spread(tensor, shape):
    """[1], [C] or [C,H,W] to [C,H,W]; 0 where there is none."""
    if tensor is None:
        return np.zeros(shape)
    if tensor.ndim == 1:
        tensor = tensor.reshape(-1, 1, 1)
    return np.broadcast_to(tensor.astype(np.float64), shape)


class Network:
    def __init__(self, path):
        metadata, tensors = read_safetensors(path)
        self.json = json.loads(metadata["respike"])
        assert self.json["schema"] == "respike.snn/1"
        self.nodes = self.json["nodes"]
        self.by_id = {n["id"]: n for n in self.nodes}
        for n in self.nodes:
            n["data"] = {name: tensors[key] for name, key in n["tensors"].items()}
        self.kinds = {n["id"]: self.kind(n) for n in self.nodes}
        self.number = self.find_numbers()
        self.constant, self.factor = True, 1

    def kind(self, n):
        """gate: a max pool of spikes; before: a max pool of cumulative currents."""
        if n["op"] != "pool":
            return n["op"]
        source = self.by_id[n["inputs"][0]]
        return "gate" if source["op"] == "neuron" or self.kind(source) == "gate" else "before"

    def find_numbers(self):
        """The number format of a node on a path is that of the neuron or output at its end."""
        found = {}
        for n in reversed(self.nodes):
            if n["op"] in ("neuron", "output"):
                found[n["id"]] = n["attributes"]["number"]
            number = found.get(n["id"])
            for i in n["inputs"]:
                if number and self.kinds[i] not in ("neuron", "input", "gate"):
                    found[i] = number
        return found

    def dtype(self, node_id):
        return np.float32 if self.number.get(node_id) == "float32" else np.float64

    def affine(self, n, values, dtype):
        a, data = n["attributes"], n["data"]
        xs = [values[i].astype(dtype) for i in n["inputs"]]
        x = xs[0]
        if n["op"] == "conv":
            return conv(x, data["weight"].astype(dtype), a, dtype)
        if n["op"] == "linear":
            return linear(x, data["weight"].astype(dtype), dtype)
        if n["op"] == "affine":
            return data["scale"].astype(dtype).reshape(-1, 1, 1) * x
        if n["op"] == "add":
            for other in xs[1:]:
                x = x + other
            return x
        if n["op"] == "concat":
            return np.concatenate(xs)
        if n["op"] == "pad":
            return np.pad(x, list(zip(a["before"], a["after"])))
        if n["op"] == "slice":
            return x[tuple(slice(*b) for b in zip(a["start"], a["stop"], a["step"]))]
        assert n["op"] == "flatten", n["op"]
        return x.reshape(-1, 1, 1)

    def image_currents(self, image):
        """What the image adds to every target each step: all spikes are zero, pixels in fixed point for integers."""
        result = {}
        for is_float in (True, False):
            pixels = image.astype(np.float64)
            values = {}
            for n in self.nodes:
                node_id = n["id"]
                if n["op"] == "input":
                    values[node_id] = pixels if is_float else np.floor(pixels * 65536 + 0.5)
                elif self.kinds[node_id] in ("neuron", "gate", "before"):
                    tip = n["inputs"][0]
                    shape = values[tip].shape
                    if self.kinds[node_id] != "neuron":
                        shape = largest(values[tip], n["attributes"]).shape
                    self.keep(result, n, values, is_float)
                    values[node_id] = np.zeros(shape)
                elif n["op"] == "output":
                    self.keep(result, n, values, is_float)
                else:
                    values[node_id] = self.affine(n, values, np.float64)
        return result

    def keep(self, result, n, values, is_float):
        number = self.number.get(n["id"])
        if number is None or (number == "float32") != is_float:
            return
        value = values[n["inputs"][0]]
        result[n["id"]] = value.astype(np.float32) if is_float else np.floor((value + 32768) / 65536)

    def run(self, image, steps, delay=0):
        image_current = self.image_currents(image)
        state, totals, refine = {}, None, self.nodes[-1]["attributes"].get("refine")
        for t in range(1, steps + 1):
            values = {}
            if refine:
                image_current = image_current if t == 1 else {}
                self.constant = t == 1
                grows = 2 <= t <= refine["halvings"] / refine["shift"] + 1
                self.factor = 2 ** refine["shift"] if grows else 1
            for n in self.nodes:
                node_id = n["id"]
                kind = self.kinds[node_id]
                if kind == "input":
                    values[node_id] = np.zeros(image.shape)
                elif kind in ("gate", "before"):
                    values[node_id] = self.pool(n, values, image_current, state)
                elif kind == "neuron":
                    values[node_id] = self.fire(n, values, image_current, state)
                elif kind == "output":
                    now = self.read(n, values, image_current)
                    if totals is None or (t == delay + 1 and not refine):
                        totals = now
                    else:
                        totals = totals * self.factor + now
                else:
                    values[node_id] = self.affine(n, values, self.dtype(node_id))
        if refine:
            mean = totals / 2 ** min(refine["shift"] * (steps - 1), refine["halvings"])
        else:
            mean = totals / (steps - (delay if steps > delay else 0))
        return {
            "layers": {n["attributes"]["layer"]: state[n["id"]]["count"].reshape(-1).astype(int).tolist()
                       for n in self.nodes if n["op"] == "neuron"},
            "gates": {n["id"]: state[n["id"]]["largest"].reshape(-1).astype(int).tolist()
                      for n in self.nodes if self.kinds[n["id"]] == "gate"},
            "output": mean.reshape(-1).tolist(),
            "prediction": int(np.argmax(mean)),
        }

    def driven(self, n, values, image_current):
        dtype = self.dtype(n["id"])
        value = values[n["inputs"][0]].astype(dtype)
        from_image = image_current.get(n["id"])
        return value if from_image is None else value + from_image.astype(dtype)

    def pool(self, n, values, image_current, state):
        """Sends M(t) - M(t-1), M the largest cumulative value of a window."""
        now = self.driven(n, values, image_current)
        s = state.setdefault(n["id"], dict(total=np.zeros_like(now), largest=None))
        s["total"] = s["total"] + now
        new = largest(s["total"], n["attributes"]).astype(now.dtype)
        old = np.zeros_like(new) if s["largest"] is None else s["largest"]
        s["largest"] = new
        return new - old

    def fire(self, n, values, image_current, state):
        a, data, dtype = n["attributes"], n["data"], self.dtype(n["id"])
        inner = self.kinds.get(n["inputs"][0]) != "before"
        current = self.driven(n, values, image_current if inner else {})
        shape = current.shape
        if self.constant:
            current = current + spread(data.get("current"), shape).astype(dtype)
        theta = spread(data["threshold"], shape).astype(dtype)
        if n["id"] not in state:
            state[n["id"]] = dict(v=spread(data["v0"], shape).astype(dtype), count=np.zeros(shape))
        s = state[n["id"]]
        if "refine" in a:
            return self.refine(s, a["hi"], current, theta, dtype)
        v = s["v"] + current
        lowest = -np.minimum(-a["lo"], s["count"])
        spikes = np.maximum(lowest, np.minimum(a["hi"], np.floor(v / theta)))
        s["v"] = v - theta * spikes.astype(dtype) if a["reset"] == "subtract" else np.where(spikes != 0, 0, v).astype(dtype)
        s["count"] = s["count"] + spikes
        return spikes

    def refine(self, s, gain, current, theta, dtype):
        v = (s["v"] * self.factor + current).astype(dtype)
        count = s["count"] * self.factor
        nearest = np.floor(v / theta + dtype(0.5))
        spikes = np.maximum(-np.minimum(gain, count), np.minimum(gain, nearest))
        s["v"] = v - theta * spikes.astype(dtype)
        s["count"] = count + spikes
        return spikes

    def read(self, n, values, image_current):
        source = n["inputs"][0]
        if self.kinds[source] == "neuron":
            return values[source]
        dtype = self.dtype(n["id"])
        now = self.driven(n, values, image_current)
        constant = spread(n["data"].get("current"), now.shape).astype(dtype)
        now = (now + (constant if self.constant else 0)).astype(np.float64)
        scale = n["data"].get("scale")
        return now if scale is None else now / spread(scale, now.shape)


def main():
    path, images, steps = sys.argv[1:4]
    network = Network(path)
    delay = int(network.json["options"].get("delay", 0))
    print(json.dumps([network.run(image, int(steps), delay) for image in np.load(images)]))


main()
