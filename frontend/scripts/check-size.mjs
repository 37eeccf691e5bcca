// The JavaScript that a screen loads at first, compressed, against its budget (docs/adr/0004).
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT_KB = 180;
/** A chat adds the state machine of the AI SDK, which comes with the first chat that is opened. */
const SCREENS = {
  LoginPage: LIMIT_KB,
  RegisterPage: LIMIT_KB,
  NewChatPage: LIMIT_KB,
  ChatPage: 190,
};

const web = new URL("../../backend/dataferry/_web/", import.meta.url);
const assets = new URL("assets/", web);
const page = readFileSync(new URL("index.html", web), "utf8");
const names = readdirSync(assets).filter((name) => name.endsWith(".js"));

/** `name` and everything that it imports before it runs. */
function loadedWith(name, loaded = new Set()) {
  if (loaded.has(name)) return loaded;
  loaded.add(name);
  const code = readFileSync(new URL(name, assets), "utf8");
  for (const [, next] of code.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g))
    loadedWith(next, loaded);
  return loaded;
}

const entry = new Set();
for (const [, name] of page.matchAll(/assets\/([^"]+\.js)/g)) loadedWith(name, entry);

let over = false;
for (const [screen, limit] of Object.entries(SCREENS)) {
  const chunk = names.find((name) => name.startsWith(`${screen}-`));
  if (!chunk) throw new Error(`the build has no ${screen}`);
  const files = [...loadedWith(chunk, new Set(entry))];
  const sizes = files.map((name) => gzipSync(readFileSync(new URL(name, assets))).length);
  const size = sizes.reduce((sum, next) => sum + next, 0) / 1000;
  over ||= size > limit;
  console.log(`${screen.padEnd(14)}${size.toFixed(1).padStart(6)} KB of ${limit} KB`);
}
process.exit(over ? 1 : 0);
