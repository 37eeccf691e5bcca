import type { ClientMessage, JobView, ServerMessage } from "./types";

/** How far a topic has been read: the last `seq`, and the epoch (a server's life) it counts in. */
export interface Position {
  epoch: string | null;
  seq: number;
}

export const START: Position = { epoch: null, seq: 0 };

export type TopicMessage = Exclude<ServerMessage, { op: "pong" | "error" }>;

export interface Reading {
  position: Position;
  /** What to show now; null for what was seen already. */
  job: JobView | null;
  /** Something between was missed: ask for a snapshot. */
  gap: boolean;
}

/** Read one message of a topic at `position`. */
export function read(position: Position, message: TopicMessage): Reading {
  const here: Position = { epoch: message.epoch, seq: message.seq };
  const sameEpoch = position.epoch === message.epoch;
  if (message.op === "subscribed" || message.op === "changed")
    return { position: here, job: null, gap: false };
  if (message.op === "snapshot") {
    const stale = sameEpoch && message.seq < position.seq;
    return stale
      ? { position, job: null, gap: false }
      : { position: here, job: message.job, gap: false };
  }
  if (sameEpoch && message.seq <= position.seq) return { position, job: null, gap: false };
  // An event carries the whole job, so it is shown even when others were missed.
  const gap = position.epoch !== null && (!sameEpoch || message.seq > position.seq + 1);
  return { position: here, job: message.job, gap };
}

/** The subscription that goes on at `position`. */
export function subscription(topic: string, position: Position): ClientMessage {
  if (position.epoch === null) return { op: "subscribe", topic };
  return { op: "subscribe", topic, after: position.seq, epoch: position.epoch };
}
