/// <reference lib="webworker" />
// The service worker: it keeps the files of the build, so that the page opens while the server is away.
// It keeps nothing else: no answer of the API, nothing of anybody (docs/adr/0026).
declare const self: ServiceWorkerGlobalScope;
/** Paths of the build's files, and a hash of them: put in by `plugin.ts`. */
declare const __FILES__: string[];
declare const __VERSION__: string;

const PREFIX = "dataferry-page-";
const CACHE = PREFIX + __VERSION__;
/** Of this many releases the files are kept: a tab that was opened before an update goes on. */
const RELEASES_KEPT = 3;
const PAGE = "/index.html";
/** A server that does not answer a page load within this time is taken to be away, in milliseconds. */
const ANSWER_MS = 5000;
/** First segments that are never a screen, as in `api/static.py`. */
const RESERVED = [
  ".well-known",
  "api",
  "assets",
  "datasets",
  "docs",
  "hub",
  "job_params",
  "mcp",
  "metrics",
];

self.addEventListener("install", (event) => {
  event.waitUntil(install());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (isScreen(pathname)) event.respondWith(page(request));
  } else if (pathname.startsWith("/assets/") || __FILES__.includes(pathname)) {
    event.respondWith(file(request, pathname));
  }
});

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  try {
    await Promise.all(
      __FILES__.map(async (path) => {
        const response = await fetch(path, { cache: path === PAGE ? "reload" : "default" });
        // A proxy's page to sign in at is not the page.
        if (!response.ok || response.redirected) throw new Error(`${path}: ${response.status}`);
        await cache.put(path, response);
      }),
    );
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
  await self.skipWaiting();
}

async function activate(): Promise<void> {
  const ours = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  const old = ours.slice(0, Math.max(0, ours.length - RELEASES_KEPT + 1));
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

/**
 * The server comes first, so that an update shows at the next load and a proxy can ask to sign in.
 * The kept page stands in where it does not answer, or something before it says that it is away.
 */
async function page(request: Request): Promise<Response> {
  try {
    const response = await inTime(fetch(request));
    // Dataferry answers every screen's path; 404 is a proxy that has lost its server.
    if (response.status < 500 && response.status !== 404) return response;
    return (await kept(PAGE)) ?? response;
  } catch (error) {
    const response = await kept(PAGE);
    if (response) return response;
    throw error;
  }
}

/** A name has the hash of its content, so that a copy of any release is the right one. */
async function file(request: Request, path: string): Promise<Response> {
  return (await kept(path)) ?? (await caches.match(path, { ignoreVary: true })) ?? fetch(request);
}

async function kept(path: string): Promise<Response | undefined> {
  return (await caches.open(CACHE)).match(path, { ignoreVary: true });
}

function inTime(response: Promise<Response>): Promise<Response> {
  const late = new Promise<never>((_, fail) => {
    setTimeout(() => fail(new Error("no answer in time")), ANSWER_MS);
  });
  return Promise.race([response, late]);
}

function isScreen(path: string): boolean {
  const [first = "", ...rest] = path.slice(1).split("/");
  return !RESERVED.includes(first) && (rest.length > 0 || !first.includes("."));
}

export {};
