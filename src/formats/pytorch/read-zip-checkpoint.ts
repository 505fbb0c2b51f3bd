/**
 * PyTorch files since 1.6: an archive of `<name>/data.pkl`, `<name>/data/<key>` and `<name>/byteorder`.
 *
 * Knows: these entries, and how other archives look. May not know: how zip archives lie in bytes,
 * architectures. Source: torch/serialization.py, `_save`.
 */
import { refuseFile } from "../refuse-file.js";
import type { Checkpoint } from "./name-tensors.js";
import type { Storages } from "./read-tensor.js";
import { readZipDirectory, type ZipArchive } from "./read-zip.js";
import { findTorchGlobal, loadStorage } from "./torch-globals.js";
import { type PickleHost, unpickle } from "./unpickle.js";

/** Whether the bytes begin as a zip archive does. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/** @throws RespikeError (exit 3); for an archive of another kind, what it looks like */
export function readZipCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const zip = readZipDirectory(bytes, where);
  const folder = findFolder(zip, where);
  const host: PickleHost = { findGlobal: findTorchGlobal, loadPersistent: loadStorage };
  const root = unpickle(zip.read(`${folder}data.pkl`), 0, host).value;
  return {
    root,
    storages: new ZipStorages(zip, `${folder}data/`, readByteOrder(zip, folder, where)),
    hints: folder === "" ? [] : [folder.slice(0, -1)],
  };
}

/** Twice as many elements as the file has bytes, and as were truly unpacked: what the directory states buys nothing. */
class ZipStorages implements Storages {
  budget: number;

  constructor(
    readonly zip: ZipArchive,
    readonly folder: string,
    readonly littleEndian: boolean,
  ) {
    this.budget = 2 * (zip.bytes.length + zip.inflatedBytes) + 1_000_000;
  }

  find(key: string): Uint8Array | undefined {
    const name = `${this.folder}${key}`;
    if (!this.zip.has(name)) return undefined;
    const before = this.zip.inflatedBytes;
    const bytes = this.zip.read(name);
    this.budget += 2 * (this.zip.inflatedBytes - before);
    return bytes;
  }
}

/** Files before 1.12 have no `byteorder` and are little endian. */
function readByteOrder(zip: ZipArchive, folder: string, where: string): boolean {
  if (!zip.has(`${folder}byteorder`)) return true;
  const order = new TextDecoder().decode(zip.read(`${folder}byteorder`));
  if (order === "little" || order === "big") return order === "little";
  throw refuseFile(`${where}, byteorder`, "little or big", "something else");
}

/** The folder that holds `data.pkl`, with its slash. */
function findFolder(zip: ZipArchive, where: string): string {
  const names = zip.names;
  const ends = (end: string) => names.some((name) => name === end || name.endsWith(`/${end}`));
  const foreign = (kind: string) =>
    refuseFile(
      where,
      "a PyTorch archive of weights has an entry data.pkl",
      `it looks like ${kind}`,
      "save the weights: torch.save(model.state_dict(), path), or safetensors",
    );
  if (ends("constants.pkl") || names.some((name) => /(^|\/)code\/__torch__/.test(name))) {
    throw foreign("a TorchScript archive (torch.jit.save), which is not read yet");
  }
  if (ends("archive_format") || ends("models/model.json") || ends("serialized_exported_program.json")) {
    throw foreign("a torch.export archive (pt2), which is not read yet");
  }
  const found = names.find((name) => name === "data.pkl" || /^[^/]+\/data\.pkl$/.test(name));
  if (found !== undefined) return found.slice(0, -"data.pkl".length);
  if (ends("model.weights.h5")) throw foreign("a Keras 3 archive (.keras), which is not read yet");
  if (names.length > 0 && names.every((name) => name.endsWith(".npy"))) throw foreign("numpy arrays (.npz)");
  if (ends("[Content_Types].xml")) throw foreign("an office document");
  throw foreign("a zip archive of another kind");
}
