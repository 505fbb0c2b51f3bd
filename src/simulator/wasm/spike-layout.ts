/**
 * Where spikes lie: layout of each source's bits and when its memory is free again.
 *
 * Knows: [plane][y][t][x][channel words], borders, lifetimes. May not know: kernels' work, images.
 *
 * A spike s of more than one bit is a sum over planes: s = Σ coefficient·bit, coefficients ±2^k (`spikePlanes`). A plane is
 * laid out as binary spikes are, `plane` bytes after the one before; binary spikes are one plane of coefficient 1.
 */
import type { Shape } from "../../graph/node-types.js";
import type { SnnPlan } from "../plan/snn-plan.js";
import type { LayerKernel } from "./layer-kernel.js";

/** Bytes of the bits of 16 channels. */
export const wordBytes = 2;

export interface SpikePlane {
  /** The bit stands for 2^shift, or for −2^shift where `negative`. */
  readonly shift: number;
  readonly negative: boolean;
}

/**
 * The planes of spikes lo…hi: the bits of what is positive, then those of the magnitude of what is negative. So a spike
 * has bits in planes of one sign only, and small spikes have few. (Two's complement takes a plane less for −3…3, but gives
 * −1 a bit in every plane: ResNet-20 of such spikes was slower with it by a sixth.)
 */
export function spikePlanes(lo: number, hi: number): readonly SpikePlane[] {
  return [...listPlanes(hi, false), ...listPlanes(-lo, true)];
}

function listPlanes(largest: number, negative: boolean): SpikePlane[] {
  return Array.from({ length: 32 - Math.clz32(largest) }, (_, shift) => ({ shift, negative }));
}

export const coefficientOf = ({ shift, negative }: SpikePlane): number => (negative ? -1 : 1) * 2 ** shift;

export interface SpikeLayout {
  readonly shape: Shape;
  readonly planes: readonly SpikePlane[];
  /** Blocks of 16 channels, one word each. */
  readonly blocks: number;
  /** Zero columns to the left and right. */
  readonly left: number;
  readonly right: number;
  /** Bytes of a pixel, of a step of a row, of a row of all steps. */
  readonly pixel: number;
  readonly step: number;
  readonly row: number;
  /** Bytes of a plane. */
  readonly plane: number;
  /** Offset of the whole in an image's spike memory, and its bytes. */
  readonly offset: number;
  readonly bytes: number;
}

interface Lifetime {
  readonly id: string;
  readonly shape: Shape;
  readonly planes: readonly SpikePlane[];
  readonly born: number;
  dies: number;
  left: number;
  right: number;
}

/**
 * Layouts of all sources that anyone reads in steps, for time blocks of `steps`.
 *
 * @returns layouts by source id, and the bytes of an image's spike memory
 */
export function layOutSpikes(
  plan: SnnPlan,
  kernels: readonly LayerKernel[],
  steps: number,
): { readonly layouts: ReadonlyMap<string, SpikeLayout>; readonly bytes: number } {
  const layouts = new Map<string, SpikeLayout>();
  const placed: (Lifetime & { offset: number; bytes: number })[] = [];
  let total = 0;
  for (const life of lifetimes(plan, kernels)) {
    const blocks = Math.ceil(life.shape[0] / 16);
    const pixel = blocks * wordBytes;
    const step = (life.left + life.shape[2] + life.right) * pixel;
    const row = step * steps;
    const plane = Math.ceil((row * life.shape[1] + 64) / 64) * 64;
    const bytes = plane * life.planes.length;
    const offset = firstFree(
      placed.filter((other) => other.dies >= life.born && other.born <= life.dies),
      bytes,
    );
    placed.push({ ...life, offset, bytes });
    total = Math.max(total, offset + bytes);
    const { shape, planes, left, right } = life;
    layouts.set(life.id, { shape, planes, blocks, left, right, pixel, step, row, plane, offset, bytes });
  }
  return { layouts, bytes: total };
}

/** The lowest offset at which `bytes` fit between those already placed. */
function firstFree(others: readonly { offset: number; bytes: number }[], bytes: number): number {
  let offset = 0;
  for (const other of [...others].sort((a, b) => a.offset - b.offset)) {
    if (offset + bytes <= other.offset) break;
    offset = Math.max(offset, other.offset + other.bytes);
  }
  return offset;
}

/** Every stage writes its spikes; a source lives from its stage to the last stage that reads it. */
function lifetimes(plan: SnnPlan, kernels: readonly LayerKernel[]): readonly Lifetime[] {
  const byStage = new Map(kernels.map((kernel) => [kernel.stage.id, kernel]));
  const lives = new Map<string, Lifetime>();
  const begin = (id: string, shape: Shape, planes: readonly SpikePlane[], born: number) =>
    lives.set(id, { id, shape, planes, born, dies: born, left: 0, right: 0 });
  begin(plan.image, plan.imageShape, spikePlanes(0, 1), -1);
  for (const [id, { shape }] of plan.replayed) {
    const { lo, hi } = plan.alphabets.get(id) ?? { lo: 0, hi: 1 };
    begin(id, shape, spikePlanes(lo, hi), -1);
  }
  for (const [at, stage] of plan.stages.entries()) {
    const read = (id: string, left = 0, right = 0) => {
      const life = lives.get(id);
      if (life === undefined) return;
      life.dies = at;
      life.left = Math.max(life.left, left);
      life.right = Math.max(life.right, right);
    };
    if (stage.kind === "gate") read(stage.source);
    const kernel = byStage.get(stage.id);
    for (const group of kernel?.spiking ?? []) read(group.source);
    for (const window of kernel?.windows ?? []) {
      const reach = (window.targetShape[2] - 1) * window.stride[1] + window.offset[1];
      const last = reach + (window.kernel[1] - 1) * window.dilation[1];
      read(window.source, -window.offset[1], last - window.sourceShape[2] + 1);
    }
    if (stage.kind !== "output") begin(stage.id, stage.shape, spikePlanes(stage.lo, stage.hi), at);
  }
  const isRead = [...lives.values()].filter((life) => life.born >= 0 || life.dies >= 0);
  return isRead;
}
