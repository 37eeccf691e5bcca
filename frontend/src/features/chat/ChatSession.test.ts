import { beforeEach, expect, test, vi } from "vitest";
import type { ChatThread, MessageStatus, MessageView } from "@/api/types";
import { answerRequests, type Call, json, problem } from "@/test/render";
import { ChatSession } from "./ChatSession";
import { textOf } from "./parts";

const BASE = "/api/chats/cht_1";

function thread(messages: Partial<MessageView>[] = []): ChatThread {
  return {
    id: "cht_1",
    title: "",
    created_at: "",
    updated_at: "",
    messages: messages as MessageView[],
  };
}

function stored(role: "user" | "assistant", content: string, status: MessageStatus = "complete") {
  return { id: `${role}_1`, chat_id: "cht_1", role, content, status, parts: [] };
}

const metadata = (status: string) => ({ chat_id: "cht_1", status });

/** The chunks of an answer that says `text`; without an end where the connection was cut. */
function answer(text: string, end: "finish" | "cut" | "silent" = "finish"): Response {
  const chunks: object[] = [
    { type: "start", messageId: "assistant_1", messageMetadata: metadata("generating") },
    { type: "start-step" },
    { type: "text-start", id: "t" },
    { type: "text-delta", id: "t", delta: text },
  ];
  if (end === "finish") {
    chunks.push({ type: "text-end", id: "t" }, { type: "finish-step" });
    chunks.push({ type: "finish", messageMetadata: metadata("complete") });
  }
  const wire = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = wire.shift();
      if (next) return controller.enqueue(new TextEncoder().encode(next));
      if (end === "cut") return controller.error(new TypeError("network error"));
      controller.enqueue(new TextEncoder().encode("data: [DONE]\n\n"));
      controller.close();
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
}

function serve(answers: Record<string, (call: Call) => Response | Promise<Response>>) {
  const server = answerRequests(answers);
  vi.stubGlobal("fetch", server.fetch);
  return server;
}

function open(messages: Partial<MessageView>[] = []) {
  const onEnd = vi.fn();
  const session = new ChatSession(thread(messages), onEnd);
  const texts = () => session.chat.messages.map((message) => textOf(message));
  return { session, onEnd, texts };
}

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 50 });
});

test("only the last message travels, with its id", async () => {
  const server = serve({ [`POST ${BASE}/messages`]: () => answer("here") });
  const earlier = { ...stored("assistant", "done"), id: "assistant_0" };
  const { session, onEnd, texts } = open([stored("user", "old"), earlier]);
  session.send("find iris", "m1");
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalled());
  expect(JSON.parse(server.calls[0]?.body ?? "")).toEqual({ id: "m1", content: "find iris" });
  expect(texts().slice(-2)).toEqual(["find iris", "here"]);
});

test.each(["cut", "silent"] as const)(
  "an answer whose stream ends %s is taken up again",
  async (how) => {
    let resumed = 0;
    const server = serve({
      [`POST ${BASE}/messages`]: () => answer("half", how),
      [`GET ${BASE}/stream`]: () =>
        answer(++resumed === 1 ? "half of it" : "the whole", resumed === 1 ? "cut" : "finish"),
    });
    const { session, onEnd, texts } = open();
    session.send("find iris", "m1");
    await vi.waitFor(() => expect(onEnd).toHaveBeenCalled(), 5000);
    expect(texts()).toEqual(["find iris", "the whole"]);
    expect(session.reconnecting()).toBe(false);
    expect(server.calls.at(-1)?.path).toBe(`${BASE}/stream?after_message=m1`);
  },
);

test("an answer that was being written at a reload goes on", async () => {
  serve({ [`GET ${BASE}/stream`]: () => answer("half and the rest") });
  const { onEnd, texts } = open([
    stored("user", "find"),
    stored("assistant", "half", "generating"),
  ]);
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalled());
  expect(texts()).toEqual(["find", "half and the rest"]);
});

test("where nothing can be taken up, what is stored is shown", async () => {
  serve({
    [`GET ${BASE}/stream`]: () => new Response(null, { status: 204 }),
    [`GET ${BASE}`]: () =>
      json(thread([stored("user", "find"), stored("assistant", "stored whole")])),
  });
  const { onEnd, texts } = open([stored("user", "find")]);
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalled());
  expect(texts()).toEqual(["find", "stored whole"]);
});

test("a refused message keeps the problem, and is sent again with its id", async () => {
  let refused = false;
  const server = serve({
    [`POST ${BASE}/messages`]: () => {
      if (refused) return answer("here");
      refused = true;
      return problem(429, "too_many_requests", "Too many messages.");
    },
  });
  const { session, onEnd, texts } = open();
  session.send("find iris", "m1");
  await vi.waitFor(() => expect(session.chat.error?.message).toBe("Too many messages."));
  session.again();
  await vi.waitFor(() => expect(texts()).toEqual(["find iris", "here"]));
  expect(server.calls.map(({ body }) => JSON.parse(body).id)).toEqual(["m1", "m1"]);
  expect(onEnd).toHaveBeenCalled();
});

test("regenerating names the answer", async () => {
  const server = serve({ [`POST ${BASE}/messages/assistant_1/regenerate`]: () => answer("again") });
  const { session, texts } = open([stored("user", "find"), stored("assistant", "first")]);
  session.again();
  await vi.waitFor(() => expect(texts()).toEqual(["find", "again"]));
  expect(server.calls).toHaveLength(1);
});

test("stopping is asked of the server", async () => {
  const server = serve({ [`POST ${BASE}/stop`]: () => json({}, 202) });
  const { session } = open();
  await session.stop();
  expect(server.calls[0]).toMatchObject({ method: "POST", path: `${BASE}/stop` });
});

test("stopping while the server is away ends the waiting", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  const { session, onEnd } = open([
    stored("user", "find"),
    stored("assistant", "half", "generating"),
  ]);
  await vi.waitFor(() => expect(session.chat.error?.message).toMatch(/does not answer/));
  expect(session.reconnecting()).toBe(true);
  await session.stop();
  await vi.waitFor(() => expect(session.reconnecting()).toBe(false));
  expect(onEnd).toHaveBeenCalledOnce();
});
