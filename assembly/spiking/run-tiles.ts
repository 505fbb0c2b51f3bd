/**
 * Runs a layer tile by tile: the current kernels of its passes, then its neuron kernel. Any current kernel goes with any
 * neuron kernel: what they share is the tile's sums.
 */
import { addRows16, addRows32, addRows64 } from "./generated/add-rows";
import { addTables16, addTablesFloat, addTablesInt } from "./add-tables";
import { addDiagonal16, addDiagonalInt } from "./add-diagonal";
import { addEvents, addEventsInt, addValues, addValuesInt } from "./event-window";
import { addScatter } from "./scatter";
import { stackRows16, stackRows32, stackRows64 } from "./generated/stack-rows";
import { stackWords16 } from "./stack-words";
import { fireBinary16, fireBinaryFloat, fireBinaryInt } from "./fire-binary";
import { fireAny16, fireAnyFloat, fireAnyInt } from "./fire-any";
import {
  fireBursts216,
  fireBursts2Int,
  fireBursts316,
  fireBursts3Int,
  fireSigned16,
  fireSignedBursts216,
  fireSignedBursts2Int,
  fireSignedBursts316,
  fireSignedBursts3Int,
  fireSignedInt,
} from "./generated/fire-levels";
import {
  narrowBursts216,
  narrowBursts2Int,
  narrowBursts316,
  narrowBursts3Int,
  narrowSigned16,
  narrowSignedBursts216,
  narrowSignedBursts2Int,
  narrowSignedBursts316,
  narrowSignedBursts3Int,
  narrowSignedInt,
} from "./generated/fire-narrow";
import {
  wideBursts216,
  wideBursts2Int,
  wideBursts316,
  wideBursts3Int,
  wideSignedBursts216,
  wideSignedBursts2Int,
  wideSignedBursts316,
  wideSignedBursts3Int,
} from "./generated/fire-wide";
import {
  climbRefine1,
  climbRefine2,
  climbRefine3,
  climbRefine4,
  fireRefine116,
  fireRefine1Int,
  fireRefine216,
  fireRefine2Int,
  fireRefine316,
  fireRefine3Int,
  fireRefine416,
  fireRefine4Int,
} from "./generated/fire-refine";
import { fireRefineFloat } from "./fire-refine-float";
import { neuronOf } from "./fire-tile";
import { ObservedTime, observedSize, pastObserved, sumRow } from "./observed-times";
import { isFirst, Pass, passSize, TileArguments, tileSteps } from "./tile-arguments";

function addPass(tile: TileArguments, pass: Pass): void {
  switch (pass.kernel) {
    case 0:
      return addTables16(tile, pass);
    case 1:
      return addTablesInt(tile, pass);
    case 2:
      return addTablesFloat(tile, pass);
    case 3:
      return addRows16(tile, pass);
    case 4:
      return addRows32(tile, pass);
    case 5:
      return addRows64(tile, pass);
    case 6:
      return addEvents(tile, pass);
    case 7:
      return addScatter(tile, pass);
    case 9:
      return stackRows16(tile, pass);
    case 10:
      return stackRows32(tile, pass);
    case 11:
      return stackRows64(tile, pass);
    case 12:
      return stackWords16(tile, pass);
    case 13:
      return addValues(tile, pass);
    case 14:
      return addValuesInt(tile, pass);
    case 15:
      return addDiagonal16(tile, pass);
    case 16:
      return addDiagonalInt(tile, pass);
    default:
      return addEventsInt(tile, pass);
  }
}

/** Whether a neuron kernel reads V from where it starts itself: binary spikes of integers, and what refines with θ below 2¹⁵. */
function startsItself(neuron: i32): bool {
  return neuron < 2 || (neuron >= 34 && neuron < 42);
}

/** V, counts and totals of the tile's row before the first step. */
function startRow(tile: TileArguments): void {
  const bytes = <usize>tile.width << 6;
  for (let block = 0; block < tile.blocks; block++) {
    const at = neuronOf(tile, block, 0);
    memory.copy(tile.potential + at, tile.start + at, bytes);
    memory.fill(tile.count + at, 0, bytes);
    if (tile.lo < 0) memory.fill(tile.magnitude + at, 0, bytes);
    if (tile.events != 0) memory.fill(tile.events + at, 0, bytes);
  }
}

