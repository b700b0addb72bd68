/** Runs every case in a page, on both engines, with the built package and the wasm store. */

import { expect, test, type Page } from "@playwright/test";
import { open } from "./page/open.js";
import { suites } from "./page/suites.js";

const ENGINES = ["map", "signal"] as const;

let page: Page | undefined;
const uncaught: string[] = [];

test.beforeAll(async ({ browser }) => {
  page = await open(await browser.newContext(), "/tests/.built/main.js");
  page.on("pageerror", (error) => uncaught.push(String(error)));
  await page.waitForFunction(() => "run" in globalThis);
});

test.afterAll(async () => {
  await page?.context().close();
});

for (const [suite, cases] of Object.entries(suites)) {
  test.describe(suite, () => {
    for (const promise of Object.keys(cases)) {
      for (const engine of ENGINES) {
        test(`${promise} (${engine})`, async () => {
          await page?.evaluate(
            ([suite, promise, engine]) =>
              (globalThis as unknown as { run(...names: string[]): Promise<void> }).run(suite, promise, engine),
            [suite, promise, engine] as const,
          );
          expect(uncaught.splice(0)).toEqual([]);
        });
      }
    }
  });
}
