/** Finds Chromium (CHROMIUM_PATH, else the PATH) and opens pages in it. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/** What a test says that is skipped for want of a browser. */
export const noChromium = "no Chromium: apt-get install chromium, or set CHROMIUM_PATH";

export function findChromium(): string | undefined {
  const { CHROMIUM_PATH, PATH = "" } = process.env;
  if (CHROMIUM_PATH !== undefined) return CHROMIUM_PATH;
  const candidates = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Headless, with a fresh profile, and silent towards the network. */
export function launchChromium(executablePath: string): Promise<Browser> {
  const quiet = ["gpu", "quic", "background-networking", "component-update", "sync"];
  return chromium.launch({
    executablePath,
    args: [...quiet.map((what) => `--disable-${what}`), "--no-first-run", "--no-sandbox"],
  });
}

/** A page at `url`; whatever it says or throws goes to `say`. */
export async function openPage(browser: Browser, url: string, say: (text: string) => void): Promise<Page> {
  const page = await browser.newPage();
  page.on("console", (message) => say(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => say(`page error: ${error.message}`));
  await page.goto(url);
  return page;
}
