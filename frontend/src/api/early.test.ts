import { afterEach, expect, test, vi } from "vitest";
import { early, forgetEarly } from "./early";

const sent: string[] = [];
const send = early(async (input) => {
  sent.push((input as Request).url);
  return new Response("asked");
});

function begun(...answers: [string, Promise<Response>][]): void {
  for (const [, answer] of answers) answer.catch(() => undefined);
  window.opening = { answers: new Map(answers) };
}

async function asked(path: string, method = "GET"): Promise<string> {
  const response = await send(new Request(new URL(path, location.origin), { method }));
  return response.text();
}

afterEach(() => {
  sent.length = 0;
  delete window.opening;
});

test("what was asked for before is not asked for again, and is taken once", async () => {
  begun(["GET /api/jobs?limit=200", Promise.resolve(new Response("begun"))]);
  expect(await asked("/api/jobs?limit=200")).toBe("begun");
  expect(sent).toEqual([]);
  expect(await asked("/api/jobs?limit=200")).toBe("asked");
});

test.each([
  ["/api/jobs", "GET"],
  ["/api/jobs?limit=200", "POST"],
  ["https://elsewhere.example/api/jobs?limit=200", "GET"],
])("another question is asked: %s %s", async (path, method) => {
  begun(["GET /api/jobs?limit=200", Promise.resolve(new Response("begun"))]);
  expect(await asked(path, method)).toBe("asked");
});

test("a request that failed before is sent", async () => {
  begun(["GET /api/app", Promise.reject(new TypeError("no network"))]);
  expect(await asked("/api/app")).toBe("asked");
});

test("soon after the screen stands nothing old is taken", async () => {
  vi.useFakeTimers();
  begun(["GET /api/app", Promise.resolve(new Response("begun"))]);
  forgetEarly();
  vi.advanceTimersByTime(1000);
  expect(await asked("/api/app")).toBe("asked");
});
