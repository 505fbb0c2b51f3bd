/**
 * The examples of every public function's TSDoc run; what those of `respike/browser` call runs in test/browser. They need
 * MNIST in the cache or through npm.
 */
import { readPublicValues } from "./read-examples.js";
import { testRunning } from "./use-examples.js";

const values = readPublicValues("src/index.ts");
/** It writes the spiking network that others read. */
const isFirst = ({ name }: { readonly name: string }) => name === "convert";

testRunning(
  [...values.filter(isFirst), ...values.filter((value) => !isFirst(value))].flatMap(
    ({ examples }) => examples,
  ),
);
