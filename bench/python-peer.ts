/**
 * A Python program that answers lines: a question is a line on its stdin, the answer a line of JSON on its stdout.
 *
 * Knows: processes and lines. May not know: what is asked.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface PythonPeer {
  /** Sends a line, if any, and gives the next line that comes, parsed. */
  ask(line?: string): Promise<unknown>;
  /** Says "end" and waits until the program has ended. */
  end(): Promise<void>;
}

/**
 * @param signal ends the program
 * @throws Error with the last that the program said on stderr, from `ask`, where it stops early
 */
export function startPeer(
  python: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): PythonPeer {
  const child = spawn(python, words, { env, stdio: ["pipe", "pipe", "pipe"] });
  signal?.addEventListener("abort", () => child.kill(), { once: true });
  return {
    ask: talk(child),
    async end() {
      const closed = new Promise((resolve) => child.once("close", resolve));
      child.stdin?.end("end\n");
      if (child.exitCode === null) await closed;
    },
  };
}

function talk(child: ChildProcess): (line?: string) => Promise<unknown> {
  if (child.stdout === null || child.stderr === null) throw new Error("the peer has no output");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let said = "";
  child.stderr.on("data", (text) => {
    said = `${said}${text}`.slice(-2000);
  });
  return async (line) => {
    if (line !== undefined) child.stdin?.write(line);
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the peer stopped: ${said}`);
    return JSON.parse(String(value));
  };
}
