import { asProblem, isTransient } from "@/api/problem";
import type { Annotation, Problem } from "@/api/types";
import type { Box } from "./boxes";

/** An annotation of mine as it is to be. */
export interface Draft {
  id: string;
  kind: "box" | "label";
  label: string;
  box: Box | null;
  /** The id of the finding that it accepts. */
  finding?: string;
}

/** Where drafts are kept. Each method may throw a `ProblemError`. */
export interface Remote {
  create: (draft: Draft) => Promise<Annotation>;
  change: (draft: Draft, version: string) => Promise<Annotation>;
  remove: (id: string, version: string) => Promise<void>;
}

/** A change that the server has not taken yet; without a draft it is a deletion. */
export interface Pending {
  id: string;
  draft?: Draft;
  version?: string;
}

interface Step {
  id: string;
  before?: Draft;
  after?: Draft;
  /** Steps of one group in a row are one to undo. */
  group?: string;
}

/** Why one of them is not saved. `changed`: it was changed or deleted elsewhere, and a person decides. */
export interface Trouble {
  problem: Problem;
  changed: boolean;
}

export interface SheetState {
  drafts: readonly Draft[];
  canUndo: boolean;
  canRedo: boolean;
  /** Changes that are not saved, but for those in trouble. */
  unsaved: number;
  /** Why saving waits; it goes on by itself. */
  waiting?: Problem;
  troubles: ReadonlyMap<string, Trouble>;
}

const SETTLED_MS = 400;
const AGAIN_MS = 3000;

/**
 * What I draw on one image: changed at once, saved one after the other, and undone step by step.
 *
 * What differs from `#known`, the server's, is what is still to be saved: a save that fails is tried
 * again until it succeeds, and an answer that is lost does no harm, since ids and versions tell.
 */
export class Sheet {
  /** Counts what was changed or saved, so that an older list from the server is known as such. */
  generation = 0;
  readonly #remote: Remote;
  readonly #keep: (pending: readonly Pending[]) => void;
  readonly #known = new Map<string, { version: string; draft: Draft }>();
  readonly #drafts = new Map<string, Draft>();
  readonly #troubles = new Map<string, Trouble>();
  readonly #past: Step[] = [];
  readonly #future: Step[] = [];
  readonly #watchers = new Set<() => void>();
  #state: SheetState = EMPTY;
  #waiting: Problem | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saving = false;

