// Beside each file of the build a copy that is compressed as well as it can be (brotli): the app serves it
// to browsers that take it, and has no work of its own with it (api/static.py).
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync } from "node:zlib";

/** What is smaller fits into a packet as it is. */
const LEAST_BYTES = 1000;

const web = new URL("../../backend/dataferry/_web/", import.meta.url);
for (const name of readdirSync(web, { recursive: true })) {
  if (!/^(index\.html|assets\/.+\.js)$/.test(name.replaceAll("\\", "/"))) continue;
  const content = readFileSync(new URL(name, web));
  if (content.length >= LEAST_BYTES)
    writeFileSync(new URL(`${name}.br`, web), brotliCompressSync(content));
}
