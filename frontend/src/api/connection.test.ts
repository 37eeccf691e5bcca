import { expect, test, vi } from "vitest";
import { json, problem } from "@/test/render";
import { Connection } from "./connection";

/** A server that is up or not, and a proxy's page in its place. */
function makeConnection() {
  const server = { up: true, probes: 0 };
  const connection = new Connection({
    probe: async () => {
      server.probes++;
      return server.up;
    },
    firstDelayMs: 1000,
    longestDelayMs: 5000,
  });
  const seen: boolean[] = [];
  connection.watch(() => seen.push(connection.isUp()));
  return { server, connection, seen };
}

const page = (status: number) =>
  new Response("<html>", { status, headers: { "Content-Type": "text/html" } });

test.each([
  ["no answer", () => Promise.reject(new TypeError("Failed to fetch")), true],
  ["a proxy's 502", () => Promise.resolve(page(502)), true],
  ["a proxy's 404", () => Promise.resolve(page(404)), true],
  ["a page to sign in at, in place of the API", () => Promise.resolve(page(200)), true],
  ["an answer", () => Promise.resolve(json([])), false],
  ["nothing to say", () => Promise.resolve(new Response(null, { status: 204 })), false],
  ["Dataferry's own 503", () => Promise.resolve(problem(503, "busy", "Busy.")), false],
  ["Dataferry's own 404", () => Promise.resolve(problem(404, "not_found", "No.")), false],
])("%s: the server is asked whether it lives: %s", async (_name, answer, asks) => {
  const { server, connection, seen } = makeConnection();
  await connection
    .watched(answer)("http://here/api/thing")
    .catch(() => undefined);
  await Promise.resolve();
  expect(server.probes).toBe(asks ? 1 : 0);
  // One request that failed on its own is no outage.
  expect(connection.isUp()).toBe(true);
  expect(seen).toEqual([]);
});

test("a request that was given up says nothing of the server", async () => {
  const { server, connection } = makeConnection();
  const control = new AbortController();
  control.abort();
  const fetch = connection.watched(() => Promise.reject(new DOMException("", "AbortError")));
  await expect(fetch("http://here/", { signal: control.signal })).rejects.toThrow();
  expect(server.probes).toBe(0);
});

test("a server that is away is asked until it is back, and no more often than that", async () => {
  vi.useFakeTimers();
  const { server, connection, seen } = makeConnection();
  server.up = false;
  await connection.check();
  expect(seen).toEqual([false]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.probes).toBeGreaterThan(10);
  expect(server.probes).toBeLessThan(20);
  server.up = true;
  await vi.advanceTimersByTimeAsync(5000);
  expect(seen).toEqual([false, true]);
  const { probes } = server;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.probes).toBe(probes);
});

test("an answer to any request ends the wait", async () => {
  const { server, connection, seen } = makeConnection();
  server.up = false;
  await connection.check();
  await connection.watched(() => Promise.resolve(json({})))("http://here/");
  expect(seen).toEqual([false, true]);
});

test("many that ask at once ask once", async () => {
  const { server, connection } = makeConnection();
  await Promise.all([connection.check(), connection.check(), connection.check()]);
  expect(server.probes).toBe(1);
});
