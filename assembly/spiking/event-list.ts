/**
 * Any layer at all: a list of targets and weights for every source neuron, one step after the other.
 * For what the tables do not cover (irregular routing, a max pool before the neuron); plain, not fast.
 */
import { noteCall } from "./calls";
import { storeSpike } from "./spike-planes";

@unmanaged
export class ListArguments {
  firstStep: i32;
  endStep: i32;
  groupCount: i32;
  /** ListGroup[] */
  groups: usize;
  /** Elements of the current, [block][y][x][16]. */
  currents: i32;
  /** Scratch for the current of a step; base of a step, both [currents]. */
  current: usize;
  base: usize;
  /** 1 where cumulative currents are pooled before the neuron. */
  pooled: i32;
  /** Σ of currents, [currents], and M, [neurons]. */
  total: usize;
  largest: usize;
  currentHeight: i32;
  currentWidth: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  top: i32;
  left: i32;
  blocks: i32;
  height: i32;
  width: i32;
  /** Constant current of a neuron after the pool, [block][y][x][16]; read where pooled. */
  bias: usize;
  potential: usize;
  count: usize;
  /** [block][16] */
  threshold: usize;
  resetToZero: i32;
  out: usize;
  outRow: usize;
  outStep: usize;
  outPixel: usize;
  outPlane: usize;
  lo: i32;
  hi: i32;
  /** Σ|s|, laid out as the counts; where lo < 0. */
  magnitude: usize;
  /** 1 where the layer refines: V and counts are doubled `shift` times before the steps halveFirst…halveEnd−1. Spikes that are not 0. */
  refines: i32;
  halveFirst: i32;
  halveEnd: i32;
  shift: i32;
  events: usize;
}

/** The synapses of a source, over the bits of one plane. */
@unmanaged
export class ListGroup {
  /** ±2^k that a bit of the plane stands for. */
  coefficient: i32;
  source: usize;
  sourceRow: usize;
  sourceStep: usize;
  sourcePixel: usize;
  blocks: i32;
  height: i32;
  width: i32;
  /** [sources + 1], sources [y][x][block][16]: where each one's targets start. */
  starts: usize;
  /** Index of the current, and weight. */
  targets: usize;
  weights: usize;
}

const groupSize: usize = offsetof<ListGroup>();

function addSpikes<T>(group: ListGroup, current: usize, t: i32): void {
  const coefficient = <T>group.coefficient;
  let source: usize = 0;
  for (let y = 0; y < group.height; y++) {
    let word = group.source + <usize>y * group.sourceRow + <usize>t * group.sourceStep;
    for (let x = 0; x < group.width; x++) {
      for (let block = 0; block < group.blocks; block++) {
        let bits = <u32>load<u16>(word + (<usize>block << 1));
        while (bits != 0) {
          const from = group.starts + ((source + <usize>ctz(bits)) << 2);
          bits &= bits - 1;
          const end = <usize>load<u32>(from, 4) << 2;
          for (let at = <usize>load<u32>(from) << 2; at < end; at += 4) {
            const to = current + (<usize>load<u32>(group.targets + at) << 2);
            store<T>(to, <T>(load<T>(to) + coefficient * load<T>(group.weights + at)));
          }
        }
        source += 16;
      }
      word += group.sourcePixel;
    }
  }
}

/** M(t) − M(t−1) of one window. */
function poolCurrent<T>(list: ListArguments, block: i32, y: i32, x: i32, lane: i32): T {
  const top = y * list.strideHeight - list.top;
  const left = x * list.strideWidth - list.left;
  const bottom = min(top + list.kernelHeight, list.currentHeight);
  const right = min(left + list.kernelWidth, list.currentWidth);
  let found = false;
  let largest = <T>0;
  for (let iy = max(top, 0); iy < bottom; iy++) {
    for (let ix = max(left, 0); ix < right; ix++) {
      const at = ((block * list.currentHeight + iy) * list.currentWidth + ix) * 16 + lane;
      const total = load<T>(list.total + (<usize>at << 2));
      if (!found || total > largest) largest = total;
      found = true;
    }
  }
  const before = list.largest + (<usize>(((block * list.height + y) * list.width + x) * 16 + lane) << 2);
  const increment = <T>(largest - load<T>(before));
  store<T>(before, largest);
  return increment;
}

