"""What `respike evaluate` counts of integer spiking networks, on a GPU: decisions, spikes and operations of every test image.

    python3 scripts/gpu/count_on_gpu.py --data CACHE/datasets/cifar10 --out FOLDER NETWORK.snn.safetensors[@t,t...] ...
        [--n N] [--device cuda] [--spikes-at-once 6e9]

CACHE is respike's cache folder, where `respike data get` puts the pixels. For each network FOLDER/<its name>/ gets predictions.csv
(index, label, the class after each of the steps asked for; without any, after those it was made for) and counts.json (means over images, as
in results.json, and what they are of). What is finished is left as it is. Needs PyTorch, Triton and a CUDA device; with
TRITON_INTERPRET=1 and --device cpu it runs anywhere, very slowly. All sums are whole numbers and exact, so that everything equals
what respike counts.

Knows: image currents, fan-outs, readouts. May not know: how a layer runs.
"""
import argparse
import json
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from snn_layers import expect, read_network
from spiking_layer import LayerOnDevice

PIXEL_UNIT = 65536
MOST_STEPS = 4000  # of a network with an int32 layer (docs/conversion.md, number formats)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True)
    parser.add_argument("--n", type=int, help="the first N images alone")
    parser.add_argument("--out", required=True)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--spikes-at-once", type=float, default=6e9, help="elements of the largest layer over all steps")
    parser.add_argument("networks", nargs="+")
    flags = parser.parse_args()
    for each in flags.networks:
        path, _, times = each.partition("@")
        folder = os.path.join(flags.out, os.path.basename(path).removesuffix(".snn.safetensors"))
        started = time.time()
        network = read_network(path)
        at = sorted({int(t) for t in times.split(",")}) if times else [network.options["T"]]
        expect(1 <= at[0] and at[-1] <= MOST_STEPS, path, "times", at)
        images, labels = read_test_images(flags.data, network.input_shape, flags.n)
        of = {"sha256": network.sha256, "n": len(labels), "times": at}
        if is_finished(folder, of):
            continue
        with torch.inference_mode():
            result = NetworkCounts(network, at, flags.device).count(images, labels, flags.spikes_at_once)
        write(folder, result, labels, of)
        print(f"{os.path.basename(folder)}: {time.time() - started:.1f} s", flush=True)


def read_test_images(folder, shape, n):
    pixels = np.fromfile(os.path.join(folder, "test-images.u8"), np.uint8).reshape(-1, *shape)
    labels = np.fromfile(os.path.join(folder, "test-labels.u8"), np.uint8).astype(np.int64)
    return pixels[:n], labels[:n]


def is_finished(folder, of):
    path = os.path.join(folder, "counts.json")
    if not os.path.exists(path):
        return False
    with open(path) as file:
        return json.load(file)["of"] == of


def write(folder, result, labels, of):
    """counts.json is written last: where it exists, predictions.csv belongs to it."""
    os.makedirs(folder, exist_ok=True)
    whole = os.path.join(folder, "counts.json")
    if os.path.exists(whole):
        os.remove(whole)
    head = ",".join(["index", "label", *(f"t{t}" for t in of["times"])])
    rows = [f"{i},{label},{','.join(map(str, result['predictions'][i]))}" for i, label in enumerate(labels)]
    write_whole(os.path.join(folder, "predictions.csv"), "\n".join([head, *rows]) + "\n")
    write_whole(whole, json.dumps({"of": of, "at": result["at"]}, indent=1) + "\n")


def write_whole(path, text):
    with open(path + ".part", "w") as file:
        file.write(text)
    os.replace(path + ".part", path)


