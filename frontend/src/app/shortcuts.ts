/** Every shortcut, as the help shows it. */
export const SHORTCUTS: { keys: string[]; does: string; single?: boolean }[] = [
  { keys: ["Ctrl K", "⌘ K"], does: "Palette: go anywhere" },
  { keys: ["Enter"], does: "Send the message" },
  { keys: ["Shift Enter"], does: "New line in the message" },
  { keys: ["↑"], does: "Edit the last message, in an empty composer" },
  { keys: ["Esc"], does: "Stop the answer, or close what is open" },
  { keys: ["/"], does: "To the composer", single: true },
  { keys: ["g c"], does: "New chat", single: true },
  { keys: ["g d"], does: "Downloads", single: true },
  { keys: ["g l"], does: "Library", single: true },
  { keys: ["g u"], does: "Uploads", single: true },
  { keys: ["g s"], does: "Settings", single: true },
  { keys: ["j", "k"], does: "Next and previous dataset", single: true },
  { keys: ["d"], does: "Download the dataset in focus", single: true },
  { keys: ["?"], does: "This help", single: true },
  { keys: ["N"], does: "Annotating: a new box" },
  { keys: ["1", "9"], does: "Annotating: a label of the list" },
  { keys: ["[", "]"], does: "Annotating: the box before, the next" },
  { keys: ["← ↑ → ↓"], does: "Annotating: move a pixel, with Shift ten" },
  { keys: ["Ctrl ← ↑ → ↓"], does: "Annotating: make smaller or larger" },
  { keys: ["Del"], does: "Annotating: delete the box" },
  { keys: ["Ctrl Z", "Ctrl Shift Z"], does: "Annotating: undo, do again" },
];

/** Where `g` and a letter lead. */
export const PLACES: Record<string, "/" | "/downloads" | "/library" | "/settings" | "/uploads"> = {
  c: "/",
  d: "/downloads",
  l: "/library",
  s: "/settings",
  u: "/uploads",
};

/** Letters typed there are text, not shortcuts. A checkbox takes none. */
export function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !/^(checkbox|radio|button)$/.test(target.type);
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Move the focus to the next dataset on the page, or the one before; first to one that is in view. */
export function focusCard(step: 1 | -1): void {
  const cards = [...document.querySelectorAll<HTMLElement>("[data-card]")];
  if (cards.length === 0) return;
  const at = cards.findIndex((card) => card.contains(document.activeElement));
  const inView = step > 0 ? cards.findIndex(isInView) : cards.findLastIndex(isInView);
  const next = at >= 0 ? at + step : inView >= 0 ? inView : step > 0 ? 0 : cards.length - 1;
  const card = cards[Math.min(cards.length - 1, Math.max(0, next))];
  card?.focus();
  // Focus alone leaves a part of a pixel out of sight.
  card?.scrollIntoView({ block: "nearest" });
}

function isInView(card: HTMLElement): boolean {
  const { top, bottom } = card.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

/** Press Download on the dataset that has the focus. */
export function downloadFocused(): void {
  const card = document.activeElement?.closest("[data-card]");
  card?.querySelector<HTMLButtonElement>("[data-download]")?.click();
}

export function focusComposer(): boolean {
  const composer = document.querySelector<HTMLElement>("textarea[aria-label=Message]");
  composer?.focus();
  return composer !== null;
}
