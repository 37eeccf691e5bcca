/** What the script of `index.html` began before this code came. */
interface Opening {
  /** Answers by method and path. */
  answers: Map<string, Promise<Response>>;
}

declare global {
  interface Window {
    opening?: Opening;
  }
}

/** `send`, but for what was asked for already: its answer is taken, once. */
export function early(send: typeof fetch): typeof fetch {
  return (input, init) => {
    const answer = input instanceof Request && !init ? taken(input) : undefined;
    return answer ? answer.catch(() => send(input, init)) : send(input, init);
  };
}

function taken({ method, url }: Request): Promise<Response> | undefined {
  const { origin, pathname, search } = new URL(url);
  const name = `${method} ${pathname}${search}`;
  const answers = window.opening?.answers;
  if (origin !== location.origin || !answers?.has(name)) return undefined;
  const answer = answers.get(name);
  answers.delete(name);
  return answer;
}

/** How long after it stands a screen may still ask for the first time, in milliseconds. */
const LATE_MS = 1000;

/** The first screen stands: soon what nobody took is forgotten. */
export function forgetEarly(): void {
  setTimeout(() => {
    const { opening } = window;
    delete window.opening;
    for (const answer of opening?.answers.values() ?? [])
      answer.then((response) => response.body?.cancel()).catch(() => undefined);
  }, LATE_MS);
}
