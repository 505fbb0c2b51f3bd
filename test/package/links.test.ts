/** Every relative link of every Markdown file leads to something, headings included. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

function listPages(): readonly string[] {
  const top = readdirSync(root).filter((name) => name.endsWith(".md"));
  const docs = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
  return [...top, ...docs.map((name) => `docs/${name}`)];
}

/** Targets of links outside code. */
function readLinks(text: string): readonly string[] {
  const prose = text.replace(/^```.*?^```/gms, "").replace(/`[^`\n]*`/g, "code");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
}

/** Headings as GitHub names them. */
function readAnchors(text: string): readonly string[] {
  return [...text.matchAll(/^#+ +(.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function findFault(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? join(root, page) : join(root, dirname(page), path);
  if (!existsSync(target)) return `${page}: ${link} leads nowhere`;
  if (anchor !== undefined && target.endsWith(".md")) {
    if (!readAnchors(readFileSync(target, "utf8")).includes(anchor)) return `${page}: ${link} has no heading`;
  }
  return undefined;
}

describe("links of the documentation", () => {
  for (const page of listPages()) {
    it(`${page}: every relative link leads to a file, every anchor to a heading`, () => {
      const links = readLinks(readFileSync(join(root, page), "utf8"));
      assert.deepEqual(
        links.map((link) => findFault(page, link)).filter((fault) => fault !== undefined),
        [],
      );
    });
  }

  it("a link to a missing file and one to a missing heading are found", () => {
    assert.match(findFault("README.md", "docs/nowhere.md") ?? "", /leads nowhere/);
    assert.match(findFault("README.md", "docs/cli.md#nowhere") ?? "", /no heading/);
  });
});
