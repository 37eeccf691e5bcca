import type { Plugin } from "vite";

/** Where the app serves the worker from: at the top, so that its scope is the whole page. */
const NAME = "sw.js";
/** Beside what is bundled, from `public`. */
const PUBLIC = ["/favicon.svg"];

/** Builds the service worker into `sw.js`, with the names of the build's files in it. */
export function serviceWorker(): Plugin {
  return {
    name: "dataferry-service-worker",
    apply: "build",
    enforce: "post",
    buildStart() {
      const id = new URL("./worker.ts", import.meta.url).pathname;
      this.emitFile({ type: "chunk", id: decodeURIComponent(id), fileName: NAME });
    },
    async generateBundle(_options, bundle) {
      const worker = bundle[NAME];
      const index = bundle["index.html"];
      if (worker?.type !== "chunk" || index?.type !== "asset")
        throw new Error(`the build has no ${NAME} or no index.html`);
      const files = Object.keys(bundle)
        .filter((name) => name !== NAME && !name.startsWith(".vite/"))
        .map((name) => `/${name}`);
      files.push(...PUBLIC);
      files.sort();
      const version = await hash(files.join("\n") + index.source + worker.code);
      worker.code = worker.code
        .replaceAll("__FILES__", JSON.stringify(files))
        .replaceAll("__VERSION__", JSON.stringify(version));
    },
  };
}

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest).slice(0, 8), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
