"""What is the same wherever a network is counted: image currents, fan-outs and outputs.

Knows: the sums of docs/snn-format.md before the first layer and behind the last. May not know: how a layer runs, files. All sums are whole numbers and exact, so that everything equals what respike counts.
"""
import numpy as np
import torch
import torch.nn.functional as F

PIXEL_UNIT = 65536


class NetworkCounts:
    """Sums over images of one network. Whoever inherits from it says how `run` gets from images to outputs."""

    def __init__(self, network, at, device):
        self.network, self.at, self.device = network, at, device
        self.refine = network.refine
        self.fan_outs = {layer.name: self.measure_fan_out(layer) for layer in network.layers}
        self.last_use = {path.source: layer.name for layer in network.layers for path in layer.synapses}
        self.sums = {t: dict(spikes=0, structural=0, effective=0, events=0, event_operations=0) for t in at}

    def skipped_steps(self, t):
        """Steps that the readout of time t leaves out."""
        delay = self.network.options.get("delay", 0)
        return delay if t > delay else 0

    def run(self, images):
        """Outputs of these images at each of the times, float64 [N,classes]; adds what was sent to the sums."""
        raise NotImplementedError

    def choose_batch(self):
        """Images at once."""
        raise NotImplementedError

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

    def count(self, images, labels, progress):
        """Classes of all images and means over them; goes on behind those that `progress` knows."""
        batch = self.choose_batch()
        predictions, right_in_five = [], [0] * len(self.at)
        known = progress.read()
        if known:
            predictions, right_in_five = known["predictions"], known["rightInFive"]
            self.sums = dict(zip(self.at, known["sums"]))
        for start in range(len(predictions), len(images), batch):
            piece = labels[start : start + batch]
            outputs = self.run(images[start : start + batch])
            right_in_five = [sum_ + count_top_five(outputs[t], piece) for sum_, t in zip(right_in_five, self.at)]
            predictions += np.stack([outputs[t].argmax(1) for t in self.at], 1).tolist()
            progress.save({"predictions": predictions, "rightInFive": right_in_five, "sums": list(self.sums.values())})
        n = len(labels)
        return {"predictions": predictions, "at": [self.describe(t, n, hits) for t, hits in zip(self.at, right_in_five)]}

    def describe(self, t, n, top5):
        sums = self.sums[t]
        share = None if self.network.output.shape[0] <= 5 else 100 * top5 / n
        row = dict(t=t, top5=share, spikes=sums["spikes"] / n, sopStructural=sums["structural"] / n,
                   sopEffective=sums["effective"] / n)
        return {**row, "events": sums["events"] / n, "sopEvents": sums["event_operations"] / n} if self.refine else row

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

    def add_sent(self, name, t, sent):
        """Adds |s| of a layer's neurons up to t, [H,W,C] float64, each times the fan-outs."""
        structural, effective = self.fan_outs[name]
        sums = self.sums[t]
        sums["spikes"] += int(sent.sum())
        sums["structural"] += int((sent * structural).sum())
        sums["effective"] += int((sent * effective).sum())

    def weigh_counts(self, counts):
        """What arrived at the output from what the last layer's neurons sent, float64 [N,...] in the order [H,W,C]."""
        whole = self.network.output.synapses[0].weight
        weight = torch.as_tensor(whole.copy()).to(self.device, torch.float64).permute(0, 2, 3, 1).reshape(len(whole), -1)
        return counts.reshape(len(counts), -1) @ weight.T

    def outputs(self, totals):
        output = self.network.output
        current = torch.as_tensor(output.current.copy()).to(self.device, torch.float64)
        scale = torch.as_tensor(output.threshold.copy()).to(self.device, torch.float64)
        result = {}
        for t, arrived in totals.items():
            if self.refine:
                quanta = 2 ** min(self.refine["shift"] * (t - 1), self.refine["halvings"])
                result[t] = (arrived + current * quanta) / (scale * quanta)
            else:
                steps = t - self.skipped_steps(t)
                result[t] = (arrived + steps * current) / (scale * steps)
        return {t: value.cpu().numpy() for t, value in result.items()}


def count_top_five(outputs, labels):
    """Images whose label has fewer than five classes before it; of equal outputs the lower class comes first."""
    own = outputs[np.arange(len(labels)), labels][:, None]
    classes = np.arange(outputs.shape[1])[None, :]
    before = (outputs > own) | ((outputs == own) & (classes < labels[:, None]))
    return int((before.sum(1) < 5).sum())
