import { exclusively } from "./exclusively";
import { PROXY, ProblemError, problemOf, UNREACHABLE } from "./problem";
import { store, stored } from "./storage";
import type { TokenAnswer, UserView } from "./types";
import { forgetWords } from "./words";

export type SessionState =
  | { status: "unknown" }
  | { status: "signed-in"; user: UserView }
  | { status: "signed-out" };

export interface SessionOptions {
  base: string;
  fetch?: typeof fetch;
  /** Runs `work` while no other tab does; a refresh token works only once. */
  exclusively?: <T>(work: () => Promise<T>) => Promise<T>;
  now?: () => number;
  /** Whether a session was begun in this browser: without one there is no cookie to ask with. */
  mark?: SessionMark;
}

export interface SessionMark {
  has: () => boolean;
  set: (on: boolean) => void;
}

/** Renewed this long before its end, so that a request rarely meets a 401. */
const MARGIN_MS = 10_000;

/**
 * Who is signed in. The access token lives in memory only; the refresh token is in a cookie that no
 * script can read. A renewal happens once, however many requests and tabs need it.
 */
export class Session {
  #state: SessionState = { status: "unknown" };
  #token: string | null = null;
  #expires = 0;
  #renewing: Promise<void> | null = null;
  readonly #listeners = new Set<() => void>();
  readonly #options: Required<SessionOptions>;

  constructor(options: SessionOptions) {
    this.#options = {
      fetch: (...given) => globalThis.fetch(...given),
      exclusively,
      now: Date.now,
      mark: storedMark,
      ...options,
    };
  }

  get state(): SessionState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** At page load: sign in by the cookie where there is one. Throws when the server is unreachable. */
  async restore(): Promise<SessionState> {
    if (this.#state.status !== "unknown") return this.#state;
    if (this.#options.mark.has()) await this.renew();
    else this.forget();
    return this.#state;
  }

  async signIn(email: string, password: string): Promise<void> {
    const body = new URLSearchParams({ username: email, password });
    this.#accept(await this.#post<TokenAnswer>("/api/auth/token", body));
  }

  /** End the session here and on the server; a server that is away does not keep anybody in. */
  async signOut(): Promise<void> {
    const sent = this.#post("/api/auth/logout").catch(() => undefined);
    forgetWords();
    this.forget();
    await sent;
  }

  /** Drop what this tab knows, e.g. because another tab signed out. */
  forget(): void {
    this.#token = null;
    this.#options.mark.set(false);
    this.#set({ status: "signed-out" });
  }

  /** `fetch` as the signed-in person: renews an expired token and sends the request once more. */
  async fetch(request: Request): Promise<Response> {
    // The server was away when the page was opened.
    if (this.#state.status === "unknown") await this.restore();
    if (this.#token && this.#options.now() > this.#expires - MARGIN_MS) await this.renew();
    const used = this.#token;
    const again = request.clone();
    const response = await this.#send(request, used);
    if (response.status !== 401 || !used) return response;
    if (this.#token === used) await this.renew();
    return this.#token ? this.#send(again, this.#token) : response;
  }

  /** Renew the access token, once for all who ask meanwhile. */
  renew(): Promise<void> {
    this.#renewing ??= this.#options
      .exclusively(() => this.#refresh())
      .finally(() => {
        this.#renewing = null;
      });
    return this.#renewing;
  }

  async #refresh(): Promise<void> {
    try {
      this.#accept(await this.#post<TokenAnswer>("/api/auth/refresh"));
    } catch (error) {
      if (!isRefused(error)) throw error;
      this.forget();
    }
  }

  #accept(answer: TokenAnswer): void {
    this.#token = answer.access_token;
    this.#expires = this.#options.now() + answer.expires_in * 1000;
    this.#options.mark.set(true);
    this.#set({ status: "signed-in", user: answer.user });
  }

  async #post<T>(path: string, body?: URLSearchParams): Promise<T> {
    const request = new Request(this.#options.base + path, { method: "POST", body });
    const response = await this.#send(request, null);
    const answer = response.status === 204 ? null : await response.json().catch(() => null);
    if (!response.ok) throw new ProblemError(problemOf(response, answer));
    return answer as T;
  }

  async #send(request: Request, token: string | null): Promise<Response> {
    if (token) request.headers.set("Authorization", `Bearer ${token}`);
    try {
      return await this.#options.fetch(request);
    } catch (error) {
      if (request.signal.aborted) throw error;
      throw new ProblemError(UNREACHABLE);
    }
  }

  #set(state: SessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

/** Refused by Dataferry itself: a proxy that stands before it says nothing of the session. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof ProblemError) || error.problem.code === PROXY) return false;
  return error.problem.status === 401 || error.problem.status === 403;
}

/** Its removal signals to the other tabs that the session has ended; `index.html` reads it too. */
export const MARK = "session";

const storedMark: SessionMark = {
  has: () => stored(MARK) !== null,
  set: (on) => store(MARK, on ? "on" : null),
};
