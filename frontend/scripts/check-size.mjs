// The JavaScript that each screen loads before it stands, compressed, against its budget (docs/adr/0027).
// Screens are read from the router, chunks from the build's manifest. tests/e2e/test_first_load.py asks
// Chromium what it truly fetches.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { screens } from "./sources.mjs";

const LIMIT_KB = 180;

const web = new URL("../../backend/dataferry/_web/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", web), "utf8"));

/** `name` of the manifest and everything that it imports before it runs, as files. */
function loadedWith(name, loaded = new Set()) {
  const chunk = manifest[name];
  if (!chunk) throw new Error(`the build has no ${name}`);
  if (loaded.has(chunk.file)) return loaded;
  loaded.add(chunk.file);
  for (const next of chunk.imports ?? []) loadedWith(next, loaded);
  return loaded;
}

const entry = Object.keys(manifest).find((name) => manifest[name].isEntry);
const sizes = new Map();

function sizeOf(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(new URL(file, web))).length);
  return sizes.get(file);
}

let over = false;
for (const { path, modules } of screens()) {
  const files = loadedWith("src/app/start.tsx", loadedWith(entry));
  for (const module of modules) loadedWith(module, files);
  const size = [...files].reduce((sum, file) => sum + sizeOf(file), 0) / 1000;
  over ||= size > LIMIT_KB;
  console.log(`${path.padEnd(24)}${size.toFixed(1).padStart(6)} kB of ${LIMIT_KB} kB`);
}
process.exit(over ? 1 : 0);
