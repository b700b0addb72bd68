/** Declares a test for each case of a bundle and each engine. They share a page. */

import { expect, test, type Page } from "@playwright/test";
import { open } from "./open.js";
import type { Suite } from "./support.js";

const ENGINES = ["map", "signal"] as const;

/**
 * `script` is the bundle in `tests/.built`. `told` has what a framework tells the window of, in the
 * cases where it does so and goes on; any other uncaught error fails its case.
 */
export function declare(
  script: string,
  suites: Readonly<Record<string, Suite>>,
  told: Readonly<Record<string, RegExp>> = {},
): void {
  let page: Page | undefined;
  const uncaught: string[] = [];

  test.beforeAll(async ({ browser }) => {
    page = await open(await browser.newContext(), `/tests/.built/${script}`);
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
            expect(uncaught.splice(0).filter((error) => !told[promise]?.test(error))).toEqual([]);
          });
        }
      }
    });
  }
}