/** clip(⌊V/θ⌋, −min(−lo, sent), hi) */
// @ts-ignore: decorator
@inline
function spikeOf<T>(list: ListArguments, v: T, threshold: T, sent: i32): i32 {
  if (v >= <T>0 ? v < threshold : list.lo == 0) return 0;
  const lowest = -min(-list.lo, sent);
  if (isFloat<T>()) return <i32>max(<f32>lowest, min(<f32>list.hi, Mathf.floor(<f32>v / <f32>threshold)));
  const quotient = <i32>v / <i32>threshold;
  return max(lowest, min(list.hi, quotient - i32(quotient * <i32>threshold > <i32>v)));
}

/** clip(⌊V/θ + ½⌋, −min(g, N), g) */
// @ts-ignore: decorator
@inline
function nearestSpike<T>(list: ListArguments, v: T, threshold: T, sent: i32): i32 {
  const lowest = -min(list.hi, sent);
  if (isFloat<T>()) {
    const nearest = Mathf.floor(<f32>v / <f32>threshold + <f32>0.5);
    return <i32>max(<f32>lowest, min(<f32>list.hi, nearest));
  }
  const above = <i32>v + (<i32>threshold >> 1);
  const quotient = above / <i32>threshold;
  return max(lowest, min(list.hi, quotient - i32(quotient * <i32>threshold > above)));
}

function stepNeurons<T>(list: ListArguments, t: i32): void {
  const factor = list.refines != 0 && t >= list.halveFirst && t < list.halveEnd ? 1 << list.shift : 1;
  let neuron: usize = 0;
  for (let block = 0; block < list.blocks; block++) {
    for (let y = 0; y < list.height; y++) {
      let out = list.out + <usize>y * list.outRow + <usize>t * list.outStep + (<usize>block << 1);
      for (let x = 0; x < list.width; x++) {
        for (let lane = 0; lane < 16; lane++, neuron += 4) {
          const current = list.pooled
            ? <T>(poolCurrent<T>(list, block, y, x, lane) + load<T>(list.bias + neuron))
            : load<T>(list.current + neuron);
          const threshold = load<T>(list.threshold + (<usize>(block * 16 + lane) << 2));
          let v = <T>(load<T>(list.potential + neuron) * <T>factor + current);
          const sent = load<i32>(list.count + neuron) * factor;
          const spike = list.refines
            ? nearestSpike<T>(list, v, threshold, sent)
            : spikeOf<T>(list, v, threshold, sent);
          if (list.refines) {
            store<i32>(list.count + neuron, sent);
            store<i32>(list.events + neuron, load<i32>(list.events + neuron) + i32(spike != 0));
          }
          if (spike != 0) {
            storeSpike(out, list.outPlane, list.hi, spike, lane);
            v = list.resetToZero ? <T>0 : <T>(v - <T>(threshold * <T>spike));
            store<i32>(list.count + neuron, sent + spike);
            if (list.lo < 0) {
              const magnitude = list.magnitude + neuron;
              store<i32>(magnitude, load<i32>(magnitude) + abs(spike));
            }
          }
          store<T>(list.potential + neuron, v);
        }
        out += list.outPixel;
      }
    }
  }
}

function runList<T>(list: ListArguments): void {
  noteCall(3);
  const bytes = <usize>list.currents << 2;
  for (let t = list.firstStep; t < list.endStep; t++) {
    memory.copy(list.current, list.base, bytes);
    for (let g = 0; g < list.groupCount; g++) {
      addSpikes<T>(changetype<ListGroup>(list.groups + <usize>g * groupSize), list.current, t);
    }
    if (list.pooled) {
      for (let at: usize = 0; at < bytes; at += 4) {
        store<T>(list.total + at, <T>(load<T>(list.total + at) + load<T>(list.current + at)));
      }
    }
    stepNeurons<T>(list, t);
  }
}

export function runListInt(list: ListArguments): void {
  runList<i32>(list);
}
export function runListFloat(list: ListArguments): void {
  runList<f32>(list);
}
