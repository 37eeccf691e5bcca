import { beforeEach, expect, test, vi } from "vitest";
import { sampleJob } from "@/test/samples";
import { JobSocket, type SocketConnection } from "./socket";
import type { ClientMessage, ServerMessage } from "./types";

class FakeSocket implements SocketConnection {
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    const last = FakeSocket.all.at(-1);
    if (!last) throw new Error("no socket was opened");
    return last;
  }

  readyState = 0;
  readonly sent: ClientMessage[] = [];
  readonly url: string;

  readonly #listeners = new Map<string, (event: { data: unknown }) => void>();

  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }
  addEventListener(type: string, listener: (event: { data: unknown }) => void) {
    this.#listeners.set(type, listener);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  open() {
    this.readyState = 1;
    this.#listeners.get("open")?.({ data: null });
  }
  close() {
    this.readyState = 3;
    this.#listeners.get("close")?.({ data: null });
  }
  receive(message: ServerMessage) {
    this.#listeners.get("message")?.({ data: JSON.stringify(message) });
  }
  event(seq: number, epoch = "a") {
    this.receive({
      op: "event",
      topic: "user:u",
      epoch,
      seq,
      job: sampleJob({ id: `job_${seq}` }),
    });
  }
  subscribed(seq: number, epoch = "a") {
    this.receive({ op: "subscribed", topic: "user:u", epoch, seq });
  }
}

let tickets = 0;
let refuse = false;

function make() {
  return new JobSocket({
    address: "ws://here/api/ws",
    ticket: async () => {
      if (refuse) throw new Error("no server");
      return `t${++tickets}`;
    },
    WebSocket: FakeSocket,
    firstDelayMs: 100,
    heartbeatMs: 1000,
    random: () => 1,
  });
}

/** Let promises settle without letting time pass. */
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  tickets = 0;
  refuse = false;
});

test("each connect asks for a ticket, and goes on where it was", async () => {
  const socket = make();
  const seen: string[] = [];
  socket.follow("user:u", (job) => seen.push(job.id));
  await settle();
  expect(FakeSocket.last.url).toBe("ws://here/api/ws?ticket=t1");
  FakeSocket.last.open();
  expect(FakeSocket.last.sent).toEqual([{ op: "subscribe", topic: "user:u" }]);
  FakeSocket.last.subscribed(0);
  FakeSocket.last.event(1);
  FakeSocket.last.event(2);
  FakeSocket.last.close();
  expect(socket.status()).toBe("reconnecting");

  await vi.advanceTimersByTimeAsync(100);
  expect(FakeSocket.last.url).toBe("ws://here/api/ws?ticket=t2");
  FakeSocket.last.open();
  const again = { op: "subscribe", topic: "user:u", after: 2, epoch: "a" };
  expect(FakeSocket.last.sent).toEqual([again]);
  FakeSocket.last.event(2);
  FakeSocket.last.event(3);
  FakeSocket.last.subscribed(3);
  expect(seen).toEqual(["job_1", "job_2", "job_3"]);
  expect(socket.status()).toBe("open");
});

test("attempts come further and further apart, and start over once subscribed", async () => {
  const socket = make();
  socket.follow("user:u", () => {});
  await settle();
  for (const wait of [100, 200, 400]) {
    FakeSocket.last.close();
    const before = FakeSocket.all.length;
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(FakeSocket.all).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSocket.all).toHaveLength(before + 1);
  }
  FakeSocket.last.open();
  FakeSocket.last.subscribed(0);
  FakeSocket.last.close();
  const before = FakeSocket.all.length;
  await vi.advanceTimersByTimeAsync(100);
  expect(FakeSocket.all).toHaveLength(before + 1);
});

test("a server that gives no ticket is asked again", async () => {
  refuse = true;
  const socket = make();
  socket.follow("user:u", () => {});
  await settle();
  expect(socket.status()).toBe("reconnecting");
  expect(FakeSocket.all).toHaveLength(0);
  refuse = false;
  socket.reconnectNow();
  await settle();
  expect(FakeSocket.all).toHaveLength(1);
});

test("a gap is shown at once and then filled by a snapshot", async () => {
  const socket = make();
  const seen: string[] = [];
  socket.follow("user:u", (job) => seen.push(job.id));
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.subscribed(1);
  FakeSocket.last.event(5);
  expect(seen).toEqual(["job_5"]);
  expect(FakeSocket.last.sent.at(-1)).toEqual({ op: "subscribe", topic: "user:u" });
});

test("a silent connection is closed", async () => {
  const socket = make();
  socket.follow("user:u", () => {});
  await settle();
  FakeSocket.last.open();
  FakeSocket.last.subscribed(0);
  await vi.advanceTimersByTimeAsync(2000);
  expect(FakeSocket.last.sent.filter(({ op }) => op === "ping")).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1000);
  expect(socket.status()).toBe("reconnecting");
});

test("without anything to follow it rests", async () => {
  const socket = make();
  const unfollow = socket.follow("user:u", () => {});
  await settle();
  FakeSocket.last.open();
  unfollow();
  expect(socket.status()).toBe("idle");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.all).toHaveLength(1);
});