class NetworkCounts:
    """Sums over images of one network."""

    def __init__(self, network, at, device):
        self.network, self.at, self.device = network, at, device
        self.refine = network.refine
        gains = {layer.name: layer.gain for layer in network.layers}
        self.layers = [LayerOnDevice(layer, gains, network.refine, device) for layer in network.layers]
        self.fan_outs = {layer.name: self.measure_fan_out(layer) for layer in network.layers}
        self.last_use = {path.source: layer.name for layer in network.layers for path in layer.synapses}
        self.sums = {t: dict(spikes=0, structural=0, effective=0, events=0, event_operations=0) for t in at}

    def measure_fan_out(self, source):
        """Targets of each neuron [C,H,W]: joined to it, and by a weight other than 0."""
        c, h, w = source.shape
        found = [torch.zeros(source.shape, dtype=torch.float64, device=self.device) for _ in range(2)]
        for layer in [*self.network.layers, self.network.output]:
            for path in layer.synapses:
                if path.source != source.name:
                    continue
                for total, mask in zip(found, (path.joined, path.joined & (path.weight != 0))):
                    kernel = torch.as_tensor(mask).to(self.device, torch.float64)
                    ones = torch.ones((1, *layer.shape), dtype=torch.float64, device=self.device)
                    spread = F.conv_transpose2d(ones, kernel, stride=path.stride, padding=0)[0]
                    p = path.padding
                    spread = F.pad(spread, (0, max(0, w + 2 * p - spread.shape[2]), 0, max(0, h + 2 * p - spread.shape[1])))
                    total += spread[:, p : p + h, p : p + w]
        return [total.permute(1, 2, 0).contiguous() for total in found]

    def count(self, images, labels, spikes_at_once):
        batch = self.choose_batch(spikes_at_once)
        predictions, right_in_five = [], {t: 0 for t in self.at}
        for start in range(0, len(images), batch):
            piece = labels[start : start + batch]
            outputs = self.run(images[start : start + batch])
            for t in self.at:
                right_in_five[t] += count_top_five(outputs[t], piece)
            predictions.append(np.stack([outputs[t].argmax(1) for t in self.at], 1))
        n = len(labels)
        return {"predictions": np.concatenate(predictions), "at": [self.describe(t, n, right_in_five[t]) for t in self.at]}

    def choose_batch(self, spikes_at_once):
        """Images at once: a step's positions fit int32, and what a neuron sends in all of them float32."""
        largest = max(int(np.prod(layer.shape)) for layer in self.network.layers)
        gain = max(layer.gain for layer in self.network.layers)
        limits = (spikes_at_once / (largest * self.at[-1]), (2**31 - 1) / largest, (2**24 - 1) / (gain * self.at[-1]))
        return max(1, int(min(limits)))

    def describe(self, t, n, top5):
        sums = self.sums[t]
        share = None if self.network.output.shape[0] <= 5 else 100 * top5 / n
        row = dict(t=t, top5=share, spikes=sums["spikes"] / n, sopStructural=sums["structural"] / n,
                   sopEffective=sums["effective"] / n)
        return {**row, "events": sums["events"] / n, "sopEvents": sums["event_operations"] / n} if self.refine else row

    def run(self, images):
        """Outputs of these images at each of the times, float64 [N,classes]."""
        n, sent, totals = len(images), {}, None
        pixels = self.fix_pixels(images)
        for on_device in self.layers:
            layer = on_device.layer
            image = self.image_current(layer, pixels)
            image = None if image is None else image.permute(0, 2, 3, 1).to(torch.int32).contiguous()
            sent[layer.name] = on_device.run(sent, image, self.at[-1], n)
            self.add_counts(layer.name, sent[layer.name])
            if layer.name == self.network.output.synapses[0].source:
                totals = self.read(sent[layer.name])
            for source in [s for s in sent if self.last_use.get(s, layer.name) == layer.name and s != layer.name]:
                del sent[source]
        return self.outputs(totals)

    def fix_pixels(self, images):
        """p = floor(x*2^16 + 1/2) of the preprocessed x, which is a float32."""
        p = self.network.preprocessing
        divisor = 255 if p["range"] == "0..1" else 1
        channels = self.network.input_shape[0]
        mean, std = (np.broadcast_to(np.asarray(p[name], np.float64), (channels,)) for name in ("mean", "std"))
        x = ((np.arange(256)[:, None] / divisor - mean) / std).astype(np.float32).astype(np.float64)
        table = torch.as_tensor(np.floor(x * PIXEL_UNIT + 0.5)).to(self.device)
        bytes_ = torch.as_tensor(images).to(self.device, torch.int64)
        return torch.stack([table[:, c][bytes_[:, c]] for c in range(channels)], 1)

    def image_current(self, layer, pixels):
        paths = [path for path in layer.synapses if path.source == "input"]
        if not paths:
            return None
        total = 0
        for path in paths:
            weight = torch.as_tensor(path.weight.copy()).to(self.device, torch.float64)
            total = total + F.conv2d(pixels, weight, stride=path.stride, padding=path.padding)
        return torch.floor((total + PIXEL_UNIT // 2) / PIXEL_UNIT)

    def add_counts(self, name, spikes):
        """Adds |s| and, of layers that refine, what is not 0, each times the fan-outs."""
        structural, effective = self.fan_outs[name]
        total, events, begin = 0, 0, 0
        for t in self.at:
            sums = self.sums[t]
            total = total + torch.linalg.vector_norm(spikes[begin:t], 1, (0, 1), dtype=torch.float32).double()
            if self.refine:
                events = events + torch.linalg.vector_norm(spikes[begin:t], 0, (0, 1), dtype=torch.float32).double()
                sums["events"] += int(events.sum())
                sums["event_operations"] += int((events * effective).sum())
            begin = t
            sums["spikes"] += int(total.sum())
            sums["structural"] += int((total * structural).sum())
            sums["effective"] += int((total * effective).sum())

    def read(self, spikes):
        """What arrived at the output from the last layer's spikes up to each time, whole numbers [N,classes]."""
        whole = self.network.output.synapses[0].weight
        weight = torch.as_tensor(whole.copy()).to(self.device, torch.float64).permute(0, 2, 3, 1).reshape(len(whole), -1)
        told = self.tell_values(spikes) if self.refine else self.sum_after_delay(spikes)
        return {t: counts.reshape(len(counts), -1) @ weight.T for t, counts in told.items()}

    def sum_after_delay(self, spikes):
        delay = self.network.options.get("delay", 0)
        return {t: spikes[delay if t > delay else 0 : t].sum(0, dtype=torch.float32).double() for t in self.at}

    def tell_values(self, spikes):
        """N of neurons that refine, in quanta of step t."""
        shift, halvings = self.refine["shift"], self.refine["halvings"]
        counts, found = torch.zeros(spikes.shape[1:], dtype=torch.float64, device=self.device), {}
        for t in range(1, self.at[-1] + 1):
            if 2 <= t <= halvings // shift + 1:
                counts = counts * 2**shift
            counts = counts + spikes[t - 1]
            if t in self.at:
                found[t] = counts
        return found

    def outputs(self, totals):
        output, delay = self.network.output, self.network.options.get("delay", 0)
        current = torch.as_tensor(output.current.copy()).to(self.device, torch.float64)
        scale = torch.as_tensor(output.threshold.copy()).to(self.device, torch.float64)
        result = {}
        for t, arrived in totals.items():
            if self.refine:
                quanta = 2 ** min(self.refine["shift"] * (t - 1), self.refine["halvings"])
                result[t] = (arrived + current * quanta) / (scale * quanta)
            else:
                steps = t - (delay if t > delay else 0)
                result[t] = (arrived + steps * current) / (scale * steps)
        return {t: value.cpu().numpy() for t, value in result.items()}


def count_top_five(outputs, labels):
    """Images whose label has fewer than five classes before it; of equal outputs the lower class comes first."""
    own = outputs[np.arange(len(labels)), labels][:, None]
    classes = np.arange(outputs.shape[1])[None, :]
    before = (outputs > own) | ((outputs == own) & (classes < labels[:, None]))
    return int((before.sum(1) < 5).sum())


main()
