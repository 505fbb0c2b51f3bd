/**
 * PyTorch files from before 1.6: five pickles, then the storages' bytes.
 *
 * Knows: magic number, protocol, system, object, keys, then for each key an int64 count and the
 * elements (torch/serialization.py, `_legacy_save`). May not know: architectures.
 *
 * Elements are little endian whatever the system says: THPStorage_writeFileRaw swaps them on big-endian
 * machines. So is the count since PyTorch 1.6; before that it was written as the machine has it.
 */
import { quote, refuseFile } from "../refuse-file.js";
import type { Checkpoint } from "./name-tensors.js";
import {
  PickleDict,
  type PickleValue,
  printValue,
  StorageReference,
  type StorageView,
} from "./pickle-values.js";
import { findTorchGlobal, loadStorage, storageElementBytes } from "./torch-globals.js";
import { type PickleHost, unpickle } from "./unpickle.js";

const magicNumber = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;
const plainHost: PickleHost = { findGlobal: () => null, loadPersistent: () => null };

/** Whether the bytes start with the magic number's pickle. */
export function isLegacyCheckpoint(bytes: Uint8Array): boolean {
  try {
    return unpickle(bytes.subarray(0, 64), 0, plainHost).value === magicNumber;
  } catch {
    return false;
  }
}

/** @throws RespikeError (exit 3) */
export function readLegacyCheckpoint(bytes: Uint8Array): Checkpoint {
  const views = new Map<string, StorageView>();
  const host: PickleHost = {
    findGlobal: findTorchGlobal,
    loadPersistent: (id) => {
      const reference = loadStorage(id);
      if (reference instanceof StorageReference) views.set(reference.view.key, reference.view);
      return reference;
    },
  };
  const magic = unpickle(bytes, 0, plainHost);
  const protocol = unpickle(bytes, magic.end, plainHost);
  if (protocol.value !== protocolVersion) {
    throw refuseFile("header", `PyTorch's legacy protocol is ${protocolVersion}`, printValue(protocol.value));
  }
  const system = unpickle(bytes, protocol.end, plainHost);
  const isBig = system.value instanceof PickleDict && system.value.entries.get("little_endian") === false;
  const root = unpickle(bytes, system.end, host);
  const keys = unpickle(bytes, root.end, plainHost);
  const found = locateStorages(bytes, keys.end, keys.value, views, isBig);
  return {
    root: root.value,
    storages: { find: (key) => found.get(key), littleEndian: true, budget: 2 * bytes.length + 1_000_000 },
  };
}

/** The bytes of each storage, in the order of `keys`; nothing is copied. */
function locateStorages(
  bytes: Uint8Array,
  start: number,
  keys: PickleValue,
  views: ReadonlyMap<string, StorageView>,
  isBig: boolean,
): Map<string, Uint8Array> {
  if (!Array.isArray(keys)) throw refuseFile("storages", "the keys are a list", "something else");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = new Map<string, Uint8Array>();
  let at = start;
  for (const key of keys) {
    const type = typeof key === "string" ? views.get(key)?.type : undefined;
    const width = type === undefined ? null : storageElementBytes(type);
    if (typeof key !== "string" || width === null) {
      throw refuseFile("storages", "each storage listed is used, with a known element type", printValue(key));
    }
    const where = `storage ${quote(key)}`;
    if (at + 8 > bytes.length)
      throw refuseFile(where, "all its bytes must be in the file", "the file is cut off");
    const most = (bytes.length - at - 8) / width;
    const fits = (count: bigint) => count >= 0n && count <= most;
    const little = view.getBigInt64(at, true);
    const elements = fits(little) || !isBig ? little : view.getBigInt64(at, false);
    if (!fits(elements)) {
      throw refuseFile(
        where,
        "all its bytes must be in the file",
        `${elements} elements: cut off or damaged`,
      );
    }
    const end = at + 8 + Number(elements) * width;
    found.set(key, bytes.subarray(at + 8, end));
    at = end;
  }
  return found;
}
