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
  { keys: ["g s"], does: "Settings", single: true },
  { keys: ["j", "k"], does: "Next and previous dataset", single: true },
  { keys: ["d"], does: "Download the dataset in focus", single: true },
  { keys: ["?"], does: "This help", single: true },
];

/** Where `g` and a letter lead. */
export const PLACES: Record<string, "/" | "/downloads" | "/library" | "/settings"> = {
  c: "/",
  d: "/downloads",
  l: "/library",
  s: "/settings",
};

/** Letters typed there are text, not shortcuts. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Move the focus to the next dataset on the page, or the one before. */
export function focusCard(step: 1 | -1): void {
  const cards = [...document.querySelectorAll<HTMLElement>("[data-card]")];
  if (cards.length === 0) return;
  const at = cards.findIndex((card) => card.contains(document.activeElement));
  const next = at < 0 ? (step > 0 ? 0 : cards.length - 1) : at + step;
  cards[Math.min(cards.length - 1, Math.max(0, next))]?.focus();
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
