/** The contract's anchors exactly, and a small network counted by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countAnnMacs,
  countAnnMacsPadded,
  countFanOuts,
  countFirstLayerMacs,
  countNeurons,
  countStructuralFanOut,
  sumCounts,
} from "#src/evaluation/count-operations.js";
import { buildResNet, buildSmallSnn } from "./residual-networks.js";

/** depth, neurons, annMacs, annMacsPadded, fan-out of convolutions, shortcuts, readout */
const anchors = [
  [20, 188_416, 36_957_504, 40_551_040, 36_532_736, 79_872, 40_960],
  [32, 303_104, 62_602_560, 68_862_592, 62_177_792, 137_216, 40_960],
  [44, 417_792, 88_247_616, 97_174_144, 87_822_848, 194_560, 40_960],
  [56, 532_480, 113_892_672, 125_485_696, 113_467_904, 251_904, 40_960],
  [110, 1_048_576, 229_295_424, 252_887_680, 228_870_656, 509_952, 40_960],
] as const;

for (const [depth, neurons, macs, padded, convs, shortcuts, readout] of anchors) {
  test(`counts of a CIFAR ResNet-${depth} with option A, exactly`, () => {
    const graph = buildResNet((depth - 2) / 6);
    assert.equal(countNeurons(graph), neurons);
    assert.equal(countAnnMacs(graph), macs);
    assert.equal(countAnnMacsPadded(graph), padded);
    assert.equal(countFirstLayerMacs(graph), 424_128);
    assert.equal(countStructuralFanOut(graph), convs + shortcuts + readout);
    const toOutputs = countFanOuts(graph, { effective: false, outputsOnly: true });
    assert.equal(sumCounts([...toOutputs.values()].map(sumCounts)), readout);
  });
}

test("fan-outs of a stride-2 block with an option-A shortcut equal the count by hand (docs/counting.md)", () => {
  const { graph } = buildSmallSnn();
  const structural = countFanOuts(graph, { effective: false });
  // 3×3 kernel, padding 1, stride 2 on 8×8: a coordinate 0, 2, 4, 6 is heard by 1 output, 1, 3, 5 by 2, 7 by 1.
  const heard = [1, 2, 1, 2, 1, 2, 1, 1];
  const links = structural.get("conv1") as Float64Array;
  for (let c = 0; c < 4; c++) {
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 8; x++) {
        const conv = 8 * (heard[y] as number) * (heard[x] as number);
        const shortcut = y % 2 === 0 && x % 2 === 0 ? 1 : 0;
        assert.equal(links[(c * 8 + y) * 8 + x], conv + shortcut, `neuron ${c},${y},${x}`);
      }
    }
  }
  // 4 channels · (8 targets' channels · 11² links + 16 shortcut links)
  assert.equal(sumCounts(links), 4 * (8 * 121 + 16));
  assert.equal(sumCounts(structural.get("layer1.0") as Float64Array), 128 * 6);
  // First layer, 8×8, 3×3, padding 1: a border pixel is heard by 2 rows, others by 3: (2 + 6·3 + 2)² · 4 channels.
  assert.equal(countFirstLayerMacs(graph), 22 * 22 * 4);
});

test("effective fan-out leaves out weights equal to 0", () => {
  const { graph } = buildSmallSnn();
  const [structural, effective] = [false, true].map((only) => countFanOuts(graph, { effective: only }));
  const tensor = (id: string, name: string) => graph.node(id).tensors[name]?.data as Int16Array;
  const zeros = tensor("fc", "weight").filter((w) => w === 0).length;
  assert.ok(zeros > 0, "the test network has zero weights in its readout");
  assert.equal(sumCounts(effective?.get("layer1.0") as Float64Array), 128 * 6 - zeros);
  // Of the 4 outputs along an axis tap 0 hears 3 pixels (one is padding), taps 1 and 2 hear 4.
  const reach = [3, 4, 4];
  const zeroTaps = [...tensor("c2", "weight").entries()].filter(([, w]) => w === 0).map(([at]) => at % 9);
  assert.ok(zeroTaps.length > 0, "the test network has zero weights in its convolution");
  const lostTaps = zeroTaps.reduce(
    (sum, tap) => sum + (reach[Math.floor(tap / 3)] as number) * (reach[tap % 3] as number),
    0,
  );
  const lost = [structural, effective].map((links) => sumCounts(links?.get("conv1") as Float64Array));
  // Channel 2's shortcut has weight 0: 16 pixels lose it.
  assert.equal((lost[0] as number) - (lost[1] as number), lostTaps + 16);
});
