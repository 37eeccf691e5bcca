import { expect, test } from "vitest";
import { Answer, type Chunk, chunkOf } from "./answer";

function made(...chunks: (Chunk | { type: string })[]) {
  const answer = new Answer("local");
  for (const chunk of chunks) answer.add(chunk as Chunk);
  return answer.message();
}

const CALL = {
  type: "tool-input-available",
  toolCallId: "c",
  toolName: "search_datasets",
  input: { query: "iris" },
} as const;

test("text grows part by part, steps apart, under the server's id and its last metadata", () => {
  const message = made(
    { type: "start", messageId: "msg_1", messageMetadata: { chat_id: "c", status: "generating" } },
    { type: "start-step" },
    { type: "text-start", id: "t" },
    { type: "text-delta", id: "t", delta: "one " },
    { type: "text-delta", id: "t", delta: "two" },
    { type: "text-end", id: "t" },
    { type: "finish-step" },
    { type: "start-step" },
    { type: "text-start", id: "t" },
    { type: "text-delta", id: "t", delta: "three" },
    { type: "finish", messageMetadata: { status: "complete" } },
  );
  expect(message).toEqual({
    id: "msg_1",
    role: "assistant",
    metadata: { chat_id: "c", status: "complete" },
    parts: [
      { type: "step-start" },
      { type: "text", text: "one two", state: "done" },
      { type: "step-start" },
      { type: "text", text: "three", state: "streaming" },
    ],
  });
});

test("a tool's preliminary outputs replace each other, and the last one all", () => {
  const output = (sources: string[], preliminary?: boolean) =>
    ({ type: "tool-output-available", toolCallId: "c", output: { sources }, preliminary }) as const;
  const said = { type: "tool-search_datasets", toolCallId: "c", input: { query: "iris" } };
  expect(made(CALL).parts).toEqual([{ ...said, state: "input-available" }]);
  const early = { ...said, state: "output-available", output: { sources: ["a"] } };
  expect(made(CALL, output(["a"], true)).parts).toEqual([{ ...early, preliminary: true }]);
  const all = made(CALL, output([], true), output(["a"], true), output(["a", "b"])).parts;
  expect(all).toEqual([{ ...early, output: { sources: ["a", "b"] } }]);
});

test("a tool that failed says why; an output of no known call is nothing", () => {
  const failed = { type: "tool-output-error", toolCallId: "c", errorText: "Gone." } as const;
  expect(made(CALL, failed).parts).toMatchObject([{ state: "output-error", errorText: "Gone." }]);
  expect(made(failed).parts).toEqual([]);
});

test("data with an id is replaced, other data is added; what is not known is passed over", () => {
  const notice = (text: string, id?: string) =>
    ({ type: "data-notice", data: { kind: "offline", text }, ...(id && { id }) }) as const;
  const message = made(
    notice("a"),
    notice("b", "1"),
    { type: "reasoning-start" },
    notice("c", "1"),
    { type: "later" },
    { type: "abort", reason: "stopped" },
    { type: "error", errorText: "x" },
  );
  expect(message.parts).toMatchObject([{ data: { text: "a" } }, { id: "1", data: { text: "c" } }]);
});

test("what was shown is not changed by what comes", () => {
  const answer = new Answer("local");
  answer.add({ type: "text-delta", id: "t", delta: "one" });
  const before = answer.message();
  answer.add({ type: "text-delta", id: "t", delta: " two" });
  expect(before.parts).toMatchObject([{ text: "one" }]);
  expect(answer.message().parts).toMatchObject([{ text: "one two" }]);
});

test.each(["null", "3", '"text"', "{}", '{"type":1}', "{", ""])("%s is no chunk", (data) => {
  expect(() => chunkOf(data)).toThrow(SyntaxError);
});
