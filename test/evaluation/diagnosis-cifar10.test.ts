/** Planted faults in a network that others trained: each is named. */
import { test } from "node:test";
import { openShared } from "../claims/open-shared.js";
import { checkFaults, convertFloat } from "./check-faults.js";

test("CIFAR-10 ResNet-20 of others, on real images", async (t) => {
  const shared = await openShared(t, "cifar10-resnet20.th");
  if (shared === undefined) return;
  const { train } = shared.splits;
  await checkFaults(t, await convertFloat(shared.graph, shared.preprocessing, train), train);
});
