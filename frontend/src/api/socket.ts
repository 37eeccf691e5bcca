import { type Position, read, START, subscription } from "./topics";
import type { ClientMessage, JobView, ServerMessage } from "./types";

export type SocketStatus = "idle" | "connecting" | "open" | "reconnecting";

/** What is used of a WebSocket. */
export interface SocketConnection {
  readonly readyState: number;
  addEventListener(type: "open" | "close", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  send(text: string): void;
  close(): void;
}

export interface SocketOptions {
  address: string;
  /** A ticket that opens one socket; asked for before every connect. */
  ticket: () => Promise<string>;
  WebSocket?: new (address: string) => SocketConnection;
  firstDelayMs?: number;
  longestDelayMs?: number;
  heartbeatMs?: number;
  random?: () => number;
}

type Listener = (job: JobView) => void;

interface Topic {
  listener: Listener;
  /** What is no job has changed, or may not be followed any more. */
  changed?: () => void;
  position: Position;
}

/**
 * The page's one socket. It comes back by itself and goes on where it was, so that nothing is lost
 * or shown twice; a new life of the server starts with a snapshot.
 */
export class JobSocket {
  #status: SocketStatus = "idle";
  #socket: SocketConnection | null = null;
  #attempt = 0;
  #lastHeard = 0;
  /** Grows with each connect and close, so that what an earlier one still does is ignored. */
  #generation = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  readonly #topics = new Map<string, Topic>();
  readonly #watchers = new Set<() => void>();
  readonly #options: Required<SocketOptions>;

  constructor(options: SocketOptions) {
    this.#options = {
      WebSocket,
      firstDelayMs: 500,
      longestDelayMs: 30_000,
      heartbeatMs: 20_000,
      random: Math.random,
      ...options,
    };
  }

  readonly status = (): SocketStatus => this.#status;

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Hear every change in a topic until the returned function is called. */
  follow(topic: string, listener: Listener, changed?: () => void): () => void {
    this.#topics.set(topic, { listener, changed, position: START });
    this.#send(subscription(topic, START));
    if (this.#status === "idle") void this.#connect();
    return () => {
      if (this.#topics.get(topic)?.listener !== listener) return;
      this.#topics.delete(topic);
      this.#send({ op: "unsubscribe", topic });
      if (this.#topics.size === 0) this.#rest();
    };
  }

  /** Hear that there is something new in a topic which has no jobs, or that it may not be followed any more. */
  followChanges(topic: string, changed: () => void): () => void {
    return this.follow(topic, () => undefined, changed);
  }

  /** Do not wait for the next attempt, e.g. because the machine is online again. */
  reconnectNow(): void {
    if (this.#status !== "reconnecting" || this.#socket) return;
    this.#attempt = 0;
    void this.#connect();
  }

  async #connect(): Promise<void> {
    clearTimeout(this.#retry);
    const generation = ++this.#generation;
    if (this.#status !== "reconnecting") this.#set("connecting");
    let ticket: string;
    try {
      ticket = await this.#options.ticket();
    } catch {
      if (generation === this.#generation) this.#later();
      return;
    }
    if (generation !== this.#generation) return;
    const address = `${this.#options.address}?ticket=${encodeURIComponent(ticket)}`;
    const socket = new this.#options.WebSocket(address);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#opened());
    socket.addEventListener("message", ({ data }) => {
      this.#lastHeard = Date.now();
      this.#receive(JSON.parse(String(data)) as ServerMessage);
    });
    socket.addEventListener("close", () => {
      if (generation !== this.#generation) return;
      this.#drop();
      this.#later();
    });
  }

  #opened(): void {
    this.#lastHeard = Date.now();
    for (const [topic, { position }] of this.#topics) this.#send(subscription(topic, position));
    const { heartbeatMs } = this.#options;
    this.#heartbeat = setInterval(() => {
      if (Date.now() - this.#lastHeard > 2.5 * heartbeatMs) this.#socket?.close();
      else this.#send({ op: "ping", t: Date.now() });
    }, heartbeatMs);
  }

  #receive(message: ServerMessage): void {
    if (message.op === "pong") return;
    if (message.op === "error") {
      if (message.topic) this.#topics.get(message.topic)?.changed?.();
      return;
    }
    // A subscription that was answered proves the connection; an open alone may be refused next.
    if (message.op === "subscribed") {
      this.#attempt = 0;
      this.#set("open");
    }
    const topic = this.#topics.get(message.topic);
    if (!topic) return;
    const { position, job, gap } = read(topic.position, message);
    topic.position = position;
    if (job) topic.listener(job);
    if (message.op === "changed") topic.changed?.();
    if (gap) this.#send(subscription(message.topic, START));
  }

  #later(): void {
    const { firstDelayMs, longestDelayMs, random } = this.#options;
    const delay = Math.min(longestDelayMs, firstDelayMs * 2 ** this.#attempt++);
    this.#set("reconnecting");
    // Equal jitter: a server that restarts is not met by all pages at once.
    this.#retry = setTimeout(() => void this.#connect(), delay / 2 + (delay / 2) * random());
  }

  #rest(): void {
    this.#generation++;
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#drop();
    socket?.close();
    this.#attempt = 0;
    this.#set("idle");
  }

  #drop(): void {
    clearInterval(this.#heartbeat);
    this.#socket = null;
  }

  #send(message: ClientMessage): void {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(message));
  }

  #set(status: SocketStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    for (const watcher of this.#watchers) watcher();
  }
}