  /** `keep` is told of what is unsaved after each change; `pending` is what it was told last time. */
  constructor(
    remote: Remote,
    keep: (pending: readonly Pending[]) => void,
    pending: readonly Pending[],
  ) {
    this.#remote = remote;
    this.#keep = keep;
    for (const { id, draft, version } of pending) {
      // Unlike anything, so that it is saved; its version tells whether it still may be.
      if (version !== undefined) this.#known.set(id, { version, draft: UNKNOWN });
      if (draft) this.#drafts.set(id, draft);
    }
    if (pending.length > 0) this.#changed();
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  readonly state = (): SheetState => this.#state;

  /** Take in the server's list of mine, as it was at a `generation`. What is not saved yet stays. */
  merge(list: readonly Annotation[], generation: number): void {
    if (generation !== this.generation || this.#saving) return;
    const listed = new Set(list.map(({ id }) => id));
    for (const one of list) {
      if (this.#known.has(one.id) ? this.#differs(one.id) : this.#drafts.has(one.id)) continue;
      this.#known.set(one.id, { version: one.version, draft: draftOf(one) });
      this.#drafts.set(one.id, draftOf(one));
    }
    for (const id of [...this.#known.keys()]) {
      if (listed.has(id) || this.#differs(id)) continue;
      this.#known.delete(id);
      this.#drafts.delete(id);
    }
    this.#tell();
  }

  /** Put a draft in place of the one of its id. */
  put(draft: Draft, group?: string): void {
    this.#step({ id: draft.id, before: this.#drafts.get(draft.id), after: draft, group });
  }

  remove(id: string): void {
    this.#step({ id, before: this.#drafts.get(id) });
  }

  undo(): Step | undefined {
    return this.#travel(this.#past, this.#future, "before");
  }

  redo(): Step | undefined {
    return this.#travel(this.#future, this.#past, "after");
  }

  /** Of one that was changed elsewhere: keep mine, or take what is there. */
  settle(id: string, mine: boolean): void {
    this.#troubles.delete(id);
    if (!mine) this.#set(id, this.#known.get(id)?.draft);
    this.#changed();
  }

  /** Try now what waits. */
  readonly again = (): void => {
    clearTimeout(this.#timer);
    void this.#save();
  };

  #step(step: Step): void {
    const last = this.#past.at(-1);
    if (step.group && last?.group === step.group && last.id === step.id) last.after = step.after;
    else this.#past.push(step);
    this.#future.length = 0;
    this.#set(step.id, step.after);
    this.#troubles.delete(step.id);
    this.#changed();
  }

  #travel(from: Step[], to: Step[], side: "before" | "after"): Step | undefined {
    const step = from.pop();
    if (!step) return undefined;
    to.push(step);
    this.#set(step.id, step[side]);
    this.#troubles.delete(step.id);
    this.#changed();
    return step;
  }

  #set(id: string, draft: Draft | undefined): void {
    if (draft) this.#drafts.set(id, draft);
    else this.#drafts.delete(id);
  }

  #changed(): void {
    this.generation += 1;
    this.#tell();
    clearTimeout(this.#timer);
    if (this.#unsaved().length > 0) this.#timer = setTimeout(this.again, SETTLED_MS);
  }

  #differs(id: string): boolean {
    return !isSame(this.#known.get(id)?.draft, this.#drafts.get(id));
  }

  #unsaved(): string[] {
    const ids = new Set([...this.#known.keys(), ...this.#drafts.keys()]);
    return [...ids].filter((id) => this.#differs(id));
  }

  async #save(): Promise<void> {
    if (this.#saving) return;
    this.#saving = true;
    try {
      for (;;) {
        const id = this.#unsaved().find((one) => !this.#troubles.has(one));
        if (id === undefined) break;
        await this.#saveOne(id);
      }
      this.#waiting = undefined;
    } catch (error) {
      this.#waiting = asProblem(error);
      this.#timer = setTimeout(this.again, AGAIN_MS);
    } finally {
      this.#saving = false;
      this.#tell();
    }
  }

  /** Throws what another try may mend. */
  async #saveOne(id: string): Promise<void> {
    const draft = this.#drafts.get(id);
    const known = this.#known.get(id);
    try {
      if (!draft && known) {
        await this.#remote.remove(id, known.version);
        this.#known.delete(id);
      } else if (draft) {
        const kept = await (known
          ? this.#remote.change(draft, known.version)
          : this.#remote.create(draft));
        this.#accept(id, kept);
      }
    } catch (error) {
      this.#refused(id, error);
    }
    this.generation += 1;
    this.#tell();
  }

  #accept(id: string, kept: Annotation): void {
    if (kept.id === id) {
      this.#known.set(id, { version: kept.version, draft: draftOf(kept) });
      return;
    }
    // The finding was accepted before, in another window.
    this.#drafts.delete(id);
    this.#known.set(kept.id, { version: kept.version, draft: draftOf(kept) });
    this.#drafts.set(kept.id, draftOf(kept));
  }

  #refused(id: string, error: unknown): void {
    const problem = asProblem(error) as Problem & { current?: Annotation };
    // The session is renewed, or the person signs in again: then it goes on.
    if (isTransient(error) || problem.status === 401 || problem.status === 429) throw error;
    if (problem.status === 404 && this.#known.has(id)) {
      this.#known.delete(id);
      // It is gone, as it was to be; or somebody has deleted what was changed here.
      if (this.#drafts.has(id)) this.#troubles.set(id, { problem, changed: true });
      return;
    }
    const { current } = problem;
    if (current) this.#known.set(id, { version: current.version, draft: draftOf(current) });
    if (!current || this.#differs(id))
      this.#troubles.set(id, { problem, changed: current !== undefined });
  }

  #tell(): void {
    const unsaved = this.#unsaved();
    this.#keep(
      unsaved.map((id) => ({
        id,
        draft: this.#drafts.get(id),
        version: this.#known.get(id)?.version,
      })),
    );
    this.#state = {
      drafts: [...this.#drafts.values()],
      canUndo: this.#past.length > 0,
      canRedo: this.#future.length > 0,
      unsaved: unsaved.filter((id) => !this.#troubles.has(id)).length,
      waiting: this.#waiting,
      troubles: new Map(this.#troubles),
    };
    for (const watcher of this.#watchers) watcher();
  }
}

const EMPTY: SheetState = {
  drafts: [],
  canUndo: false,
  canRedo: false,
  unsaved: 0,
  troubles: new Map(),
};
const UNKNOWN: Draft = { id: "", kind: "label", label: "", box: null };

export function draftOf({ id, kind, label, box, origin }: Annotation): Draft {
  const finding = origin.finding ?? undefined;
  return { id, kind, label, box: box ? (box as Box) : null, ...(finding ? { finding } : {}) };
}

function isSame(one: Draft | undefined, other: Draft | undefined): boolean {
  if (!one || !other) return one === other;
  const [a, b] = [one.box ?? [], other.box ?? []];
  return one.label === other.label && a.length === b.length && a.every((edge, n) => edge === b[n]);
}
