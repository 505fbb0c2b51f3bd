/** PNG and JPEG become planes of bytes; damaged and hostile pictures are refused by name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import { encode as encodePng } from "fast-png";
import { encode as encodeJpeg } from "jpeg-js";
import { randomWord } from "../core/counter-random.js";
import { decodeImage } from "./decode-image.js";

type Chunk = readonly [type: string, data: Uint8Array];

const png = (chunks: readonly Chunk[]) => {
  const parts = chunks.map(([type, data]) => {
    const bytes = new Uint8Array(12 + data.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, data.length);
    bytes.set(new TextEncoder().encode(type), 4);
    bytes.set(data, 8);
    view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
    return bytes;
  });
  return Uint8Array.from(
    Buffer.concat([Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), ...parts]),
  );
};
const ihdr = (width: number, height: number, depth: number, colour: number): Chunk => {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  data[8] = depth;
  data[9] = colour;
  return ["IHDR", data];
};
/** Unfiltered rows. */
const idat = (rows: readonly (readonly number[])[]): Chunk => [
  "IDAT",
  deflateSync(Uint8Array.from(rows.flatMap((row) => [0, ...row]))),
];
const iend: Chunk = ["IEND", new Uint8Array(0)];
const decoded = (chunks: readonly Chunk[]) => {
  const { shape, pixels, notes } = decodeImage(png(chunks));
  return { shape, pixels: [...pixels], notes };
};

test("PNG: grey of 1, 2, 4, 8 and 16 bits becomes bytes over the whole range", () => {
  const grey = (depth: number, rows: readonly (readonly number[])[], width: number) =>
    decoded([ihdr(width, rows.length, depth, 0), idat(rows), iend]).pixels;
  assert.deepEqual(grey(1, [[0b10100000], [0b01100000]], 3), [255, 0, 255, 0, 255, 255]);
  assert.deepEqual(grey(2, [[0b00011011]], 4), [0, 85, 170, 255]);
  assert.deepEqual(grey(4, [[0x0f, 0x30]], 3), [0, 255, 51]);
  assert.deepEqual(
    grey(
      8,
      [
        [1, 2],
        [3, 4],
      ],
      2,
    ),
    [1, 2, 3, 4],
  );
  assert.deepEqual(grey(16, [[0xff, 0xff, 0x01, 0x00, 0x01, 0x81]], 3), [255, 1, 1]);
});

test("PNG: RGB and RGBA become planes; transparency is dropped and said", () => {
  const rgb = decoded([ihdr(2, 1, 8, 2), idat([[1, 2, 3, 4, 5, 6]]), iend]);
  assert.deepEqual(rgb, { shape: [3, 1, 2], pixels: [1, 4, 2, 5, 3, 6], notes: [] });
  const rgba = decoded([ihdr(2, 1, 8, 6), idat([[1, 2, 3, 0, 4, 5, 6, 255]]), iend]);
  assert.deepEqual(rgba, {
    shape: [3, 1, 2],
    pixels: [1, 4, 2, 5, 3, 6],
    notes: ["transparency was dropped"],
  });
  const greyAlpha = decoded([ihdr(2, 1, 8, 4), idat([[7, 0, 9, 255]]), iend]);
  assert.deepEqual(greyAlpha, { shape: [1, 1, 2], pixels: [7, 9], notes: ["transparency was dropped"] });
});

test("PNG: palettes of 1, 2, 4 and 8 bits become RGB; an index beyond the palette is refused", () => {
  const palette: Chunk = ["PLTE", Uint8Array.of(10, 20, 30, 40, 50, 60, 70, 80, 90)];
  for (const [depth, row] of [
    [2, [0b00011000]],
    [4, [0x01, 0x20]],
    [8, [0, 1, 2]],
  ] as const) {
    const image = decoded([ihdr(3, 1, depth, 3), palette, idat([row]), iend]);
    assert.deepEqual(image, { shape: [3, 1, 3], pixels: [10, 40, 70, 20, 50, 80, 30, 60, 90], notes: [] });
  }
  const one = decoded([ihdr(3, 1, 1, 3), palette, idat([[0b01000000]]), iend]);
  assert.deepEqual(one.pixels, [10, 40, 10, 20, 50, 20, 30, 60, 30]);
  assert.throws(() => decoded([ihdr(1, 1, 8, 3), palette, idat([[3]]), iend]), { exitCode: 3 });
});

