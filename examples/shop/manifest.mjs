// Puts what the teams built into the shop's folder, each version in one of its own, and writes the
// manifest that the container loads: `node manifest.mjs <folder of the built shop>`.
import { createHash } from "node:crypto";
import { cpSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const here = import.meta.dirname;
const [shop] = process.argv.slice(2);
if (!shop) throw new Error("usage: node manifest.mjs <folder of the built shop>");

/** What a browser loads, with the folder of what wasm-bindgen takes from crates; beside it lie sources and notes. */
const SERVED = /(^snippets|\.(js|mjs|css|wasm|json|svg))$/;

const { mfes } = JSON.parse(readFileSync(join(here, "mfes.json"), "utf8"));
const entries = mfes.map(({ id, framework, version, slot, module, files, requires }) => {
  const from = join(here, files);
  const to = join("mfe", id, version);
  for (const file of readdirSync(from)) {
    if (SERVED.test(file)) cpSync(join(from, file), join(shop, to, file), { recursive: true });
  }
  const digest = createHash("sha384").update(readFileSync(join(shop, to, module))).digest("base64");
  return {
    id,
    framework,
    version,
    url: `${to}/${module}`,
    integrity: `sha384-${digest}`,
    mount: slot,
    ...(requires && { requires }),
  };
});
writeFileSync(join(shop, "manifest.json"), `${JSON.stringify({ version: 1, mfes: entries }, null, 2)}\n`);
for (const { id, version, url } of entries) console.log(`${id} ${version}: ${url}`);
