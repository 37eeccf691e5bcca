import type { ChatMessage, Metadata, Part } from "../parts";

/** What the server streams of an answer (docs/adr/0003); chunks of other types are of later versions. */
export type Chunk =
  | { type: "start"; messageId?: string; messageMetadata?: Metadata }
  | { type: "start-step" }
  | { type: "finish-step" }
  | { type: "text-start"; id: string }
  | { type: "text-delta"; id: string; delta: string }
  | { type: "text-end"; id: string }
  | { type: "tool-input-available"; toolCallId: string; toolName: string; input: unknown }
  | { type: "tool-output-available"; toolCallId: string; output: unknown; preliminary?: boolean }
  | { type: "tool-output-error"; toolCallId: string; errorText: string }
  | { type: `data-${string}`; id?: string; data: unknown }
  | { type: "message-metadata"; messageMetadata: Metadata }
  | { type: "finish"; messageMetadata?: Metadata }
  | { type: "abort"; reason?: string }
  | { type: "error"; errorText: string };

/** The chunk that an event holds. Throws `SyntaxError`. */
export function chunkOf(data: string): Chunk {
  const chunk: unknown = JSON.parse(data);
  if (typeof chunk === "object" && chunk && "type" in chunk && typeof chunk.type === "string")
    return chunk as Chunk;
  throw new SyntaxError("The stream has an event that is no chunk of an answer.");
}

/** Parts as they are put together; `ChatMessage` says which of them there are. */
type Draft = { type: string; [name: string]: unknown };

/** An answer that is put together from its stream. Parts are replaced, never changed. */
export class Answer {
  id: string;
  #metadata: Metadata = {};
  readonly #parts: Draft[] = [];
  /** Where each text, tool call and named piece of data stands among the parts. */
  readonly #places = new Map<string, number>();

  constructor(id: string) {
    this.id = id;
  }

  get empty(): boolean {
    return this.#parts.length === 0;
  }

  /** The message as it is now. */
  message(): ChatMessage {
    return {
      id: this.id,
      role: "assistant",
      metadata: this.#metadata,
      parts: [...this.#parts] as unknown as Part[],
    };
  }

  add(chunk: Chunk): void {
    if ("messageMetadata" in chunk)
      this.#metadata = { ...this.#metadata, ...chunk.messageMetadata };
    switch (chunk.type) {
      case "start":
        this.id = chunk.messageId ?? this.id;
        break;
      case "start-step":
        this.#parts.push({ type: "step-start" });
        break;
      case "finish-step":
        // A text of the next step may have the same name.
        for (const name of this.#places.keys())
          if (name.startsWith("text ")) this.#places.delete(name);
        break;
      case "text-start":
      case "text-delta":
      case "text-end":
        this.#text(chunk);
        break;
      case "tool-input-available":
      case "tool-output-available":
      case "tool-output-error":
        this.#tool(chunk);
        break;
      default:
        if (chunk.type.startsWith("data-")) this.#data(chunk as Extract<Chunk, { data: unknown }>);
    }
  }

  #text(chunk: Extract<Chunk, { type: `text-${string}` }>): void {
    const name = `text ${chunk.id}`;
    const known = this.#at(name);
    if (chunk.type === "text-start" || !known) {
      this.#places.delete(name);
      this.#put(name, { type: "text", text: "", state: "streaming" });
    }
    const text = String(this.#at(name)?.text);
    if (chunk.type === "text-delta")
      this.#put(name, { type: "text", text: text + chunk.delta, state: "streaming" });
    else if (chunk.type === "text-end") this.#put(name, { type: "text", text, state: "done" });
  }

  #tool(chunk: Extract<Chunk, { toolCallId: string }>): void {
    const name = `tool ${chunk.toolCallId}`;
    const { toolCallId } = chunk;
    if (chunk.type === "tool-input-available") {
      const { toolName, input } = chunk;
      this.#put(name, { type: `tool-${toolName}`, toolCallId, state: "input-available", input });
      return;
    }
    const call = this.#at(name);
    if (!call) return;
    const said = { type: call.type, toolCallId, input: call.input };
    if (chunk.type === "tool-output-error") {
      this.#put(name, { ...said, state: "output-error", errorText: chunk.errorText });
      return;
    }
    // More of this output is to come; each one replaces the one before.
    const preliminary = chunk.preliminary ? { preliminary: true } : {};
    this.#put(name, { ...said, state: "output-available", output: chunk.output, ...preliminary });
  }

  #data({ type, id, data }: Extract<Chunk, { data: unknown }>): void {
    if (id === undefined) this.#parts.push({ type, data });
    else this.#put(`${type} ${id}`, { type, id, data });
  }

  #at(name: string): Draft | undefined {
    const place = this.#places.get(name);
    return place === undefined ? undefined : this.#parts[place];
  }

  #put(name: string, part: Draft): void {
    const place = this.#places.get(name) ?? this.#parts.length;
    this.#places.set(name, place);
    this.#parts[place] = part;
  }
}
