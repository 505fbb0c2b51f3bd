/** What all generators share: repeated lines, and how a file of kernels is told. */

/** One text for each number below `length`. */
export const list = (length, each) => Array.from({ length }, (_, k) => each(k)).join("");

/**
 * A file of `generated/`, as `write-kernels.mjs` takes it.
 *
 * @param generator its name; `about`: the rest of the head, lines; `imports`: lines of the file behind it
 */
export const kernelFile = (name, generator, about, imports, body) => ({
  name,
  text: `/**
 * Written by generators/${generator} at every build; edit that.
 *
 * ${about.join("\n * ")}
 */
${imports}
${body}`,
});
