import { answerOf, api } from "@/api/client";
import { newId } from "@/api/ids";
import { asProblem, isTransient } from "@/api/problem";
import type { ChatThread, Problem } from "@/api/types";
import { myWords, type SentMessage } from "@/api/words";
import { type ChatMessage, hasEnded, toChatMessage } from "./parts";
import { Answer, chunkOf } from "./stream/answer";
import { eventsOf } from "./stream/events";
import { Transport } from "./transport";

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** How often a growing answer is drawn. */
const DRAW_MS = 50;

/** A message that the server does not have, and why, where that is known. */
export interface UnsentMessage extends SentMessage {
  problem: Problem | null;
}

export interface ChatState {
  messages: readonly ChatMessage[];
  unsent: readonly UnsentMessage[];
  /** An answer is asked for, or comes. */
  busy: boolean;
  /** The connection is down; the answer goes on at the server meanwhile. */
  lost: boolean;
  /** Why the last answer could not be had. */
  error: unknown;
}

/** How following an answer ended. */
interface Outcome {
  /** The server has what was asked. */
  accepted: boolean;
  /** The server knows of no answer. */
  nothing?: boolean;
  error: unknown;
}

type Ask = (signal: AbortSignal) => Promise<ReadableStream<Uint8Array> | null>;

/**
 * One chat on this page. The server owns history and writes answers by itself; this follows along,
 * and when the connection drops it takes the answer up again from the start, which the server replays.
 * A message that is sent stays in this browser until the server has stored it.
 */
export class ChatSession {
  readonly id: string;
  readonly #transport: Transport;
  readonly #words = myWords();
  readonly #onEnd: () => void;
  readonly #watchers = new Set<() => void>();
  #state: ChatState;
  #stream: AbortController | null = null;
  #accepted = false;
  #takingUp = false;
  #closed = false;
  #drawing: ReturnType<typeof setTimeout> | undefined;

  constructor(thread: ChatThread, onEnd: () => void) {
    this.id = thread.id;
    this.#transport = new Transport(thread.id);
    this.#onEnd = onEnd;
    const messages = thread.messages.map(toChatMessage);
    for (const { id } of messages) this.#stored(id);
    const unsent = this.#words.unsent(this.id).map((kept) => ({ ...kept, problem: null }));
    this.#state = { messages, unsent, busy: false, lost: false, error: null };
    if (messages.length > 0 && !hasEnded(messages.at(-1))) void this.takeUp();
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  readonly state = (): ChatState => this.#state;

  /** Send a message, or one of the unsent again. */
  async send(text: string, id = newId()): Promise<void> {
    this.#words.keep(this.id, { id, text });
    const message: ChatMessage = { id, role: "user", parts: [{ type: "text", text }] };
    this.#set({
      messages: [...this.#without(id), message],
      unsent: this.#state.unsent.filter((other) => other.id !== id),
      busy: true,
      error: null,
    });
    const outcome = await this.#follow(
      (signal) => this.#transport.send({ id, text }, signal),
      () => this.#stored(id),
    );
    if (outcome.accepted) return this.#settle(outcome);
    const problem = outcome.error === null ? null : asProblem(outcome.error);
    const unsent = [...this.#state.unsent, { id, text, problem }];
    this.#set({ messages: this.#without(id), unsent, busy: false });
  }

  /** Forget a message that was not sent. */
  drop(id: string): void {
    this.#stored(id);
    this.#set({ unsent: this.#state.unsent.filter((message) => message.id !== id) });
  }

  /** Have the last answer made again; the old one stays where that cannot be asked. */
  async again(): Promise<void> {
    const before = this.#state.messages;
    const question = this.#question();
    if (!question) return;
    const messages = before.slice(0, before.indexOf(question) + 1);
    this.#set({ messages, busy: true, error: null });
    const outcome = await this.#follow((signal) => this.#transport.regenerate(question.id, signal));
    if (outcome.accepted) return this.#settle(outcome);
    this.#set({ messages: before, busy: false, error: outcome.error });
  }

