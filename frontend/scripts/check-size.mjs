// The JavaScript that each screen loads before it stands, compressed, against its budget (docs/adr/0027).
// Screens are read from the router, chunks from the build's manifest. tests/e2e/test_first_load.py asks
// Chromium what it truly fetches.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

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

/** The router's routes by their names: path, parent, and the module of their screen where it has one. */
function routes() {
  const router = readFileSync(new URL("../src/app/router.tsx", import.meta.url), "utf8");
  const found = {};
  for (const [, name, body] of router.matchAll(/const (\w+) = createRoute\(\{(.*?)^\}\);/gms)) {
    const [, parent] = body.match(/getParentRoute: \(\) => (\w+)/);
    const [, path = ""] = body.match(/^ {2}path: "([^"]+)"/m) ?? [];
    const [, screen] = body.match(/import\("@\/([^"]+)"\)/) ?? [];
    found[name] = { parent, path, screen: screen && `src/${screen}.tsx` };
  }
  const screens = Object.values(found).filter(({ screen }) => screen).length;
  if (screens === 0 || screens !== router.match(/import\("@\//g)?.length)
    throw new Error("not every screen of the router is understood");
  return found;
}

const all = routes();
const entry = Object.keys(manifest).find((name) => manifest[name].isEntry);
const sizes = new Map();

function sizeOf(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(new URL(file, web))).length);
  return sizes.get(file);
}

let over = false;
for (const route of Object.values(all)) {
  if (!route.screen) continue;
  const files = loadedWith(entry);
  let path = "";
  for (let at = route; at; at = all[at.parent]) {
    path = [at.path, path].filter((part) => part && part !== "/").join("/");
    if (at.screen) loadedWith(at.screen, files);
  }
  path = path.startsWith("/") ? path : `/${path}`;
  const size = [...files].reduce((sum, file) => sum + sizeOf(file), 0) / 1000;
  over ||= size > LIMIT_KB;
  console.log(`${path.padEnd(24)}${size.toFixed(1).padStart(6)} kB of ${LIMIT_KB} kB`);
}
process.exit(over ? 1 : 0);
