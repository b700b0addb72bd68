// `node share.mjs FOLDER`: what a micro-frontend that Vite builds takes over the network (`gzip -9`), whole and with the
// npm package left out of it.

import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const folder = resolve(process.argv[2]);
process.chdir(folder);
const vite = createRequire(join(folder, "package.json")).resolve("vite");
const { build } = await import(pathToFileURL(vite));

/** What a bundle has where the package was left out. */
const IMPORTS = /import\{[^}]*\}from"universal-state[^"]*";/g;

/** Bytes of all that is built without what `external` names. */
async function weigh(external) {
  const built = await build({ logLevel: "warn", build: { write: false, rolldownOptions: { external } } });
  const files = built.flatMap(({ output }) => output).map((file) => file.code?.replace(IMPORTS, "") ?? file.source);
  return files.reduce((sum, file) => sum + gzipSync(file, { level: 9 }).length, 0);
}

const whole = await weigh([]);
const without = await weigh([/^universal-state(\/|$)/]);
console.log(`${whole} bytes, ${whole - without} of them universal-state`);