test("PNG: interlaced images are the same as plain ones; cut or of few bits they are refused", () => {
  const data = Uint8Array.from({ length: 11 * 7 * 3 }, (_, at) => (at * 37) % 256);
  const given = { width: 11, height: 7, channels: 3, depth: 8 as const, data };
  const plain = decodeImage(encodePng(given));
  assert.deepEqual(decodeImage(encodePng(given, { interlace: "Adam7" })), plain);
  assert.deepEqual(plain.pixels[0], data[0]);
  const laced = (depth: number): Chunk => {
    const [type, header] = ihdr(2, 2, depth, 0);
    header[12] = 1;
    return [type, header];
  };
  const passes = idat([[5], [6], [7, 8]]);
  assert.deepEqual(decoded([laced(8), passes, iend]).pixels, [5, 6, 7, 8]);
  for (const bad of [
    [laced(8), idat([[5], [6], [7]]), iend],
    [laced(1), idat([[0], [0], [0]]), iend],
  ]) {
    assert.throws(() => decoded(bad), { exitCode: 3 });
  }
});

test("PNG: other chunks are passed over, however large what they hold", () => {
  const bomb: Chunk = ["iCCP", Uint8Array.of(97, 0, 0, ...deflateSync(new Uint8Array(1e6)))];
  const image = decoded([ihdr(1, 1, 8, 0), bomb, idat([[5]]), iend]);
  assert.deepEqual(image.pixels, [5]);
});

test("PNG: truncated at any byte, altered, without data, of absurd size: exit 3 that names the file", () => {
  const whole = png([
    ihdr(2, 2, 8, 0),
    idat([
      [1, 2],
      [3, 4],
    ]),
    iend,
  ]);
  const altered = whole.slice();
  altered[45] = (altered[45] as number) ^ 1;
  const bad = [
    ...Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length)),
    altered,
    png([ihdr(2, 2, 8, 0), iend]),
    png([ihdr(0, 2, 8, 0), idat([[]]), iend]),
    png([ihdr(100_000, 100_000, 8, 6), idat([[1]]), iend]),
    png([ihdr(2, 2, 8, 0), idat([[1, 2]]), iend]),
    png([ihdr(1, 1, 8, 0), ["IDAT", deflateSync(new Uint8Array(400e6))], iend]),
    Uint8Array.from(Buffer.from("GIF89a, say")),
  ];
  for (const bytes of bad) assert.throws(() => decodeImage(bytes, "x.png"), { exitCode: 3, where: "x.png" });
});

test("JPEG: colour and size come back, within 6 levels of a flat colour", () => {
  const data = Buffer.alloc(16 * 24 * 4);
  for (let at = 0; at < data.length; at += 4) data.set([200, 100, 50, 255], at);
  const bytes = Uint8Array.from(encodeJpeg({ width: 24, height: 16, data }, 95).data);
  const { shape, pixels } = decodeImage(bytes);
  assert.deepEqual(shape, [3, 16, 24]);
  const centre = 8 * 24 + 12;
  const colour = [0, 1, 2].map((channel) => pixels[channel * 16 * 24 + centre] as number);
  colour.forEach((value, channel) => {
    assert.ok(Math.abs(value - ([200, 100, 50][channel] as number)) <= 6, `channel ${channel} is ${value}`);
  });
});

test("JPEG: a header alone, an absurd size, a hundred scans: exit 3 that names the file", () => {
  const data = Buffer.alloc(8 * 8 * 4, 128);
  const whole = Uint8Array.from(encodeJpeg({ width: 8, height: 8, data }, 90).data);
  const frame = whole.findIndex((byte, at) => byte === 0xff && whole[at + 1] === 0xc0);
  const huge = whole.slice();
  huge.set([0xff, 0xff, 0xff, 0xff], frame + 5);
  const scans = Uint8Array.of(...whole, ...Array.from({ length: 200 }, () => [0xff, 0xda]).flat());
  for (const bytes of [whole.subarray(0, 3), whole.subarray(0, frame), huge, scans]) {
    assert.throws(() => decodeImage(bytes, "x.jpg"), { exitCode: 3, where: "x.jpg" });
  }
});

test("600 damaged PNG and JPEG files (seed 7) decode or are refused with exit 3, nothing else", () => {
  const data = Buffer.from(Array.from({ length: 32 * 24 * 4 }, (_, at) => randomWord(7, at) & 255));
  const jpeg = Uint8Array.from(encodeJpeg({ width: 32, height: 24, data }, 80).data);
  const rows = Array.from({ length: 8 }, (_, y) => [...data.subarray(24 * y, 24 * y + 24)]);
  const whole = [jpeg, png([ihdr(8, 8, 8, 2), idat(rows), iend])];
  let refused = 0;
  for (let at = 0; at < 600; at++) {
    const bytes = (whole[at % 2] as Uint8Array).slice();
    for (let k = 0; k <= at % 5; k++)
      bytes[randomWord(7, at, k, 1) % bytes.length] = randomWord(7, at, k, 2) & 255;
    try {
      const { shape, pixels } = decodeImage(bytes, "damaged");
      assert.equal(pixels.length, shape[0] * shape[1] * shape[2]);
    } catch (error) {
      assert.equal((error as { exitCode?: unknown }).exitCode, 3, `file ${at}: ${error}`);
      refused++;
    }
  }
  assert.ok(refused > 200, `${refused} refused`);
});
