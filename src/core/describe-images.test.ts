import assert from "node:assert/strict";
import { test } from "node:test";
import { describeImages } from "./describe-images.js";

test("images are named by runs of their places, long lists in short", () => {
  assert.equal(describeImages([5]), "image 5");
  assert.equal(describeImages(Uint32Array.of(48, 49, 50)), "images 48…50");
  assert.equal(describeImages([3, 7, 9, 10, 11]), "images 3, 7, 9…11");
  const scattered = Array.from({ length: 20 }, (_, i) => 2 * i);
  assert.equal(describeImages(scattered), "images 0, 2, 4, 6, 8, 10, 12, 14, … (20 in all)");
});
