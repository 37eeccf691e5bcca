import type { Problem } from "./types";

/** An error that may be shown to a person: what happened, why, and the next act (RFC 9457). */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = "ProblemError";
    this.problem = problem;
  }
}

export const UNREACHABLE: Problem = {
  code: "unreachable",
  status: 0,
  title: "The server cannot be reached",
  detail: "Dataferry's server does not answer.",
  next_step: "Check that it is running and that you are connected, then try again.",
};

/** The code of an answer that was not Dataferry's own. */
export const PROXY = "http";

/** The problem that a failed response carries; one is made up where a proxy answered instead. */
export function problemOf(response: Response, body: unknown): Problem {
  if (isProblem(body)) return body;
  return {
    code: PROXY,
    status: response.status,
    title: "The server gave an unexpected answer",
    detail: `The server answered ${response.status} ${response.statusText}`.trim(),
    next_step: "Try again; if it stays so, look at the server's log.",
  };
}

/** The error to show for anything that was thrown. */
export function asProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof TypeError) return UNREACHABLE;
  return {
    code: "page",
    status: 0,
    title: "Something went wrong in the page",
    detail: error instanceof Error ? error.message : String(error),
    next_step: "Reload the page.",
  };
}

/** Worth another attempt with nothing changed. */
export function isTransient(error: unknown): boolean {
  const { status } = asProblem(error);
  return status === 0 || status === 502 || status === 503 || status === 504;
}

/** Milliseconds until the server can most likely do what it could not for now; false where it named none. */
export function waitNamed(error: unknown): number | false {
  const { retry_after } = asProblem(error);
  return isTransient(error) && retry_after ? retry_after * 1000 : false;
}

function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "detail" in body && "code" in body;
}
