/**
 * Where spikes lie: layout of each source's bits or bytes and when its memory is free again.
 *
 * Knows: [plane][y][t][x][channel words], borders, lifetimes. May not know: kernels' work, images.
 *
 * A spike s of more than one bit is a sum over planes: s = Σ coefficient·bit, coefficients ±2^k (spike-planes.ts). A plane is
 * laid out as binary spikes are, `plane` bytes after the one before; binary spikes are one plane of coefficient 1. Where
 * readers want it (spike-forms.ts), s lies there as a byte besides, or alone: [y][t][x][channels], without borders.
 */
import type { Shape } from "../../../graph/node-types.js";
import type { SnnPlan } from "../../plan/snn-plan.js";
import type { LayerKernel } from "../planning/layer-kernel.js";
import { chooseSpikeForms, type SpikeForms, signsAlone } from "../planning/spike-forms.js";
import { complementPlanes, type SpikePlane, spikePlanes, wordBytes } from "../planning/spike-planes.js";

export interface SpikeLayout {
  readonly shape: Shape;
  /** As they lie. */
  readonly planes: readonly SpikePlane[];
  /** Whether that is two's complement. */
  readonly isComplement: boolean;
  /** The planes of the source's alphabet by sign. */
  readonly signs: readonly SpikePlane[];
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
  /** Bytes of all planes: 0 where nobody reads them. */
  readonly planeBytes: number;
  /** Spikes as bytes, null where nobody reads them. */
  readonly values: ValueLayout | null;
  /** Offset of the whole in an image's spike memory, and its bytes. */
  readonly offset: number;
  readonly bytes: number;
}

/** Spikes as bytes: where they begin, from the layout's offset on, and bytes of a pixel, of a step of a row, of a row of all steps. */
export interface ValueLayout {
  readonly offset: number;
  readonly pixel: number;
  readonly step: number;
  readonly row: number;
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
 * @param options keepsPlanes: whether planes are read after the run
 * @returns layouts by source id, and the bytes of an image's spike memory
 */
export function layOutSpikes(
  plan: SnnPlan,
  kernels: readonly LayerKernel[],
  { steps, keepsPlanes }: { readonly steps: number; readonly keepsPlanes: boolean },
): { readonly layouts: ReadonlyMap<string, SpikeLayout>; readonly bytes: number } {
  const layouts = new Map<string, SpikeLayout>();
  const placed: (Lifetime & { offset: number; bytes: number })[] = [];
  const forms = chooseSpikeForms(plan, kernels, keepsPlanes);
  let total = 0;
  for (const life of lifetimes(plan, kernels)) {
    const layout = layOutSource(life, steps, forms.get(life.id));
    const { bytes } = layout;
    const offset = firstFree(
      placed.filter((other) => other.dies >= life.born && other.born <= life.dies),
      bytes,
    );
    placed.push({ ...life, offset, bytes });
    total = Math.max(total, offset + bytes);
    layouts.set(life.id, { ...layout, offset });
  }
  return { layouts, bytes: total };
}

function layOutSource(
  { shape, planes: signs, left, right }: Lifetime,
  steps: number,
  form: SpikeForms = signsAlone,
): Omit<SpikeLayout, "offset"> {
  const isComplement = form.planes === "complement";
  const planes = isComplement ? complementPlanes(2 ** (signs.length / 2) - 1) : signs;
  const blocks = Math.ceil(shape[0] / 16);
  const pixel = blocks * wordBytes;
  const step = (left + shape[2] + right) * pixel;
  const row = step * steps;
  const plane = roundUp(row * shape[1] + 64);
  const planeBytes = form.planes === "none" ? 0 : plane * planes.length;
  const ofValues = { pixel: blocks * 16, step: shape[2] * blocks * 16, row: shape[2] * blocks * 16 * steps };
  const values = form.values ? { offset: planeBytes, ...ofValues } : null;
  const bytes = planeBytes + (values === null ? 0 : roundUp(values.row * shape[1]));
  const strides = { pixel, step, row, plane };
  return { shape, planes, isComplement, signs, blocks, left, right, ...strides, planeBytes, values, bytes };
}

const roundUp = (bytes: number) => Math.ceil(bytes / 64) * 64;

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
