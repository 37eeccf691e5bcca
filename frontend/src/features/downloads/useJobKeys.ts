import type { KeyboardEvent, MouseEvent } from "react";
import { all, extended, NOTHING, type Selection, toggled } from "./selection";

interface Options {
  ids: readonly string[];
  selection: Selection;
  onSelect: (selection: Selection) => void;
  onOpen: (id: string) => void;
  /** A key was pressed in the list. */
  onKey: () => void;
  rowHeight: number;
}

const CONTROLS = "a, button, input, select, label";
const STEPS: Record<string, number> = {
  ArrowDown: 1,
  ArrowUp: -1,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

function rowOf(target: EventTarget): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-row]") : null;
}

/** Selecting and opening rows by pointer and keys, as a list of files has it. */
export function useJobKeys({ ids, selection, onSelect, onOpen, onKey, rowHeight }: Options) {
  function focusRow(list: Element, at: number, again = true) {
    const row = list.querySelector(`[data-row="${CSS.escape(ids[at] ?? "")}"]`);
    if (row) {
      row.querySelector<HTMLElement>("input")?.focus();
      row.scrollIntoView({ block: "nearest" });
    } else if (again) {
      // It is out of sight, and not drawn yet.
      list.closest("[data-scroller]")?.scrollTo({ top: at * rowHeight });
      requestAnimationFrame(() => requestAnimationFrame(() => focusRow(list, at, false)));
    }
  }
  function step(list: Element, from: string, by: number, extend: boolean) {
    const at = Math.max(0, Math.min(ids.length - 1, ids.indexOf(from) + by));
    const next = ids[at];
    if (next === undefined) return;
    if (extend) {
      const begun = selection.anchor ? selection : toggled(NOTHING, from);
      onSelect(extended(begun, next, ids));
    }
    focusRow(list, at);
  }
  return {
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
      const id = rowOf(event.target)?.dataset.row;
      if (!id) return;
      onKey();
      const by = STEPS[event.key];
      if (by !== undefined && !event.altKey && !(event.target instanceof HTMLSelectElement)) {
        step(event.currentTarget, id, by, event.shiftKey);
      } else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
        onSelect(all(ids));
      } else if (event.key === "Escape" && selection.ids.size > 0) {
        onSelect(NOTHING);
      } else {
        return;
      }
      event.preventDefault();
    },
    onMouseDown: (event: MouseEvent) => {
      // A range of rows, not of text.
      if (event.shiftKey) event.preventDefault();
    },
    onClick: (event: MouseEvent) => {
      const id = rowOf(event.target)?.dataset.row;
      if (!id || (event.target instanceof Element && event.target.closest(CONTROLS))) return;
      if (event.shiftKey) onSelect(extended(selection, id, ids));
      else if (event.ctrlKey || event.metaKey) onSelect(toggled(selection, id));
      else onOpen(id);
    },
  };
}
