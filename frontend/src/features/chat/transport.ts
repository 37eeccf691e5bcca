import { sendAsMe } from "@/api/client";
import { ProblemError, problemOf } from "@/api/problem";
import type { SentMessage } from "@/api/words";

/** Asks the server for answers of one chat. Each throws `ProblemError`; only the newest message travels. */
export class Transport {
  readonly #base: string;

  constructor(chat: string) {
    this.#base = `/api/chats/${encodeURIComponent(chat)}`;
  }

  /** Send a message; sent again under its id, it is the same message. */
  send({ id, text }: SentMessage, signal: AbortSignal): Promise<Body> {
    return this.#post("messages", { id, content: text }, signal);
  }

  /** Have the answer to a message made again. */
  regenerate(question: string, signal: AbortSignal): Promise<Body> {
    return this.#post(`messages/${encodeURIComponent(question)}/regenerate`, {}, signal);
  }

  /** The answer to a message from its start; null where there is nothing to take up. */
  async resume(question: string, signal: AbortSignal): Promise<Body | null> {
    const path = `${this.#base}/stream?after_message=${encodeURIComponent(question)}`;
    const response = await sendAsMe(path, { headers: ACCEPT, signal });
    return response.status === 204 ? null : bodyOf(response);
  }

  async #post(path: string, body: object, signal: AbortSignal): Promise<Body> {
    const init = {
      method: "POST",
      headers: { ...ACCEPT, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal,
    };
    return bodyOf(await sendAsMe(`${this.#base}/${path}`, init));
  }
}

type Body = ReadableStream<Uint8Array>;

const ACCEPT = { Accept: "text/event-stream" };

/** A proxy's page of its own is no stream, although it may say 200. */
function bodyOf(response: Response): Body {
  const type = response.headers.get("Content-Type") ?? "";
  if (response.body && type.startsWith("text/event-stream")) return response.body;
  throw new ProblemError(problemOf(response, null));
}
