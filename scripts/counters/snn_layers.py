"""Reads a saved spiking network and lowers every path between neurons to a convolution.

Knows: docs/snn-format.md. May not know: how convolutions and neurons are computed.
Takes integer ResNets and plain nets of 16, 32 and 64 channels; refuses by name what is beyond that: float32, pools, bursts, resets to
zero, neurons at the output, other readouts.
"""
import hashlib
import json
import struct
from dataclasses import dataclass

import numpy as np

DTYPES = dict(F32="<f4", F64="<f8", I64="<i8", I32="<i4", I16="<i2", I8="i1", U8="u1")

# Of layers of neurons: what the kernel's tiles are made for.
CHANNELS = (16, 32, 64)


@dataclass
class Synapses:
    """y[o,i,j] = sum of weight[o,c,m,n] * x[c, i*stride - padding + m, j*stride - padding + n]."""

    source: str
    weight: np.ndarray  # int32 [O,I,k,k]
    joined: np.ndarray  # bool [O,I,k,k]: where a synapse is, also one of weight 0
    stride: int
    padding: int


@dataclass
class Layer:
    """Neurons, or the output, whose `synapses` come from layers before it."""

    name: str
    synapses: list
    shape: tuple  # [C,H,W]
    threshold: np.ndarray  # [C] int64, of the output its scale
    current: np.ndarray  # [C] or [C,H,W] int64
    v0: np.ndarray
    lowest: int = 0  # of its spikes
    gain: int = 1  # the largest


@dataclass
class Network:
    layers: list
    output: Layer
    input_shape: tuple
    preprocessing: dict
    options: dict
    refine: dict  # quantum, shift, halvings; None where neurons are plain
    sha256: str  # of the file


def read_safetensors(path):
    with open(path, "rb") as file:
        data = file.read()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    metadata = json.loads(header.pop("__metadata__")["respike"])
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        array = np.frombuffer(data[8 + size + begin : 8 + size + end], DTYPES[entry["dtype"]])
        tensors[name] = array.reshape(entry["shape"])
    return metadata, tensors, hashlib.sha256(data).hexdigest()


def read_network(path):
    metadata, tensors, sha256 = read_safetensors(path)
    expect(metadata["schema"] == "respike.snn/1", path, "schema", metadata["schema"])
    nodes = {n["id"]: n for n in metadata["nodes"]}
    for node in nodes.values():
        node["data"] = {name: tensors[key] for name, key in node["tensors"].items()}
    shapes, layers, output = {}, [], None
    for name, node in nodes.items():
        shapes[name] = shape_of(node, shapes)
        if node["op"] == "neuron":
            layers.append(lower_neurons(nodes, node, shapes))
        elif node["op"] == "output":
            output = lower_output(nodes, node, shapes)
    (first,) = [n for n in nodes.values() if n["op"] == "input"]
    expect(first["id"] == "input", first["id"], "name of the image", first["id"])
    refine = find_refinement(nodes, metadata["options"])
    return Network(
        layers,
        output,
        tuple(first["attributes"]["shape"]),
        metadata["preprocessing"],
        metadata["options"],
        refine,
        sha256,
    )


def find_refinement(nodes, options):
    """What all layers and the output refine by, or None; and a readout that fits it."""
    ends = [n for n in nodes.values() if n["op"] in ("neuron", "output")]
    refine = ends[-1]["attributes"].get("refine")
    for node in ends:
        expect(node["attributes"].get("refine") == refine, node["id"], "refine", node["attributes"].get("refine"))
    readout, delay = options.get("readout", "mean"), options.get("delay", 0)
    expect(readout == ("mean" if refine is None else "final"), "options", "readout", readout)
    expect(refine is None or delay == 0, "options", "delay", delay)
    return refine


def expect(holds, place, rule, value):
    if not holds:
        raise ValueError(f"{place}: {rule} {value!r} is beyond this simulator; evaluate it with respike")


