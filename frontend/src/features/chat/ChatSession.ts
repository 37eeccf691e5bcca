import { Chat } from "@ai-sdk/react";
import { answerOf, api } from "@/api/client";
import { newId } from "@/api/ids";
import { isTransient } from "@/api/problem";
import type { ChatThread } from "@/api/types";
import { type ChatMessage, hasEnded, toChatMessage } from "./parts";
import { createTransport } from "./transport";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;

/**
 * One chat on this page. The server owns history and writes answers by itself; this follows along,
 * and when the connection drops it takes the answer up again from the start, which the server replays.
 */
export class ChatSession {
  readonly id: string;
  readonly chat: Chat<ChatMessage>;
  readonly #onEnd: () => void;
  readonly #watchers = new Set<() => void>();
  #reconnecting = false;
  #waiting = false;
  #closed = false;

  constructor(thread: ChatThread, onEnd: () => void) {
    this.id = thread.id;
    this.#onEnd = onEnd;
    this.chat = new Chat<ChatMessage>({
      id: thread.id,
      messages: thread.messages.map(toChatMessage),
      generateId: newId,
      transport: createTransport(thread.id, () => this.#question()),
      onFinish: ({ isAbort, isError }) => {
        if (isAbort || this.#closed) return;
        if (this.#isCutOff(isError)) void this.takeUp();
        else this.#onEnd();
      },
    });
    if (this.#isUnanswered()) void this.takeUp();
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** The connection is down; the answer goes on at the server meanwhile. */
  readonly reconnecting = (): boolean => this.#reconnecting;

  send(text: string, id = newId()): void {
    void this.chat.sendMessage({ id, parts: [{ type: "text", text }] });
  }

  /** Have the last answer made again, or send the last message again where none began. */
  again(): void {
    const last = this.chat.lastMessage;
    if (last?.role === "assistant") void this.chat.regenerate({ messageId: last.id });
    else void this.chat.sendMessage();
  }

  /** End the answer at the server; what is there stays, and the stream reports the end. */
  async stop(): Promise<void> {
    const call = api.POST("/api/chats/{chat_id}/stop", { params: { path: { chat_id: this.id } } });
    try {
      await answerOf(call);
    } catch {
      // The server is away: stop waiting for it here.
      this.#waiting = false;
      await this.chat.stop();
    }
  }

  /** Follow the answer again, until it has ended or the server knows of none. */
  async takeUp(): Promise<void> {
    if (this.#reconnecting) return;
    this.#setReconnecting(true);
    this.#waiting = true;
    for (let attempt = 0; this.#waiting && !this.#closed; attempt++) {
      await this.chat.resumeStream();
      const { error } = this.chat;
      if (hasEnded(this.chat.lastMessage)) break;
      if (!error) {
        // Nothing to resume: what is stored is all there is.
        await this.#reload();
        break;
      }
      if (!isTransient(error)) break;
      await pause(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt));
    }
    this.#setReconnecting(false);
    this.#onEnd();
  }

  close(): void {
    this.#closed = true;
    void this.chat.stop();
  }

  async #reload(): Promise<void> {
    const call = api.GET("/api/chats/{chat_id}", { params: { path: { chat_id: this.id } } });
    const thread = await answerOf(call).catch(() => null);
    if (thread) this.chat.messages = thread.messages.map(toChatMessage);
  }

  #question(): ChatMessage | undefined {
    return this.chat.messages.findLast((message) => message.role === "user");
  }

  #isUnanswered(): boolean {
    return this.chat.lastMessage !== undefined && !hasEnded(this.chat.lastMessage);
  }

  /** The stream ended but the answer did not. A message that got no answer at all is sent again by hand. */
  #isCutOff(failed: boolean): boolean {
    const last = this.chat.lastMessage;
    if (hasEnded(last)) return false;
    if (!failed) return true;
    return last?.role === "assistant" && isTransient(this.chat.error);
  }

  #setReconnecting(reconnecting: boolean): void {
    this.#reconnecting = reconnecting;
    for (const watcher of this.#watchers) watcher();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
