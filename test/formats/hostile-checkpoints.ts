/**
 * PyTorch files that lie or are damaged in ways that chance does not hit.
 *
 * Knows: what torch.save writes. May not know: the readers under test.
 */
import { zipSync } from "fflate";
import { randomWord } from "#src/core/counter-random.js";
import { PickleWriter } from "./write-checkpoints.js";

export interface HostileFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly refusal: RegExp;
}

const mtime = new Date(1990, 1, 1);
const eightBytes = new Uint8Array(8);

function writeZip(
  pickle: PickleWriter,
  storage: Uint8Array,
  others: Readonly<Record<string, Uint8Array>> = {},
) {
  return zipSync(
    { "archive/data.pkl": pickle.stop(), "archive/data/0": storage, ...others },
    { level: 6, mtime },
  );
}

/** `{"weight": tensor}` of `elements` floats; the layout is what `shape` and `strides` push. */
function pickleTensor(elements: number, shape: (to: PickleWriter) => void, strides = shape): PickleWriter {
  const to = new PickleWriter().raw(0x7d).text("weight");
  to.global("torch._utils", "_rebuild_tensor")
    .raw(0x28, 0x28)
    .text("storage")
    .global("torch", "FloatStorage");
  to.text("0").text("cpu").integer(elements).raw(0x74, 0x51).integer(0);
  shape(to);
  strides(to);
  return to.raw(0x74, 0x52, 0x73);
}

/** A call of 5 bytes, 1,000 times, of a global with arguments read once. */
function pickleCalls(module: string, name: string, args: (to: PickleWriter) => void): PickleWriter {
  const to = new PickleWriter().raw(0x5d, 0x28).global(module, name).raw(0x71, 0).raw(0x28);
  args(to);
  to.raw(0x74, 0x71, 1);
  for (let call = 0; call < 1000; call++) to.raw(0x68, 0, 0x68, 1, 0x52);
  return to.raw(0x65);
}

const longText = "x".repeat(50_000);
const copiesText = pickleCalls("_codecs", "encode", (to) => to.text(longText).text("latin1"));
const copiesPairs = pickleCalls("collections", "OrderedDict", (to) => {
  to.raw(0x5d, 0x28);
  for (let at = 0; at < 5000; at++) to.integer(at).raw(0x4e, 0x86);
  to.raw(0x65);
});
const namesGlobals = (() => {
  const to = new PickleWriter().raw(0x28).text(longText).raw(0x71, 0);
  for (let k = 0; k < 1000; k++) to.raw(0x68, 0, 0x68, 0, 0x93);
  return to.raw(0x74);
})();

const threeMillion = pickleTensor(
  2,
  (to) => to.tuple([3_000_000]),
  (to) => to.tuple([0]),
);
const noise = Uint8Array.from({ length: 50_000 }, (_, at) => randomWord(3, at));

/** The archive with fields of the directory entries from the third on changed. */
function changeDirectory(archive: Uint8Array, change: (entry: DataView) => void): Uint8Array {
  const view = new DataView(archive.buffer);
  let at = view.getUint32(archive.length - 6, true);
  for (let index = 0; index < view.getUint16(archive.length - 12, true); index++) {
    if (index >= 2) change(new DataView(archive.buffer, at, 46));
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true);
  }
  return archive;
}

const shapeChangedLater = pickleTensor(
  2,
  (to) => to.raw(0x5d, 0x71, 9).integer(2).raw(0x61),
  (to) => to.tuple([1]),
)
  .raw(0x68, 9)
  .text("a shape no more")
  .raw(0x61, 0x30);

export const hostileFiles: readonly HostileFile[] = [
  { name: "text copied by calls", bytes: writeZip(copiesText, eightBytes), refusal: /calls copy/ },
  { name: "pairs copied by calls", bytes: writeZip(copiesPairs, eightBytes), refusal: /calls copy/ },
  { name: "long names put together", bytes: writeZip(namesGlobals, eightBytes), refusal: /globals/ },
  {
    name: "an entry that states more than it holds, never read",
    bytes: changeDirectory(writeZip(threeMillion, eightBytes, { never: noise }), (entry) =>
      entry.setUint32(24, 5e7, true),
    ),
    refusal: /no more elements than the file/,
  },
  {
    name: "entries over the same bytes",
    bytes: changeDirectory(writeZip(threeMillion, eightBytes, { a: noise, b: noise }), (entry) =>
      entry.setUint32(42, 0, true),
    ),
    refusal: /side by side/,
  },
  {
    name: "a storage that ends within an element",
    bytes: writeZip(
      pickleTensor(
        2,
        (to) => to.tuple([2]),
        (to) => to.tuple([1]),
      ),
      new Uint8Array(6),
    ),
    refusal: /element 1 of 1/,
  },
];

/** The tensor keeps the shape that it was made with: [2], of the values 0. */
export const changedLater = writeZip(shapeChangedLater, eightBytes);
