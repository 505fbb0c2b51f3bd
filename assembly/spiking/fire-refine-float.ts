/** The neuron kernel that refines, of float32 layers: four channels of a pixel over a tile's steps; it divides, as the reference does. */
import { noteCall } from "./calls";
import { neuronOf, outOf, sumOf } from "./fire-tile";
import { storeSpikes } from "./spike-planes";
import { TileArguments } from "./tile-arguments";

function fire(tile: TileArguments, block: i32, x: usize, lane: usize): void {
  const neuron = neuronOf(tile, block, x) + lane;
  const theta = v128.load(tile.threshold + (<usize>block << 6) + lane);
  const most = i32x4.splat(tile.hi);
  let v = v128.load(tile.potential + neuron);
  let n = v128.load(tile.count + neuron);
  let sent = i32x4.splat(0);
  let events = i32x4.splat(0);
  let sum = sumOf<f32>(tile, block, x) + lane;
  let out = outOf(tile, block, x);
  for (let step = tile.first; step < tile.last; step++, out += tile.outStep, sum += tile.sumStep) {
    const shift = step >= tile.halveFirst && step < tile.halveEnd ? tile.shift : 0;
    n = i32x4.shl(n, shift);
    v = f32x4.add(f32x4.mul(v, f32x4.splat(<f32>(1 << shift))), v128.load(sum));
    const nearest = f32x4.floor(f32x4.add(f32x4.div(v, theta), f32x4.splat(0.5)));
    const lowest = f32x4.convert_i32x4_s(i32x4.neg(i32x4.min_s(n, most)));
    const s = f32x4.max(lowest, f32x4.min(f32x4.convert_i32x4_s(most), nearest));
    const spikes = i32x4.trunc_sat_f32x4_s(s);
    v = f32x4.sub(v, f32x4.mul(theta, s));
    n = i32x4.add(n, spikes);
    sent = i32x4.add(sent, i32x4.abs(spikes));
    events = i32x4.sub(events, i32x4.ne(spikes, i32x4.splat(0)));
    storeSpikes(out, tile.outPlane, tile.lo, tile.hi, spikes, <i32>(lane >> 2));
  }
  v128.store(tile.potential + neuron, v);
  v128.store(tile.count + neuron, n);
  const magnitude = tile.magnitude + neuron;
  v128.store(magnitude, i32x4.add(v128.load(magnitude), sent));
  const event = tile.events + neuron;
  v128.store(event, i32x4.add(v128.load(event), events));
}

export function fireRefineFloat(tile: TileArguments): void {
  noteCall(28);
  for (let x: usize = 0; x < <usize>tile.width; x++) {
    for (let block = 0; block < tile.blocks; block++) {
      for (let lane: usize = 0; lane < 64; lane += 16) fire(tile, block, x, lane);
    }
  }
}
