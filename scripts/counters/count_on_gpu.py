"""What `respike evaluate` counts of integer spiking networks, on a GPU: decisions, spikes and operations of every test image.

    python3 scripts/counters/count_on_gpu.py --data CACHE/datasets/cifar10 --out FOLDER NETWORK.snn.safetensors[@t,t...] ...
        [--n N] [--device cuda] [--spikes-at-once 6e9]

CACHE is respike's cache folder, where `respike data get` puts the pixels. For each network FOLDER/<its name>/ gets predictions.csv
(index, label, the class after each of the steps asked for; without any, after those it was made for) and counts.json (means over images, as
in results.json, and what they are of). What is finished is left as it is; what was cut off goes on. Needs PyTorch, Triton and a CUDA device; with
TRITON_INTERPRET=1 and --device cpu it runs anywhere, very slowly. All sums are whole numbers and exact, so that everything equals
what respike counts.

Knows: in which order layers run, and how long their spikes are needed. May not know: how a layer runs.
"""
import numpy as np
import torch
from counted_files import count_networks, describe_flags
from gpu_layer import LayerOnDevice
from network_counts import NetworkCounts


def main():
    parser = describe_flags()
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--spikes-at-once", type=float, default=6e9, help="elements of the largest layer over all steps")
    flags = parser.parse_args()
    count_networks(flags, lambda network, at: CountsOnDevice(network, at, flags.device, flags.spikes_at_once))


class CountsOnDevice(NetworkCounts):
    """All steps of a layer before the next one."""

    def __init__(self, network, at, device, spikes_at_once):
        super().__init__(network, at, device)
        self.spikes_at_once = spikes_at_once
        gains = {layer.name: layer.gain for layer in network.layers}
        self.layers = [LayerOnDevice(layer, gains, network.refine, device) for layer in network.layers]

    def choose_batch(self):
        """A step's positions fit int32, and what a neuron sends in all of them float32."""
        largest = max(int(np.prod(layer.shape)) for layer in self.network.layers)
        gain = max(layer.gain for layer in self.network.layers)
        limits = (self.spikes_at_once / (largest * self.at[-1]), (2**31 - 1) / largest, (2**24 - 1) / (gain * self.at[-1]))
        return max(1, int(min(limits)))

    def run(self, images):
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

    def add_counts(self, name, spikes):
        """Adds |s| and, of layers that refine, what is not 0, each times the fan-outs."""
        _, effective = self.fan_outs[name]
        total, events, begin = 0, 0, 0
        for t in self.at:
            total = total + torch.linalg.vector_norm(spikes[begin:t], 1, (0, 1), dtype=torch.float32).double()
            if self.refine:
                events = events + torch.linalg.vector_norm(spikes[begin:t], 0, (0, 1), dtype=torch.float32).double()
                self.sums[t]["events"] += int(events.sum())
                self.sums[t]["event_operations"] += int((events * effective).sum())
            begin = t
            self.add_sent(name, t, total)

    def read(self, spikes):
        """What arrived at the output from the last layer's spikes up to each time, whole numbers [N,classes]."""
        told = self.tell_values(spikes) if self.refine else self.sum_after_delay(spikes)
        return {t: self.weigh_counts(counts) for t, counts in told.items()}

    def sum_after_delay(self, spikes):
        return {t: spikes[self.skipped_steps(t) : t].sum(0, dtype=torch.float32).double() for t in self.at}

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


main()
