/**
 * Runs a layer tile by tile: the current kernels of its passes, then its neuron kernel. Any current kernel goes with any
 * neuron kernel: what they share is the tile's sums.
 */
import { addRows16, addRows32, addRows64 } from "./add-rows";
import { addTables16, addTablesFloat, addTablesInt } from "./add-tables";
import { addEvents } from "./event-window";
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
} from "./fire-levels";
import { Pass, passSize, TileArguments, tileSteps } from "./tile-arguments";

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
    default:
      return addEvents(tile, pass);
  }
}

function fire(tile: TileArguments): void {
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
    default:
      return fireSignedBursts3Int(tile);
  }
}

export function runTiles(tile: TileArguments): void {
  const end = tile.passes + <usize>tile.passCount * passSize;
  for (let first = tile.firstStep; first < tile.endStep; first += tileSteps) {
    tile.first = first;
    tile.last = min(first + tileSteps, tile.endStep);
    for (let y = 0; y < tile.height; y++) {
      tile.y = y;
      for (let pass = tile.passes; pass < end; pass += passSize) addPass(tile, changetype<Pass>(pass));
      fire(tile);
    }
  }
}
