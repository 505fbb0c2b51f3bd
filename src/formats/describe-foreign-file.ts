/**
 * What a file looks like that no format here reads.
 *
 * Knows: magic numbers. May not know: how to parse any of them.
 */
export interface ForeignFile {
  /** `an ONNX model`, `an empty file`. */
  readonly kind: string;
  readonly next: string;
}

const saveWeights = "save the weights as safetensors or with torch.save(model.state_dict(), path)";
const notYet = `this kind is not read yet; ${saveWeights}`;

interface Signature {
  readonly kind: string;
  readonly next: string;
  /** Bytes at an offset, as Latin-1 text. */
  readonly magic: string;
  readonly at?: number;
}

const signatures: readonly Signature[] = [
  { magic: "\x89HDF\r\n\x1a\n", kind: "an HDF5 file (Keras .h5 or NIR)", next: notYet },
  { magic: "TFL3", at: 4, kind: "a TensorFlow Lite model", next: notYet },
  { magic: "\x93NUMPY", kind: "a numpy array", next: "give a model file; arrays are data" },
  { magic: "\x89PNG", kind: "a PNG image", next: "give a model file; images are data" },
  { magic: "\xff\xd8\xff", kind: "a JPEG image", next: "give a model file; images are data" },
  { magic: "GIF8", kind: "a GIF image", next: "give a model file; images are data" },
  { magic: "\x1f\x8b", kind: "a gzip archive", next: "unpack it first" },
  { magic: "BZh", kind: "a bzip2 archive", next: "unpack it first" },
  { magic: "\xfd7zXZ", kind: "an xz archive", next: "unpack it first" },
  { magic: "ustar", at: 257, kind: "a tar archive (PyTorch before 0.1.10 wrote these)", next: saveWeights },
  { magic: "\x7fELF", kind: "a program", next: "give a model file" },
  { magic: "#!", kind: "a script", next: "give a model file" },
  { magic: "%PDF", kind: "a PDF document", next: "give a model file" },
  { magic: "#!AER-DAT", kind: "an event recording (AEDAT)", next: "give a model file; recordings are data" },
];

/** Never throws. */
export function describeForeignFile(bytes: Uint8Array): ForeignFile {
  if (bytes.length === 0) return { kind: "an empty file", next: "fetch or export the file again" };
  const found = [...signatures].reverse().find(({ magic, at = 0 }) => startsWith(bytes, magic, at));
  if (found !== undefined) return found;
  if (looksLikeOnnx(bytes)) return { kind: "an ONNX model", next: notYet };
  if (bytes[0] === 0x80 && (bytes[1] ?? 9) <= 5) {
    return { kind: "a Python pickle that torch.save did not write", next: saveWeights };
  }
  if (isText(bytes.subarray(0, 4096))) return describeText(bytes);
  return { kind: "nothing known", next: saveWeights };
}

function startsWith(bytes: Uint8Array, magic: string, at: number): boolean {
  for (let index = 0; index < magic.length; index++) {
    if (bytes[at + index] !== magic.charCodeAt(index)) return false;
  }
  return true;
}

/** An ONNX ModelProto begins with ir_version (field 1, a small integer) and then a text or message field. */
function looksLikeOnnx(bytes: Uint8Array): boolean {
  const [tag = 0, version = 0, next = 0] = bytes;
  return tag === 0x08 && version >= 1 && version <= 20 && [0x12, 0x1a, 0x22, 0x3a, 0x42].includes(next);
}

function isText(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13);
}

function describeText(bytes: Uint8Array): ForeignFile {
  const head = new TextDecoder().decode(bytes.subarray(0, 400));
  if (head.includes('"modelTopology"')) return { kind: "a TensorFlow.js model", next: notYet };
  if (head.startsWith("version https://git-lfs")) {
    return { kind: "a Git LFS pointer, not the file itself", next: "fetch the file with git lfs pull" };
  }
  if (/^\s*[{[]/.test(head)) return { kind: "JSON text", next: "give the file that holds the weights" };
  if (/^\s*<(!doctype|html)/i.test(head)) {
    return { kind: "an HTML page, perhaps an error in place of a download", next: "fetch the file again" };
  }
  return { kind: "text", next: "give the file that holds the weights" };
}
