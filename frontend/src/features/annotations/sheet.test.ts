import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProblemError, UNREACHABLE } from "@/api/problem";
import type { Annotation, Problem } from "@/api/types";
import { type Draft, type Pending, type Remote, Sheet } from "./sheet";

const AT = "2026-05-04T09:30:00Z";
const BOX: Draft = { id: "annotation_1", kind: "box", label: "car", box: [1, 2, 3, 4] };

function refused(problem: Partial<Problem> & { current?: Annotation }): ProblemError {
  return new ProblemError({ ...UNREACHABLE, ...problem } as Problem);
}

/** As the server is: ids are kept once, and a stale version is refused with what is there. */
class Server implements Remote {
  readonly rows = new Map<string, Annotation>();
  away = false;
  /** It writes, and the line drops before its answer. */
  deaf = false;
  asked = 0;
  #version = 0;

  create = (draft: Draft) => this.#answer(() => this.rows.get(draft.id) ?? this.write(draft));

  change = (draft: Draft, version: string) =>
    this.#answer(() => {
      const row = this.#at(draft.id);
      if (row.label === draft.label && `${row.box}` === `${draft.box}`) return row;
      this.#check(row, version);
      return this.write(draft);
    });

  remove = (id: string, version: string) =>
    this.#answer(() => {
      this.#check(this.#at(id), version);
      this.rows.delete(id);
    });

  write({ id, kind, label, box }: Draft): Annotation {
    const row: Annotation = {
      ...{ id, kind, label, box, version: `v_${++this.#version}`, split: "train", image: 0 },
      ...{ name: "0.png", author: null, mine: true, created_at: AT, changed_at: AT },
      origin: { kind: "drawn", finding: null, model: null, model_version: null, confidence: null },
    };
    this.rows.set(id, row);
    return row;
  }

  async #answer<T>(work: () => T): Promise<T> {
    this.asked += 1;
    if (this.away) throw refused({});
    const answer = work();
    if (this.deaf) throw refused({});
    return answer;
  }

  #at(id: string): Annotation {
    const row = this.rows.get(id);
    if (!row) throw refused({ status: 404, code: "not_found" });
    return row;
  }

  #check(row: Annotation, version: string): void {
    if (row.version !== version) throw refused({ status: 409, code: "conflict", current: row });
  }
}

let server: Server;
let kept: readonly Pending[];
let sheet: Sheet;

function open(pending: readonly Pending[] = []): Sheet {
  return new Sheet(server, (left) => (kept = left), pending);
}

const settled = () => vi.advanceTimersByTimeAsync(5000);

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  kept = [];
  sheet = open();
});
afterEach(() => vi.useRealTimers());

describe("a sheet", () => {
  it("saves what is drawn once, and several small moves as one", async () => {
    sheet.put(BOX);
    for (const x of [2, 3, 4]) sheet.put({ ...BOX, box: [x, 2, 3, 4] }, "move");
    await settled();
    expect(server.rows.get(BOX.id)?.box).toEqual([4, 2, 3, 4]);
    expect([server.asked, sheet.state().unsaved, kept]).toEqual([1, 0, []]);
    sheet.undo();
    await settled();
    expect(server.rows.get(BOX.id)?.box).toEqual([1, 2, 3, 4]);
  });

  it("undoes the last step of its own, whatever was deleted or moved, and does it again", async () => {
    const other = { ...BOX, id: "annotation_2", label: "bus" };
    sheet.put(BOX);
    sheet.put(other);
    sheet.remove(BOX.id);
    await settled();
    sheet.undo();
    expect(sheet.state().drafts.map(({ id }) => id)).toEqual([other.id, BOX.id]);
    await settled();
    expect(server.rows.size).toBe(2);
    sheet.redo();
    sheet.undo();
    sheet.undo();
    sheet.undo();
    expect(sheet.state()).toMatchObject({ drafts: [], canUndo: false, canRedo: true });
    await settled();
    expect(server.rows.size).toBe(0);
  });

  it("keeps all while the server is away, over a reload too, and sends it when it is back", async () => {
    server.away = true;
    sheet.put(BOX);
    await settled();
    expect(sheet.state()).toMatchObject({ unsaved: 1, waiting: UNREACHABLE });
    sheet = open(JSON.parse(JSON.stringify(kept)));
    expect(sheet.state().drafts).toEqual([BOX]);
    server.away = false;
    await settled();
    expect(server.rows.get(BOX.id)?.label).toBe("car");
    expect([sheet.state().waiting, kept]).toEqual([undefined, []]);
  });

  it("makes nothing twice where an answer is lost", async () => {
    server.deaf = true;
    sheet.put(BOX);
    await settled();
    sheet.put({ ...BOX, label: "bus" });
    server.deaf = false;
    await settled();
    expect([...server.rows.values()].map(({ label }) => label)).toEqual(["bus"]);
    server.deaf = true;
    sheet.remove(BOX.id);
    await vi.advanceTimersByTimeAsync(500);
    server.deaf = false;
    await settled();
    expect([server.rows.size, sheet.state().unsaved, sheet.state().troubles.size]).toEqual([
      0, 0, 0,
    ]);
  });

  it("asks which is to stay where another window has changed it", async () => {
    sheet.put(BOX);
    await settled();
    for (const mine of [false, true]) {
      server.write({ ...BOX, label: "theirs" });
      sheet.put({ ...BOX, label: `mine ${mine}` });
      await settled();
      expect(sheet.state().troubles.get(BOX.id)).toMatchObject({ changed: true });
      sheet.settle(BOX.id, mine);
      await settled();
      expect(server.rows.get(BOX.id)?.label).toBe(mine ? "mine true" : "theirs");
      expect(sheet.state().drafts[0]?.label).toBe(server.rows.get(BOX.id)?.label);
    }
  });

  it("takes in what other windows have done, but no list that is older than what was drawn since", async () => {
    const before = sheet.generation;
    sheet.put(BOX);
    sheet.merge([], before);
    await settled();
    sheet.merge([], before);
    expect(sheet.state().drafts).toEqual([BOX]);
    const row = server.write({ ...BOX, label: "theirs" });
    sheet.merge([row], sheet.generation);
    expect(sheet.state().drafts[0]?.label).toBe("theirs");
    sheet.merge([], sheet.generation);
    expect(sheet.state().drafts).toEqual([]);
  });
});
