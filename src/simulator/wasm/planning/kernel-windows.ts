/**
 * Which windows which current kernels can run, and what of a window their cost depends on.
 *
 * Knows: what the kernels of assembly/spiking ask of a window. May not know: memory, what is cheapest.
 */
import type { WindowSynapses } from "../../plan/window-synapses.js";
import type { SourceFacts } from "./expected-spikes.js";
import type { EventSize, WindowSize } from "./kernel-costs.js";
import { isListedByValue } from "./many-planes.js";
import { wordBytes } from "./spike-planes.js";

/** Offsets of a list are numbers of weight rows in 16 bits. */
const largestOffset = 65_535;

/** Whether the event list can run a window: columns side by side, offsets that fit. */
export function isEventWindow({ kernel, dilation, sourceShape }: WindowSynapses): boolean {
  const channels = Math.ceil(sourceShape[0] / 16) * 16;
  const isSideBySide = kernel[1] === 1 || dilation[1] === 1;
  return isSideBySide && ((kernel[0] - 1) * kernel[1] + sourceShape[2]) * channels <= largestOffset;
}

/** What the cost model needs to know of a window. */
export function eventSizeOf(
  window: WindowSynapses,
  size: WindowSize & Pick<SourceFacts, "spikePlanes">,
  lanes: "int16" | "int32" = "int16",
): EventSize {
  const { sourceShape, targetShape, kernel } = window;
  const [channels, height, width] = sourceShape;
  const rowBytes = Math.ceil(channels / 16) * 2 * width;
  return {
    ...size,
    sourceBytes: height * rowBytes,
    heardBytes: targetShape[1] * kernel[0] * rowBytes,
    fanIn: channels * kernel[0] * kernel[1],
    byValue: isListedByValue(window, size.spikePlanes, lanes),
    slides: kernel[1] === 3 && window.stride[1] === 1,
  };
}

/** Whether all weights of a window have 16 bits, as the event list's have, whatever its sums. */
export function weightsFit16({ weights }: WindowSynapses): boolean {
  return weights.every((weight) => weight >= -32_768 && weight <= 32_767);
}

/** Source channels for which there is a rows kernel. */
const rowsChannels: readonly number[] = [16, 32, 64];

/** Whether a rows kernel can run a window: 3×3 over all of 16, 32 or 64 source channels, most weights not 0. */
export function isRowsWindow({ kernel, dilation, sourceShape, weights }: WindowSynapses): boolean {
  if (kernel[0] !== 3 || kernel[1] !== 3 || dilation[0] !== 1 || dilation[1] !== 1) return false;
  const used = weights.reduce((sum, w) => sum + Number(w !== 0), 0);
  return rowsChannels.includes(sourceShape[0]) && used > weights.length / 2;
}

/** Bytes of the window with a weight, of each block of 16 output channels: as many tables of 8 does it take. */
export function usedBytes(window: WindowSynapses): readonly number[] {
  const [sources, targets] = [window.sourceShape[0], window.targetShape[0]];
  const words = Math.ceil(sources / 16);
  const blocks = Math.ceil(targets / 16);
  const used = new Uint8Array(window.kernel[0] * window.kernel[1] * words * blocks);
  for (let i = 0; i < window.weights.length; i++) {
    if (window.weights[i] === 0) continue;
    const [target, row] = [i % targets, Math.floor(i / targets)];
    const [source, k] = [row % sources, Math.floor(row / sources)];
    used[((target >> 4) * window.kernel[0] * window.kernel[1] + k) * words + (source >> 4)] = 1;
  }
  const perBlock = used.length / blocks;
  return Array.from(
    { length: blocks },
    (_, block) =>
      wordBytes *
      used.subarray(block * perBlock, (block + 1) * perBlock).reduce((sum, each) => sum + each, 0),
  );
}

/** Whether every neuron hears none but the one in its own place, as behind an identity shortcut. */
export function isDiagonal({
  kernel,
  stride,
  offset,
  sourceShape,
  targetShape,
  weights,
}: WindowSynapses): boolean {
  const isInPlace = [...kernel, ...stride].every((each) => each === 1) && offset.every((each) => each === 0);
  const isSameShape = sourceShape.every((each, axis) => each === targetShape[axis]);
  if (!isInPlace || !isSameShape) return false;
  const channels = sourceShape[0];
  return weights.every((weight, at) => weight === 0 || at % (channels + 1) === 0);
}
