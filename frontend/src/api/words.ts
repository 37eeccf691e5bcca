/**
 * What a person has typed and the server does not have yet: the drafts of composers, and messages that
 * were sent and not yet stored. It stays in this browser, under the person's own name, until the server
 * has it, until they drop it, or until they sign out.
 */
import { store, stored, storedNames } from "./storage";

const WORDS = "words.";

/** A message that was sent; its id makes sending it again the same message. */
export interface SentMessage {
  id: string;
  text: string;
  /** A new chat's message: the chat that was already made for it. */
  chat?: string;
}

/** Of a chat that has no id yet. */
export const NEW_CHAT = "new";

/** The words of one person. */
export class Words {
  readonly #person: string;

  constructor(person: string) {
    this.#person = `${WORDS}${person}.`;
  }

  draft(chat: string): string {
    return stored(this.#name("draft", chat)) ?? "";
  }

  keepDraft(chat: string, text: string): void {
    store(this.#name("draft", chat), text || null);
  }

  /** The messages of a chat that were sent and not stored, oldest first. */
  unsent(chat: string): SentMessage[] {
    try {
      const found: unknown = JSON.parse(stored(this.#name("sent", chat)) ?? "[]");
      return Array.isArray(found) ? found.filter(isSentMessage) : [];
    } catch {
      return [];
    }
  }

  /** Keep a message until it is dropped; kept again it takes its own place. */
  keep(chat: string, message: SentMessage): void {
    const others = this.unsent(chat);
    const place = others.findIndex(({ id }) => id === message.id);
    if (place === -1) this.#write(chat, [...others, message]);
    else this.#write(chat, others.with(place, message));
  }

  drop(chat: string, id: string): void {
    this.#write(
      chat,
      this.unsent(chat).filter((message) => message.id !== id),
    );
  }

  #write(chat: string, messages: SentMessage[]): void {
    store(this.#name("sent", chat), messages.length ? JSON.stringify(messages) : null);
  }

  #name(kind: "draft" | "sent", chat: string): string {
    return `${this.#person}${kind}.${chat}`;
  }
}

/** Whose words this browser keeps: also while the server is away and nobody could be signed in yet. */
const PERSON = "words-of";
let here: string | null = null;

export function myWords(): Words {
  return new Words(here ?? stored(PERSON) ?? "nobody");
}

/** Somebody is signed in: what another person typed in this browser goes. */
export function wordsAreOf(person: string): void {
  here = person;
  store(PERSON, person);
  for (const name of storedNames(WORDS))
    if (!name.startsWith(`${WORDS}${person}.`)) store(name, null);
}

/** A session that is over ended by itself: the person did not sign out, and comes back. */
export function isComingBack(): boolean {
  return stored(PERSON) !== null;
}

/** Somebody signs out. */
export function forgetWords(): void {
  here = null;
  for (const name of [PERSON, ...storedNames(WORDS)]) store(name, null);
}

function isSentMessage(value: unknown): value is SentMessage {
  return (
    typeof value === "object" &&
    value !== null &&
    "id" in value &&
    "text" in value &&
    typeof value.id === "string" &&
    typeof value.text === "string"
  );
}
