export interface ConnectionOptions {
  /** Whether the server answers; does not throw. */
  probe: () => Promise<boolean>;
  firstDelayMs?: number;
  longestDelayMs?: number;
}

/**
 * Whether the server can be reached. One failed request proves nothing, so the server is asked before
 * it counts as away; then it is asked again and again until it answers.
 */
export class Connection {
  #up = true;
  #attempt = 0;
  #checking: Promise<boolean> | null = null;
  #next: ReturnType<typeof setTimeout> | undefined;
  readonly #watchers = new Set<() => void>();
  readonly #options: Required<ConnectionOptions>;

  constructor(options: ConnectionOptions) {
    this.#options = { firstDelayMs: 1000, longestDelayMs: 5000, ...options };
  }

  readonly isUp = (): boolean => this.#up;

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Ask the server now; true when it answers. */
  readonly check = (): Promise<boolean> => {
    clearTimeout(this.#next);
    this.#checking ??= this.#options
      .probe()
      .then((up) => this.#found(up))
      .finally(() => {
        this.#checking = null;
      });
    return this.#checking;
  };

  /** `fetch`, with an eye on whether it is Dataferry that answers. */
  watched(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
    return async (input, init) => {
      try {
        const response = await fetch(input, init);
        if (!isOurs(response)) void this.check();
        else if (!this.#up) this.#found(true);
        return response;
      } catch (error) {
        const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
        if (!signal?.aborted) void this.check();
        throw error;
      }
    };
  }

  #found(up: boolean): boolean {
    clearTimeout(this.#next);
    const { firstDelayMs, longestDelayMs } = this.#options;
    if (up) this.#attempt = 0;
    else {
      const delay = Math.min(longestDelayMs, firstDelayMs * 1.5 ** this.#attempt++);
      this.#next = setTimeout(() => void this.check(), delay);
    }
    if (up !== this.#up) {
      this.#up = up;
      for (const watcher of this.#watchers) watcher();
    }
    return up;
  }
}

/** What Dataferry answers to its API; an error in another form is a proxy's. */
export function isOurs(response: Response): boolean {
  const type = response.headers.get("Content-Type") ?? "";
  return response.ok ? !type.startsWith("text/html") : type.startsWith("application/problem+json");
}