function fire(tile: TileArguments): void {
  if (isFirst(tile) && !startsItself(tile.neuron)) startRow(tile);
  switch (tile.neuron) {
    case 0:
      return fireBinary16(tile);
    case 1:
      return fireBinaryInt(tile);
    case 2:
      return fireBinaryFloat(tile);
    case 3:
      return fireAny16(tile);
    case 4:
      return fireAnyInt(tile);
    case 5:
      return fireAnyFloat(tile);
    case 6:
      return fireBursts216(tile);
    case 7:
      return fireBursts2Int(tile);
    case 8:
      return fireBursts316(tile);
    case 9:
      return fireBursts3Int(tile);
    case 10:
      return fireSigned16(tile);
    case 11:
      return fireSignedInt(tile);
    case 12:
      return fireSignedBursts216(tile);
    case 13:
      return fireSignedBursts2Int(tile);
    case 14:
      return fireSignedBursts316(tile);
    case 15:
      return fireSignedBursts3Int(tile);
    case 16:
      return narrowBursts216(tile);
    case 17:
      return narrowBursts2Int(tile);
    case 18:
      return narrowBursts316(tile);
    case 19:
      return narrowBursts3Int(tile);
    case 20:
      return narrowSigned16(tile);
    case 21:
      return narrowSignedInt(tile);
    case 22:
      return narrowSignedBursts216(tile);
    case 23:
      return narrowSignedBursts2Int(tile);
    case 24:
      return narrowSignedBursts316(tile);
    case 25:
      return narrowSignedBursts3Int(tile);
    case 26:
      return wideBursts216(tile);
    case 27:
      return wideBursts2Int(tile);
    case 28:
      return wideBursts316(tile);
    case 29:
      return wideBursts3Int(tile);
    case 30:
      return wideSignedBursts216(tile);
    case 31:
      return wideSignedBursts2Int(tile);
    case 32:
      return wideSignedBursts316(tile);
    case 33:
      return wideSignedBursts3Int(tile);
    case 34:
      return fireRefine116(tile);
    case 35:
      return fireRefine1Int(tile);
    case 36:
      return fireRefine216(tile);
    case 37:
      return fireRefine2Int(tile);
    case 38:
      return fireRefine316(tile);
    case 39:
      return fireRefine3Int(tile);
    case 40:
      return fireRefine416(tile);
    case 41:
      return fireRefine4Int(tile);
    case 43:
      return climbRefine1(tile);
    case 44:
      return climbRefine2(tile);
    case 45:
      return climbRefine3(tile);
    case 46:
      return climbRefine4(tile);
    default:
      return fireRefineFloat(tile);
  }
}

/** Fires up to each observed time of the tile and sums the counts up there; its currents are those of all its steps. */
function fireAndObserve(tile: TileArguments, observed: usize, past: usize): void {
  const first = tile.first;
  const last = tile.last;
  const sums = tile.sums;
  for (; observed < past; observed += observedSize) {
    const time = changetype<ObservedTime>(observed);
    tile.last = time.step;
    fire(tile);
    sumRow(tile, time);
    tile.sums += <usize>(tile.last - tile.first) * tile.sumStep;
    tile.first = tile.last;
  }
  tile.last = last;
  if (tile.first < last) fire(tile);
  tile.first = first;
  tile.sums = sums;
}

export function runTiles(tile: TileArguments): void {
  const end = tile.passes + <usize>tile.passCount * passSize;
  let observed = tile.observed;
  for (let first = tile.firstStep; first < tile.endStep; first += tileSteps) {
    tile.first = first;
    tile.last = min(first + tileSteps, tile.endStep);
    const past = pastObserved(tile, observed);
    for (let y = 0; y < tile.height; y++) {
      tile.y = y;
      for (let pass = tile.passes; pass < end; pass += passSize) addPass(tile, changetype<Pass>(pass));
      if (observed == past) fire(tile);
      else fireAndObserve(tile, observed, past);
    }
    observed = past;
  }
}

/** `runTiles` without its neurons, for benches: the same sums are added up, and nothing else is changed. */
export function runCurrents(tile: TileArguments): void {
  const end = tile.passes + <usize>tile.passCount * passSize;
  for (let first = tile.firstStep; first < tile.endStep; first += tileSteps) {
    tile.first = first;
    tile.last = min(first + tileSteps, tile.endStep);
    for (let y = 0; y < tile.height; y++) {
      tile.y = y;
      for (let pass = tile.passes; pass < end; pass += passSize) addPass(tile, changetype<Pass>(pass));
    }
  }
}
