import { expect, test, vi } from "vitest";
import { eventsOf } from "./events";

function bodyOf(...reads: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const read of reads)
        controller.enqueue(typeof read === "string" ? encoder.encode(read) : read);
      controller.close();
    },
  });
}

async function all(body: ReadableStream<Uint8Array>): Promise<string[]> {
  const events: string[] = [];
  for await (const event of eventsOf(body)) events.push(event);
  return events;
}

const TEXT = 'data: {"a":"北京 🌍 é"}\r\n\r\n: keep-alive\r\n\r\ndata:[DONE]\r\n\r\n';
const EVENTS = ['{"a":"北京 🌍 é"}', "[DONE]"];

// danielmiessler/Fabric#2203, musistudio/claude-code-router#1672 (characters), spiceai/spiceai#12588
// (events), praxis-proxy/praxis#739 (CR LF, no space): cut between any two bytes, and into each.
test.each([
  ["LF", TEXT.replaceAll("\r\n", "\n")],
  ["CR LF", TEXT],
  ["CR", TEXT.replaceAll("\r\n", "\r")],
])("a stream with %s may be cut anywhere", async (_name, text) => {
  const bytes = new TextEncoder().encode(text);
  for (let cut = 0; cut <= bytes.length; cut++)
    expect(await all(bodyOf(bytes.slice(0, cut), bytes.slice(cut)))).toEqual(EVENTS);
  expect(await all(bodyOf(...Array.from(bytes, (byte) => Uint8Array.of(byte))))).toEqual(EVENTS);
});

test("lines of data are joined, other fields and comments are none, a mark at the start is skipped", async () => {
  const text = "\ufeffevent: x\nid: 7\nretry: 1\ndata: a\ndata\ndata:  b\n\n: c\ndatum: no\n\n\n\n";
  expect(await all(bodyOf(text))).toEqual(["a\n\n b"]);
});

test("an event that was cut off is none", async () => {
  expect(await all(bodyOf("data: a\n\ndata: b\n"))).toEqual(["a"]);
});

test("each event comes as soon as it is there", async () => {
  let push: (text: string) => void = () => undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      push = (text) => controller.enqueue(new TextEncoder().encode(text));
    },
  });
  const events = eventsOf(body);
  push("data: a\n\nda");
  expect((await events.next()).value).toBe("a");
  push("ta: b\n\n");
  expect((await events.next()).value).toBe("b");
  await events.return(undefined);
});

test("a connection that says nothing is given up; comments keep it", async () => {
  vi.useFakeTimers();
  let push: (text: string) => void = () => undefined;
  const cancel = vi.fn();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      push = (text) => controller.enqueue(new TextEncoder().encode(text));
    },
    cancel,
  });
  const next = eventsOf(body, 1000)
    .next()
    .catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(900);
  push(": keep-alive\n\n");
  await vi.advanceTimersByTimeAsync(900);
  expect(cancel).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(await next).toBeInstanceOf(TypeError);
  expect(cancel).toHaveBeenCalledOnce();
});
