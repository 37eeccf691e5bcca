import type { KeyboardEvent } from "react";
import { isTyping } from "@/app/shortcuts";

export interface AnnotatorActs {
  selected: boolean;
  nudge: (x: number, y: number) => void;
  grow: (x: number, y: number) => void;
  step: (by: 1 | -1) => void;
  draw: () => void;
  remove: () => void;
  /** Deselect what is selected; else leave off annotating. */
  leave: () => void;
  undo: () => void;
  redo: () => void;
  choose: (number: number) => void;
  zoom: (change: "larger" | "smaller" | "fit") => void;
}

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Act on a key inside the annotator; true where it was one of its own, which nobody else is to hear. */
function actOn(event: KeyboardEvent, acts: AnnotatorActs): boolean {
  const command = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const arrow = ARROWS[key];
  if (arrow && acts.selected && !event.altKey) {
    const [x, y] = arrow.map((way) => way * (event.shiftKey ? 10 : 1)) as [number, number];
    if (command) acts.grow(x, y);
    else acts.nudge(x, y);
    return true;
  }
  if (command && !event.altKey) {
    if (key === "z" && event.shiftKey) acts.redo();
    else if (key === "z") acts.undo();
    else if (key === "y") acts.redo();
    else return false;
    return true;
  }
  if (command || event.altKey) return false;
  if (/^[1-9]$/.test(key)) acts.choose(Number(key) - 1);
  else if (key === "n") acts.draw();
  else if (key === "]") acts.step(1);
  else if (key === "[") acts.step(-1);
  else if (key === "+" || key === "=") acts.zoom("larger");
  else if (key === "-") acts.zoom("smaller");
  else if (key === "0") acts.zoom("fit");
  else if ((key === "Delete" || key === "Backspace") && acts.selected) acts.remove();
  else if (key === "Escape") acts.leave();
  else return false;
  return true;
}

/** The keys of the annotator. In a field they are text, the field's own undo too. */
export function annotatorKeys(acts: AnnotatorActs) {
  return (event: KeyboardEvent) => {
    if (isTyping(event.target)) {
      // The arrows of the dialog around it would lead to another image.
      event.stopPropagation();
      if (event.key === "Escape") (event.target as HTMLElement).blur();
      return;
    }
    if (!actOn(event, acts)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}
