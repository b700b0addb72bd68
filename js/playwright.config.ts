import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { defineConfig } from "@playwright/test";

const webdriver = JSON.parse(
  readFileSync(new URL("../webdriver.json", import.meta.url), "utf8"),
);

/** Playwright's own browser is never used: it would have to be downloaded. */
function browser(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const dirs = (process.env["PATH"] ?? "").split(delimiter);
  const found = names.flatMap((name) => dirs.map((dir) => join(dir, name)));
  return process.env["CHROME"] || found.find((path) => existsSync(path));
}

const executablePath = browser();

export default defineConfig({
  testDir: "tests",
  // Cases share a page, and a page is slow to start: a few workers, each with its own.
  fullyParallel: false,
  workers: 2,
  forbidOnly: !!process.env["CI"],
  reporter: "list",
  use: {
    browserName: "chromium",
    launchOptions: {
      ...(executablePath && { executablePath }),
      args: webdriver["goog:chromeOptions"].args,
    },
  },
});
