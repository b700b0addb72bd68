import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { defineConfig } from "@playwright/test";

const webdriver = JSON.parse(
  readFileSync(new URL("../webdriver.json", import.meta.url), "utf8"),
);

/** Playwright's own browser is never used: it would have to be downloaded. */
function browser(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const dirs = (process.env.PATH ?? "").split(delimiter);
  const found = names.flatMap((name) => dirs.map((dir) => join(dir, name)));
  return process.env.CHROME || found.find((path) => existsSync(path));
}

/** `cargo xtask test e2e` serves dist/ on a free port and names it here. */
const served = process.env.BASE_URL;
const port = 4173;

export default defineConfig({
  testDir: "tests",
  forbidOnly: !!process.env.CI,
  retries: 0,
  // One a core on the smallest machine that checks this.
  workers: 2,
  fullyParallel: true,
  // A shared machine may be slow; no test measures time.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: "list",
  use: {
    baseURL: served ?? `http://127.0.0.1:${port}`,
    browserName: "chromium",
    launchOptions: {
      executablePath: browser(),
      // The browser starts the same way for these tests and for those of `tests/web.rs`.
      args: webdriver["goog:chromeOptions"].args,
    },
    // Recording costs a third of the time: `TRACE=1` for a failure that a picture does not explain.
    trace: process.env.TRACE ? "retain-on-failure" : "off",
    screenshot: "only-on-failure",
  },
  webServer: served
    ? undefined
    : {
        command: `cargo xtask serve --port ${port}`,
        cwd: "..",
        url: `http://127.0.0.1:${port}/`,
        timeout: 120_000,
      },
});
