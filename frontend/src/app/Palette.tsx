import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { Dialog } from "@/ui/Dialog";
import { plural } from "@/ui/format";
import { showOverlay } from "./overlay";
import { PaletteGroup } from "./PaletteGroup";
import type { Entry } from "./paletteEntries";
import { usePalette } from "./usePalette";

const PAGE = 8;
const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE };

/** Type a few letters, press Enter, be there. */
export default function Palette() {
  const [typed, setTyped] = useState("");
  // By its id: what is found arrives bit by bit, and must not change what Enter takes.
  const [chosen, setChosen] = useState<string | null>(null);
  const { groups, busy } = usePalette(typed);
  const navigate = useNavigate();
  const listId = useId();
  const entries = groups.flatMap((group) => group.entries);
  const at = Math.max(
    0,
    entries.findIndex(({ id }) => id === chosen),
  );
  const current = entries[at];
  const optionId = (entry: Entry) => `${listId}-${entry.id}`;
  const currentId = current && optionId(current);

  // biome-ignore lint/correctness/useExhaustiveDependencies: it moves with what is found above it
  useEffect(() => {
    if (currentId) document.getElementById(currentId)?.scrollIntoView({ block: "nearest" });
  }, [currentId, at]);

  function choose(entry: Entry | undefined) {
    if (!entry) return;
    showOverlay(null);
    if ("act" in entry.go) entry.go.act();
    else void navigate({ href: entry.go.to });
  }

  function onKeyDown(event: KeyboardEvent) {
    // These keys belong to an input method while it composes a word.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    const step = STEPS[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setChosen(entries[moved(at, step, entries.length)]?.id ?? null);
    } else if (event.key === "Enter") {
      event.preventDefault();
      choose(current);
    }
  }

  return (
    <Dialog open onOpenChange={() => showOverlay(null)} title="Go to" place="top" quiet>
      <input
        role="combobox"
        aria-label="Go to"
        aria-expanded={entries.length > 0}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={currentId}
        autoComplete="off"
        spellCheck={false}
        dir="auto"
        placeholder="A screen, an action, a chat, a dataset, a download…"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setChosen(null);
        }}
        onKeyDown={onKeyDown}
        className="min-h-12 w-full shrink-0 border-b bg-transparent px-4 text-15 outline-none placeholder:text-muted touch:text-[16px]"
      />
      <div
        id={listId}
        role="listbox"
        aria-label="Found"
        aria-busy={busy}
        className="min-h-0 overflow-x-hidden overflow-y-auto p-2 empty:hidden"
      >
        {groups.map((group) => (
          <PaletteGroup
            key={group.title}
            group={group}
            current={current}
            optionId={optionId}
            onChoose={choose}
            onPoint={(entry) => setChosen(entry.id)}
          />
        ))}
      </div>
      <p
        role="status"
        className={entries.length > 0 || busy ? "sr-only" : "px-5 py-4 text-14 text-muted"}
      >
        {entries.length > 0
          ? plural(entries.length, "result")
          : busy
            ? "Searching…"
            : "Nothing matches. Chats are found by what was said in them, datasets and downloads by name and source."}
      </p>
    </Dialog>
  );
}

/** One step leads round the ends; a page stops at them. */
function moved(at: number, step: number, count: number): number {
  if (Math.abs(step) === 1) return (at + step + count) % Math.max(1, count);
  return Math.min(count - 1, Math.max(0, at + step));
}
