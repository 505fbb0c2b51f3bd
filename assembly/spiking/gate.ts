/** Max pool gates: a gate element spikes when the largest count in its window grows (sources binary). */
import { noteCall } from "./calls";

@unmanaged
export class GateArguments {
  firstStep: i32;
  endStep: i32;
  /** Blocks of 16 channels. */
  blocks: i32;
  sourceHeight: i32;
  sourceWidth: i32;
  height: i32;
  width: i32;
  kernelHeight: i32;
  kernelWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  top: i32;
  left: i32;
  source: usize;
  sourceRow: usize;
  sourceStep: usize;
  sourcePixel: usize;
  out: usize;
  outRow: usize;
  outStep: usize;
  outPixel: usize;
  /** Counts of the source up to the step at hand, [block][y][x][16], of the gate's own. */
  seen: usize;
  /** M, [block][y][x][16] of the gate. */
  largest: usize;
  /** Of spikes that are not binary (gate-levels.ts): bytes from plane to plane, bounds, and Σ|M(t) − M(t−1)| where lo < 0. */
  sourcePlane: usize;
  outPlane: usize;
  lo: i32;
  hi: i32;
  magnitude: usize;
}

/** First window that holds position `at`: ⌈(at + before − kernel + 1)/stride⌉, at least 0. */
// @ts-ignore: decorator
@inline
function firstWindow(at: i32, before: i32, kernel: i32, stride: i32): i32 {
  return max(0, at + before - kernel + stride) / stride;
}

export function runGate(gate: GateArguments): void {
  noteCall(4);
  for (let t = gate.firstStep; t < gate.endStep; t++) {
    for (let y = 0; y < gate.sourceHeight; y++) {
      const top = firstWindow(y, gate.top, gate.kernelHeight, gate.strideHeight);
      const bottom = min((y + gate.top) / gate.strideHeight, gate.height - 1);
      for (let x = 0; x < gate.sourceWidth; x++) {
        const left = firstWindow(x, gate.left, gate.kernelWidth, gate.strideWidth);
        const right = min((x + gate.left) / gate.strideWidth, gate.width - 1);
        const word =
          gate.source + <usize>y * gate.sourceRow + <usize>t * gate.sourceStep + <usize>x * gate.sourcePixel;
        for (let block = 0; block < gate.blocks; block++) {
          let bits = <u32>load<u16>(word + (<usize>block << 1));
          while (bits != 0) {
            const lane = ctz(bits);
            bits &= bits - 1;
            const seen =
              gate.seen + (<usize>(((block * gate.sourceHeight + y) * gate.sourceWidth + x) * 16 + <i32>lane) << 2);
            const now = load<i32>(seen) + 1;
            store<i32>(seen, now);
            for (let oy = top; oy <= bottom; oy++) {
              for (let ox = left; ox <= right; ox++) {
                const largest =
                  gate.largest + (<usize>(((block * gate.height + oy) * gate.width + ox) * 16 + <i32>lane) << 2);
                if (load<i32>(largest) >= now) continue;
                store<i32>(largest, now);
                const out =
                  gate.out +
                  <usize>oy * gate.outRow +
                  <usize>t * gate.outStep +
                  <usize>ox * gate.outPixel +
                  (<usize>block << 1);
                store<u16>(out, <u16>(<u32>load<u16>(out) | (1 << lane)));
              }
            }
          }
        }
      }
    }
  }
}
