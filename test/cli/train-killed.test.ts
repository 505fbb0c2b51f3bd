/** `respike train` killed or stopped from the keyboard, with the lowering that the machine chooses. */
import { testStopping } from "./stop-training.js";

testStopping([
  ["SIGKILL", null],
  ["SIGINT", 130],
]);
