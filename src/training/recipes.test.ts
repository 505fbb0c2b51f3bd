/** Recipes over other numbers of epochs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { recipes, stretchSchedule } from "./recipes.js";
import { countEpochs, scheduleRate } from "./schedules.js";

test("every recipe stretched to 1…1,000 epochs has exactly so many", () => {
  for (const { name, schedule } of recipes) {
    for (let epochs = 1; epochs <= 1000; epochs++) {
      assert.equal(countEpochs(stretchSchedule(schedule, epochs)), epochs, `${name}, ${epochs} epochs`);
    }
  }
});

test("steps end at the same shares of a longer run", () => {
  const steps = { kind: "step", rates: [0.1, 0.01], ends: [2, 3] } as const;
  const longer = stretchSchedule(steps, 30);
  assert.deepEqual(
    [19.99, 20, 29.99].map((epoch) => scheduleRate(longer, epoch)),
    [0.1, 0.01, 0.01],
  );
});
