import { describe, expect, it, vi } from "vitest";
import { annotatorKeys } from "./keys";

function acts() {
  const names = [
    "nudge",
    "grow",
    "step",
    "draw",
    "remove",
    "leave",
    "undo",
    "redo",
    "choose",
    "zoom",
  ];
  return Object.fromEntries(names.map((name) => [name, vi.fn()]));
}

function press(key: string, target: HTMLElement, modifiers = {}) {
  const heard = acts();
  const event = { key, target, preventDefault: vi.fn(), stopPropagation: vi.fn(), ...modifiers };
  // biome-ignore lint/suspicious/noExplicitAny: only what the keys look at
  annotatorKeys({ selected: true, ...heard } as any)(event as any);
  const called = Object.entries(heard).filter(([, act]) => act.mock.calls.length > 0);
  return { called: called.map(([name, act]) => [name, ...(act.mock.calls[0] ?? [])]), event };
}

describe("the annotator's keys", () => {
  it("act on what is selected, and lead to no other image meanwhile", () => {
    const button = document.createElement("button");
    expect(press("ArrowLeft", button, { shiftKey: true }).called).toEqual([["nudge", -10, 0]]);
    expect(press("ArrowDown", button, { ctrlKey: true }).called).toEqual([["grow", 0, 1]]);
    expect(press("Z", button, { metaKey: true, shiftKey: true }).called).toEqual([["redo"]]);
    expect(press("3", button).called).toEqual([["choose", 2]]);
    const { called, event } = press("Delete", button);
    expect(called).toEqual([["remove"]]);
    expect(event.stopPropagation).toHaveBeenCalled();
  });

  it("are text in a field", () => {
    const field = document.createElement("input");
    for (const key of ["Delete", "1", "n", "ArrowLeft"])
      expect(press(key, field).called).toEqual([]);
    expect(press("z", field, { ctrlKey: true }).event.preventDefault).not.toHaveBeenCalled();
  });
});
