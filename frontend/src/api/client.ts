import createClient from "openapi-fetch";
import { Connection, isOurs } from "./connection";
import { early } from "./early";
import { ProblemError, problemOf } from "./problem";
import type { paths } from "./schema";
import { MARK, Session } from "./session";
import { onStored } from "./storage";
import { wordsAreOf } from "./words";

export const API_BASE = import.meta.env.VITE_API_BASE ?? location.origin;

/** How long the server may take to say that it lives, in milliseconds. */
const PROBE_MS = 5000;

export const connection = new Connection({
  probe: async () => {
    try {
      const signal = AbortSignal.timeout(PROBE_MS);
      const response = await fetch(`${API_BASE}/api/health/live`, { cache: "no-store", signal });
      return response.ok && isOurs(response);
    } catch {
      return false;
    }
  },
});

export const session = new Session({
  base: API_BASE,
  fetch: connection.watched(early((...given) => fetch(...given))),
});

onStored(MARK, (value) => {
  if (value === null) session.forget();
});

session.subscribe(() => {
  if (session.state.status === "signed-in") wordsAreOf(session.state.user.id);
});

/** The one client of the API: types from its own description, the session's token on every call. */
export const api = createClient<paths>({
  baseUrl: API_BASE,
  fetch: (request) => session.fetch(request),
});

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of an answer. Throws `ProblemError`. */
export async function answerOf<T>(call: Promise<Outcome<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw new ProblemError(problemOf(response, error));
  return data as T;
}

/** For requests outside the client's types, such as streams. Throws `ProblemError`. */
export async function sendAsMe(input: string | URL | Request, init?: RequestInit) {
  const address = input instanceof Request ? input : new URL(input, API_BASE);
  const response = await session.fetch(new Request(address, init));
  if (response.ok) return response;
  throw new ProblemError(problemOf(response, await response.json().catch(() => null)));
}