  /** End the answer at the server; what is there stays, and the stream reports the end. */
  async stop(): Promise<void> {
    if (!this.#accepted) this.#stopWaiting();
    const call = api.POST("/api/chats/{chat_id}/stop", { params: { path: { chat_id: this.id } } });
    try {
      await answerOf(call);
    } catch {
      // The server is away: stop waiting for it here.
      this.#stopWaiting();
    }
  }

  /** Follow the answer again, until it has ended or the server knows of none. */
  async takeUp(): Promise<void> {
    if (this.#takingUp) return;
    this.#takingUp = true;
    this.#set({ busy: true, error: null });
    const ask = (signal: AbortSignal) => this.#transport.resume(this.#question()?.id ?? "", signal);
    for (let attempt = 0; this.#takingUp && !this.#closed; attempt++) {
      const { nothing, error } = await this.#follow(ask);
      if (hasEnded(this.#state.messages.at(-1)) || !this.#takingUp) break;
      if (nothing || isFinal(error)) {
        // Nothing to resume: what is stored is all there is.
        await this.#reload(error);
        break;
      }
      this.#set({ lost: true, error });
      await pause(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt), this.#stream);
    }
    this.#takingUp = false;
    this.#end();
  }

  /** A message that is on its way still goes; only its answer is not followed any more. */
  close(): void {
    this.#closed = true;
    this.#takingUp = false;
    if (this.#accepted) this.#stream?.abort();
  }

  /** Ask, and show the answer as it grows. Throws nothing. */
  async #follow(ask: Ask, onAccepted?: () => void): Promise<Outcome> {
    const control = new AbortController();
    this.#stream = control;
    this.#accepted = false;
    try {
      const body = await ask(control.signal);
      this.#accepted = true;
      onAccepted?.();
      if (this.#closed) control.abort();
      if (body) await this.#read(body);
      return { accepted: true, nothing: body === null, error: null };
    } catch (error) {
      return { accepted: this.#accepted, error: control.signal.aborted ? null : error };
    } finally {
      this.#draw();
    }
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const answer = new Answer(newId());
    for await (const data of eventsOf(body)) {
      if (data === "[DONE]") continue;
      answer.add(chunkOf(data));
      // A replay begins with nothing: what is there stays until there is more than that.
      if (answer.empty && !hasEnded(answer.message())) continue;
      this.#show(answer.message());
    }
  }

  /** An answer stands after its question, in place of what stood there. */
  #show(answer: ChatMessage): void {
    const { messages } = this.#state;
    const question = this.#question();
    const kept = question ? messages.slice(0, messages.indexOf(question) + 1) : messages;
    this.#state = { ...this.#state, messages: [...kept, answer], lost: false, error: null };
    this.#drawing ??= setTimeout(() => this.#draw(), DRAW_MS);
  }

  /** After a stream that the server began: it ended, or was cut off. */
  async #settle({ error }: Outcome): Promise<void> {
    if (this.#closed) return;
    const stopped = error === null && this.#stream?.signal.aborted;
    if (stopped || hasEnded(this.#state.messages.at(-1))) this.#end();
    else await this.takeUp();
  }

  #end(): void {
    this.#set({ busy: false, lost: false });
    if (!this.#closed) this.#onEnd();
  }

  #stopWaiting(): void {
    this.#takingUp = false;
    this.#stream?.abort();
  }

  async #reload(why: unknown): Promise<void> {
    const call = api.GET("/api/chats/{chat_id}", { params: { path: { chat_id: this.id } } });
    try {
      this.#set({ messages: (await answerOf(call)).messages.map(toChatMessage), error: why });
    } catch (error) {
      this.#set({ error: why ?? error });
    }
  }

  #question(): ChatMessage | undefined {
    return this.#state.messages.findLast((message) => message.role === "user");
  }

  #without(id: string): ChatMessage[] {
    return this.#state.messages.filter((message) => message.id !== id);
  }

  #stored(id: string): void {
    this.#words.drop(this.id, id);
  }

  #set(change: Partial<ChatState>): void {
    this.#state = { ...this.#state, ...change };
    this.#draw();
  }

  #draw(): void {
    clearTimeout(this.#drawing);
    this.#drawing = undefined;
    for (const watcher of this.#watchers) watcher();
  }
}

/** Asking again would end the same. A stream that only stopped, without an error, may go on. */
function isFinal(error: unknown): boolean {
  return error instanceof SyntaxError || (error !== null && !isTransient(error));
}

/** Until the time is over or somebody stops it. */
function pause(ms: number, stop: AbortController | null): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    stop?.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });
}
