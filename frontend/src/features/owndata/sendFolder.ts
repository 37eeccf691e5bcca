import { sendAsMe } from "@/api/client";
import { asProblem, isTransient, ProblemError } from "@/api/problem";
import type { components } from "@/api/schema";
import type { Problem } from "@/api/types";
import type { GivenFile } from "./folder";

export type AdditionView = components["schemas"]["AdditionView"];
export type AdditionRequest = components["schemas"]["AdditionRequest"];
export type DownloadTicket = components["schemas"]["DownloadTicket"];

/** Bytes in one request, and files. */
export const PIECE_BYTES = 8 * 1024 * 1024;
const PIECE_FILES = 300;
const PAGE_FILES = 5000;
const REQUESTS = 3;

export interface FailedFile {
  path: string;
  problem: Problem;
}

export interface SendOptions {
  signal: AbortSignal;
  /** Bytes that are there, and what is on its way now. */
  onProgress: (sent: number, now: readonly string[]) => void;
  onWaiting: (waiting: boolean) => void;
  pause: (attempt: number) => Promise<void>;
}

/** The job's ticket, or the files that could not be sent, which can be tried again. */
export type Outcome = { ticket: DownloadTicket } | { failed: readonly FailedFile[] };

/** Sends what of a folder is not there yet. Throws `ProblemError`. */
export async function sendFolder(
  wanted: Omit<AdditionRequest, "file_count" | "size">,
  files: readonly GivenFile[],
  options: SendOptions,
  onBegun: (addition: AdditionView) => void,
): Promise<Outcome> {
  const size = files.reduce((sum, { file }) => sum + file.size, 0);
  const body = { ...wanted, go_on: true, file_count: files.length, size };
  const addition = await lasting(options, () =>
    post<AdditionView>("/api/additions", body, options),
  );
  onBegun(addition);
  const path = `/api/additions/${addition.id}`;
  const sender = new Sender(path, options);
  await sender.announce(files, true);
  await sender.sendAll(groupsOf(files.filter((one) => !sender.isComplete(one))));
  if (sender.failed.length > 0) return { failed: sender.failed };
  const finish = () => post<DownloadTicket>(`${path}/finish`, undefined, options);
  return { ticket: await lasting(options, finish) };
}

class Sender {
  readonly failed: FailedFile[] = [];
  private readonly here = new Map<string, number>();
  private readonly complete = new Set<string>();
  private readonly now = new Set<string>();
  private sent = 0;

  private readonly path: string;
  private readonly options: SendOptions;

  constructor(path: string, options: SendOptions) {
    this.path = path;
    this.options = options;
  }

  isComplete({ path }: GivenFile): boolean {
    return this.complete.has(path);
  }

  async announce(files: readonly GivenFile[], first: boolean): Promise<void> {
    for (let begin = 0; begin < files.length; begin += PAGE_FILES) {
      const page = files.slice(begin, begin + PAGE_FILES).map(({ path, file }) => ({
        path,
        size: file.size,
        stamp: String(file.lastModified),
      }));
      const body = { files: page, first: first && begin === 0 };
      const told = await lasting(this.options, () =>
        post<components["schemas"]["ArrivedFiles"]>(`${this.path}/files`, body, this.options),
      );
      for (const { path, offset, complete } of told.arrived ?? []) {
        if (first) this.sent += offset;
        this.here.set(path, offset);
        if (complete) this.complete.add(path);
      }
    }
    this.report();
  }

  /** A few requests at one time. */
  async sendAll(groups: readonly (readonly GivenFile[])[]): Promise<void> {
    const waiting = [...groups];
    const work = async () => {
      for (let group = waiting.shift(); group; group = waiting.shift()) await this.tried(group);
    };
    await Promise.all(Array.from({ length: REQUESTS }, work));
  }

