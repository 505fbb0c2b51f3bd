/** What people read where a warning stands for each layer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { joinWarnings } from "./join-warnings.js";

const dead = (where: string, count: number) => ({
  code: "dead-channels",
  where,
  message: `${count} of 16 channels`,
  count,
});
const other = { code: "other", where: "x", message: "y" };

test("dead channels of many layers are one line with the count of each; what stands around them stays", () => {
  const joined = joinWarnings([other, dead("conv1", 3), other, dead("layer1.0.conv1", 2)]);
  assert.deepEqual(
    joined.map(({ where }) => where),
    ["x", "2 layers", "x"],
  );
  assert.match(joined[1]?.message ?? "", / 5 of their channels, .*: conv1 \(3\), layer1\.0\.conv1 \(2\);/);
});

test("those of one layer, and warnings without any, stay as they are", () => {
  for (const warnings of [[], [other], [other, dead("conv1", 3)]])
    assert.equal(joinWarnings(warnings), warnings);
});
