/** Opens pages of this folder, without a server: what is asked for comes from the disk. */

import { fileURLToPath } from "node:url";
import type { BrowserContext, Page } from "@playwright/test";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Trusted as a page from this machine is. No request gets as far as a port. */
const ORIGIN = "http://localhost";

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>universal-state</title>
<script type="importmap">
  { "imports": {
    "universal-state": "/dist/index.js",
    "universal-state/element": "/dist/element.js",
    "universal-state/store": "/dist/store.js"
  } }
</script>
`;

/** A page that can import the built package, with `script` in it, if one is given. */
export async function open(context: BrowserContext, script?: string): Promise<Page> {
  await context.route(`${ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/") {
      const body = script ? `${PAGE}<script type="module" src="${script}"></script>` : PAGE;
      await route.fulfill({ contentType: "text/html", body });
    } else {
      await route.fulfill({ path: ROOT + pathname });
    }
  });
  const page = await context.newPage();
  await page.goto(`${ORIGIN}/`);
  return page;
}