  private async tried(group: readonly GivenFile[]): Promise<void> {
    const [only] = group;
    const label = group.length === 1 && only ? only.path : `${group.length} files`;
    this.now.add(label);
    this.report();
    try {
      if (group.length === 1 && only && only.file.size > PIECE_BYTES) await this.sendLarge(only);
      else await this.sendSmall(group);
    } catch (error) {
      this.options.signal.throwIfAborted();
      // Which of several it is: each is tried alone.
      if (group.length > 1) for (const one of group) await this.tried([one]);
      else if (only) this.failed.push({ path: only.path, problem: asProblem(error) });
    } finally {
      this.now.delete(label);
    }
  }

  private async sendSmall(group: readonly GivenFile[]): Promise<void> {
    await lasting(this.options, () =>
      this.put(
        group,
        group.flatMap((one) => pieceOf(one, 0, one.file.size)),
      ),
    );
    for (const { path, file } of group) this.sent += file.size - (this.here.get(path) ?? 0);
    this.report();
  }

  private async sendLarge(one: GivenFile): Promise<void> {
    let offset = this.here.get(one.path) ?? 0;
    while (offset < one.file.size) {
      const reached = await lasting(this.options, async (attempt) => {
        if (attempt > 0) {
          await this.announce([one], false);
          return this.here.get(one.path) ?? 0;
        }
        const end = Math.min(one.file.size, offset + PIECE_BYTES);
        await this.put([one], pieceOf(one, offset, end));
        return end;
      });
      this.sent += reached - offset;
      offset = reached;
      this.report();
    }
  }

  private async put(files: readonly GivenFile[], parts: BlobPart[]): Promise<void> {
    try {
      await sendAsMe(`${this.path}/data`, {
        method: "POST",
        headers: { "Content-Type": "application/octet-stream" },
        body: new Blob(parts),
        signal: this.options.signal,
      });
    } catch (error) {
      // To a browser a file that is gone is a line that has dropped.
      if (isTransient(error)) for (const one of files) await checkReadable(one);
      throw error;
    }
  }

  private report(): void {
    this.options.onProgress(this.sent, [...this.now]);
  }
}

/** Small files together, each large one alone. */
export function groupsOf(files: readonly GivenFile[]): GivenFile[][] {
  const groups: GivenFile[][] = [];
  let group: GivenFile[] = [];
  let size = 0;
  for (const one of files) {
    if (one.file.size > PIECE_BYTES) {
      groups.push([one]);
      continue;
    }
    if (size + one.file.size > PIECE_BYTES || group.length === PIECE_FILES) {
      groups.push(group);
      group = [];
      size = 0;
    }
    group.push(one);
    size += one.file.size;
  }
  groups.push(group);
  return groups.filter(({ length }) => length > 0);
}

function pieceOf({ path, file }: GivenFile, offset: number, end: number): BlobPart[] {
  const head = JSON.stringify({ path, offset, length: end - offset });
  return [`${head}\n`, file.slice(offset, end)];
}

async function checkReadable({ path, file }: GivenFile): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new ProblemError({
      code: "page",
      status: 400,
      title: "A file cannot be read",
      detail: `The browser cannot read ${path} any more: it was changed, moved or deleted.`,
      next_step: "Choose the folder again.",
    });
  }
}

async function post<T>(path: string, body: unknown, { signal }: SendOptions): Promise<T> {
  const init: RequestInit = { method: "POST", signal };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  return (await sendAsMe(path, init)).json() as Promise<T>;
}

/** Again and again while only the line is in the way. */
async function lasting<T>(options: SendOptions, act: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const found = await act(attempt);
      options.onWaiting(false);
      return found;
    } catch (error) {
      options.signal.throwIfAborted();
      const offset = error instanceof ProblemError && error.problem.code === "wrong_offset";
      if (!offset && !isTransient(error)) throw error;
      options.onWaiting(true);
      await options.pause(attempt);
      options.signal.throwIfAborted();
    }
  }
}
