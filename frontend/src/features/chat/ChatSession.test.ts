import { beforeEach, expect, test, vi } from "vitest";
import type { ChatThread, MessageStatus, MessageView } from "@/api/types";
import { forgetWords, myWords, wordsAreOf } from "@/api/words";
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
    shared: false,
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
  const texts = () => session.state().messages.map((message) => textOf(message));
  return { session, onEnd, texts };
}

beforeEach(() => {
  wordsAreOf("usr_ada");
  forgetWords();
  wordsAreOf("usr_ada");
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
    expect(session.state()).toMatchObject({ busy: false, lost: false });
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

test.each([
  ["refused", () => problem(429, "too_many_requests", "Too many messages."), "Too many messages."],
  ["met by a fault", () => problem(500, "internal", "It broke."), "It broke."],
  ["taken by a proxy's own page", () => new Response("<h1>Hi</h1>"), "The server answered 200"],
  ["sent to nobody", () => Promise.reject(new TypeError("Failed to fetch")), "does not answer"],
] as const)("a message that is %s is kept, and sent again with its id", async (_how, fail, why) => {
  let failing = true;
  const server = serve({ [`POST ${BASE}/messages`]: () => (failing ? fail() : answer("here")) });
  const { session, onEnd, texts } = open([stored("user", "old"), stored("assistant", "before")]);
  await session.send("find iris", "m1");
  const { unsent, busy } = session.state();
  expect({ texts: texts(), busy }).toEqual({ texts: ["old", "before"], busy: false });
  expect(unsent).toMatchObject([{ id: "m1", text: "find iris" }]);
  expect(unsent[0]?.problem?.detail).toContain(why);
  // A reload in between, and another message meanwhile.
  const { session: reopened, texts: shown } = open();
  expect(reopened.state().unsent).toEqual([{ id: "m1", text: "find iris", problem: null }]);
  failing = false;
  await reopened.send("find iris", "m1");
  expect(shown()).toEqual(["find iris", "here"]);
  const sent = server.calls.filter(({ path }) => path.endsWith("/messages"));
  expect(sent.map(({ body }) => JSON.parse(body).id)).toEqual(["m1", "m1"]);
  expect(myWords().unsent("cht_1")).toEqual([]);
  expect(onEnd).not.toHaveBeenCalled();
});

test("a message that was stored after all is not shown as unsent", () => {
  myWords().keep("cht_1", { id: "user_1", text: "find" });
  const { session } = open([stored("user", "find"), stored("assistant", "done")]);
  expect(session.state().unsent).toEqual([]);
  expect(myWords().unsent("cht_1")).toEqual([]);
});

test("an unsent message outlives the next one, and can be dropped", async () => {
  let failing = true;
  serve({
    [`POST ${BASE}/messages`]: () => (failing ? problem(503, "busy", "Busy.") : answer("here")),
  });
  const { session, texts } = open();
  await session.send("first", "m1");
  failing = false;
  await session.send("second", "m2");
  expect(texts()).toEqual(["second", "here"]);
  expect(session.state().unsent).toMatchObject([{ id: "m1", text: "first" }]);
  session.drop("m1");
  expect(session.state().unsent).toEqual([]);
  expect(myWords().unsent("cht_1")).toEqual([]);
});

test("a message on its way still goes when the chat is left", async () => {
  let arrived: (response: Response) => void = () => undefined;
  const server = serve({
    [`POST ${BASE}/messages`]: () => new Promise<Response>((answer) => (arrived = answer)),
  });
  const { session } = open();
  void session.send("find iris", "m1");
  await vi.waitFor(() => expect(server.calls).toHaveLength(1));
  session.close();
  expect(myWords().unsent("cht_1")).toHaveLength(1);
  arrived(answer("here"));
  await vi.waitFor(() => expect(myWords().unsent("cht_1")).toEqual([]));
});

test("stopping before the server has the message leaves it unsent", async () => {
  serve({
    [`POST ${BASE}/messages`]: () => new Promise<Response>(() => undefined),
    [`POST ${BASE}/stop`]: () => json({ stopped: false }),
  });
  const fetch = globalThis.fetch;
  vi.stubGlobal("fetch", (request: Request) =>
    Promise.race([
      fetch(request),
      new Promise((_, fail) =>
        request.signal.addEventListener("abort", () => fail(new DOMException("", "AbortError"))),
      ),
    ]),
  );
  const { session } = open();
  const sent = session.send("find iris", "m1");
  await session.stop();
  await sent;
  expect(session.state().busy).toBe(false);
  expect(session.state().unsent).toMatchObject([{ text: "find iris", problem: null }]);
});

test("an answer is made again by its question; the old one stays where that fails", async () => {
  let failing = true;
  const server = serve({
    [`POST ${BASE}/messages/user_1/regenerate`]: () =>
      failing ? problem(503, "busy", "Busy.") : answer("again"),
  });
  const { session, texts } = open([stored("user", "find"), stored("assistant", "first")]);
  await session.again();
  expect(texts()).toEqual(["find", "first"]);
  expect(session.state().error).toMatchObject({ message: "Busy." });
  failing = false;
  await session.again();
  expect(texts()).toEqual(["find", "again"]);
  expect(session.state().error).toBeNull();
  expect(server.calls).toHaveLength(2);
});

test("a stream that cannot be read ends with what is stored", async () => {
  const broken = () =>
    new Response("data: {\n\n", { headers: { "Content-Type": "text/event-stream" } });
  serve({
    [`POST ${BASE}/messages`]: broken,
    [`GET ${BASE}/stream`]: broken,
    [`GET ${BASE}`]: () =>
      json(thread([stored("user", "find"), stored("assistant", "stored whole")])),
  });
  const { session, onEnd, texts } = open();
  await session.send("find", "m1");
  expect(onEnd).toHaveBeenCalledOnce();
  expect(texts()).toEqual(["find", "stored whole"]);
});

// vercel/ai#18457, #18107, #14688: a replayed answer stood twice, or the one before it did.
test.each([
  ["half of it", [stored("user", "find"), stored("assistant", "half", "generating")]],
  [
    "an earlier answer",
    [{ ...stored("user", "old"), id: "u0" }, stored("assistant", "before"), stored("user", "find")],
  ],
] as const)("a replay onto %s shows each answer once", async (_what, messages) => {
  serve({ [`GET ${BASE}/stream`]: () => answer("the whole") });
  const { session, onEnd, texts } = open([...messages]);
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalled());
  expect(texts().slice(-2)).toEqual(["find", "the whole"]);
  expect(session.state().messages).toHaveLength(messages.length === 2 ? 2 : 4);
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
  await vi.waitFor(() => expect(session.state()).toMatchObject({ busy: true, lost: true }));
  await session.stop();
  await vi.waitFor(() => expect(session.state()).toMatchObject({ busy: false, lost: false }));
  expect(onEnd).toHaveBeenCalledOnce();
});
