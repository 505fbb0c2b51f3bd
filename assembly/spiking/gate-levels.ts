/**
 * Max pool gates behind neurons whose spikes are not simply 0 or 1: what a gate sends is by how much the largest
 * count of its window changed, up or down.
 *
 * A step first brings the counts of all that spiked up to date, then looks at the windows where something did.
 */
import { noteCall } from "./calls";
import { GateArguments } from "./gate";
import { planesOf, storeSpikes } from "./spike-planes";

/** Words of all planes together: the channels that spiked. */
// @ts-ignore: decorator
@inline
function anySpikes(word: usize, planeBytes: usize, planes: i32): u32 {
  let bits: u32 = 0;
  for (let p = 0; p < planes; p++, word += planeBytes) bits |= <u32>load<u16>(word);
  return bits;
}

/** Adds a step's spikes of one pixel and block to its counts. */
// @ts-ignore: decorator
@inline
function countSpikes(gate: GateArguments, word: usize, counts: usize): void {
  const planeBytes = gate.sourcePlane;
  const positive = planesOf(gate.hi);
  const all = positive + planesOf(-gate.lo);
  let spiked = anySpikes(word, planeBytes, all);
  while (spiked != 0) {
    const lane = ctz(spiked);
    spiked &= spiked - 1;
    let spike: i32 = 0;
    let plane = word;
    for (let p = 0; p < positive; p++, plane += planeBytes) spike += ((<i32>load<u16>(plane) >> <i32>lane) & 1) << p;
    for (let p = positive; p < all; p++, plane += planeBytes)
      spike -= ((<i32>load<u16>(plane) >> <i32>lane) & 1) << (p - positive);
    const at = counts + (<usize>lane << 2);
    store<i32>(at, load<i32>(at) + spike);
  }
}

function countSources(gate: GateArguments, t: i32): void {
  for (let y = 0; y < gate.sourceHeight; y++) {
    let word = gate.source + <usize>y * gate.sourceRow + <usize>t * gate.sourceStep;
    for (let x = 0; x < gate.sourceWidth; x++, word += gate.sourcePixel) {
      for (let block = 0; block < gate.blocks; block++) {
        const counts = gate.seen + (<usize>((block * gate.sourceHeight + y) * gate.sourceWidth + x) << 6);
        countSpikes(gate, word + (<usize>block << 1), counts);
      }
    }
  }
}

/** Sends what changed of the window rows top…bottom−1, columns left…right−1 of a block. */
function sendWindow(
  gate: GateArguments,
  t: i32,
  block: i32,
  y: i32,
  x: i32,
  top: i32,
  bottom: i32,
  left: i32,
  right: i32,
): void {
  const to = <usize>((block * gate.height + y) * gate.width + x) << 6;
  const word =
    gate.out + <usize>y * gate.outRow + <usize>t * gate.outStep + <usize>x * gate.outPixel + (<usize>block << 1);
  for (let lane: usize = 0; lane < 64; lane += 16) {
    // counts are never below 0
    let most = i32x4.splat(0);
    for (let iy = top; iy < bottom; iy++) {
      let from = gate.seen + (<usize>((block * gate.sourceHeight + iy) * gate.sourceWidth + left) << 6) + lane;
      for (let ix = left; ix < right; ix++, from += 64) most = i32x4.max_s(most, v128.load(from));
    }
    const largest = gate.largest + to + lane;
    const change = i32x4.sub(most, v128.load(largest));
    if (!v128.any_true(change)) continue;
    v128.store(largest, most);
    storeSpikes(word, gate.outPlane, gate.lo, gate.hi, change, <i32>(lane >> 2));
    if (gate.lo == 0) continue;
    const magnitude = gate.magnitude + to + lane;
    v128.store(magnitude, i32x4.add(v128.load(magnitude), i32x4.abs(change)));
  }
}

function sendChanges(gate: GateArguments, planes: i32, t: i32): void {
  for (let y = 0; y < gate.height; y++) {
    const start = y * gate.strideHeight - gate.top;
    const top = max(start, 0);
    const bottom = min(start + gate.kernelHeight, gate.sourceHeight);
    for (let x = 0; x < gate.width; x++) {
      const begin = x * gate.strideWidth - gate.left;
      const left = max(begin, 0);
      const right = min(begin + gate.kernelWidth, gate.sourceWidth);
      for (let block = 0; block < gate.blocks; block++) {
        let spiked: u32 = 0;
        for (let iy = top; iy < bottom; iy++) {
          let word =
            gate.source +
            <usize>iy * gate.sourceRow +
            <usize>t * gate.sourceStep +
            <usize>left * gate.sourcePixel +
            (<usize>block << 1);
          for (let ix = left; ix < right; ix++, word += gate.sourcePixel)
            spiked |= anySpikes(word, gate.sourcePlane, planes);
        }
        if (spiked != 0) sendWindow(gate, t, block, y, x, top, bottom, left, right);
      }
    }
  }
}

export function runGateLevels(gate: GateArguments): void {
  noteCall(12);
  const planes = planesOf(gate.hi) + planesOf(-gate.lo);
  for (let t = gate.firstStep; t < gate.endStep; t++) {
    countSources(gate, t);
    sendChanges(gate, planes, t);
  }
}