def shape_of(node, shapes):
    """[C,H,W] of what a node sends."""
    op, a = node["op"], node["attributes"]
    if op == "input":
        return tuple(a["shape"])
    c, h, w = shapes[node["inputs"][0]]
    if op == "conv":
        o, _, kh, kw = node["data"]["weight"].shape
        (top, left, bottom, right), (sy, sx) = a["padding"], a["stride"]
        return (o, (h + top + bottom - kh) // sy + 1, (w + left + right - kw) // sx + 1)
    if op == "linear":
        return (node["data"]["weight"].shape[0], 1, 1)
    if op == "slice":
        return tuple(len(range(*each)) for each in zip(a["start"], a["stop"], a["step"]))
    if op == "pad":
        return tuple(n + before + after for n, before, after in zip((c, h, w), a["before"], a["after"]))
    expect(op in ("neuron", "affine", "add", "output"), node["id"], "op", op)
    return (c, h, w)


def lower_neurons(nodes, node, shapes):
    a, data, name = node["attributes"], node["data"], node["id"]
    expect(a["number"] in ("int16", "int32"), name, "number", a["number"])
    expect(a["reset"] == "subtract", name, "reset", a["reset"])
    expect("refine" in a or (a["lo"] in (0, -1) and a["hi"] == 1), name, "alphabet", (a["lo"], a["hi"]))
    channels = shapes[name][0]
    expect(channels in CHANNELS, name, "channels", channels)
    paths = lower_paths(nodes, node["inputs"][0], shapes)
    sources = [path.source for path in paths]
    expect(len(paths) <= 2, name, "paths", sources)
    expect(sources == ["input"] or "input" not in sources, name, "image beside spikes", sources)
    return Layer(
        name,
        paths,
        shapes[name],
        np.broadcast_to(data["threshold"].astype(np.int64), (channels,)),
        per_channel(data.get("current"), channels),
        per_channel(data.get("v0"), channels),
        lowest=a["lo"],
        gain=a["hi"],
    )


def lower_output(nodes, node, shapes):
    name, classes = node["id"], shapes[node["id"]][0]
    expect(node["attributes"]["number"] in ("int16", "int32"), name, "number", node["attributes"]["number"])
    path = nodes[node["inputs"][0]]
    expect(path["op"] == "linear", name, "path", path["op"])
    expect(nodes[path["inputs"][0]]["op"] == "neuron", name, "source", path["inputs"][0])
    c, h, w = shapes[path["inputs"][0]]
    weight = path["data"]["weight"].astype(np.int64).reshape(classes, c, h, w)
    synapses = [Synapses(path["inputs"][0], weight, np.ones(weight.shape, bool), 1, 0)]
    scale = node["data"].get("scale", np.ones(classes, np.int64)).astype(np.int64)
    zeros = np.zeros(classes, np.int64)
    return Layer(name, synapses, shapes[name], scale, per_channel(node["data"].get("current"), classes), zeros)


def per_channel(tensor, channels):
    if tensor is None:
        return np.zeros(channels, np.int64)
    whole = tensor.astype(np.int64)
    return np.broadcast_to(whole, (channels,)) if whole.ndim == 1 else whole


def lower_paths(nodes, tip, shapes):
    node = nodes[tip]
    if node["op"] == "add":
        return [path for each in node["inputs"] for path in lower_paths(nodes, each, shapes)]
    return [lower_conv(nodes, node)] if node["op"] == "conv" else [lower_scaling(nodes, tip, shapes)]


def lower_conv(nodes, node):
    a, name = node["attributes"], node["id"]
    expect(nodes[node["inputs"][0]]["op"] in ("neuron", "input"), name, "source", node["inputs"][0])
    paddings, (stride, other) = set(a["padding"]), a["stride"]
    weight = node["data"]["weight"].astype(np.int32)
    expect(len(paddings) == 1, name, "padding", a["padding"])
    expect(stride == other, name, "stride", a["stride"])
    expect(a["groups"] == 1 and set(a["dilation"]) == {1}, name, "groups, dilation", (a["groups"], a["dilation"]))
    expect(weight.shape[2] == weight.shape[3], name, "kernel", weight.shape)
    return Synapses(node["inputs"][0], weight, np.ones(weight.shape, bool), stride, paddings.pop())


def lower_scaling(nodes, tip, shapes):
    """A chain of slices, a scale and pads of channels, as a convolution of 1x1."""
    chain, name = [], tip
    while nodes[name]["op"] in ("slice", "affine", "pad"):
        chain.append(nodes[name])
        (name,) = nodes[name]["inputs"]
    expect(nodes[name]["op"] in ("neuron", "input"), tip, "path from", nodes[name]["op"])
    channels, *sides = shapes[name]
    weight, joined, stride = np.eye(channels, dtype=np.int32), np.eye(channels, dtype=bool), 1
    for node in reversed(chain):
        a = node["attributes"]
        if node["op"] == "affine":
            weight = weight * node["data"]["scale"].astype(np.int32)[:, None]
        elif node["op"] == "pad":
            expect(a["before"][1:] == [0, 0] and a["after"][1:] == [0, 0], node["id"], "pad", a)
            rows = ((a["before"][0], a["after"][0]), (0, 0))
            weight, joined = np.pad(weight, rows), np.pad(joined, rows)
        else:
            expect(a["start"] == [0, 0, 0] and a["step"][0] == 1 and a["step"][1] == a["step"][2], node["id"], "slice", a)
            expect(a["stop"] == list(shapes[node["inputs"][0]]), node["id"], "slice", a)
            stride *= a["step"][1]
    return Synapses(name, weight[:, :, None, None], joined[:, :, None, None], stride, 0)
