import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { clsx } from "clsx";
import { type KeyboardEvent, useId, useState } from "react";
import { chatsQuery } from "@/api/queries";
import { Dialog } from "@/ui/Dialog";
import { showOverlay } from "./overlay";

interface Entry {
  id: string;
  label: string;
  /** What kind of thing it is. */
  kind: "Screen" | "Chat";
  to: string;
}

const SCREENS: Entry[] = [
  { id: "new", label: "New chat", kind: "Screen", to: "/" },
  { id: "downloads", label: "Downloads", kind: "Screen", to: "/downloads" },
  { id: "library", label: "Library", kind: "Screen", to: "/library" },
  { id: "profile", label: "Settings: profile", kind: "Screen", to: "/settings/profile" },
  { id: "sources", label: "Settings: sources", kind: "Screen", to: "/settings/sources" },
  { id: "privacy", label: "Settings: privacy", kind: "Screen", to: "/settings/privacy" },
  { id: "appearance", label: "Settings: appearance", kind: "Screen", to: "/settings/appearance" },
];

const LONGEST = 12;

/** Type a few letters, press Enter, be there. */
export default function Palette() {
  const [words, setWords] = useState("");
  const [chosen, setChosen] = useState(0);
  const navigate = useNavigate();
  const { data: chats } = useInfiniteQuery(chatsQuery());
  const listId = useId();
  const entries = [
    ...SCREENS,
    ...(chats?.pages.flat() ?? []).map(
      (chat): Entry => ({ id: chat.id, label: chat.title, kind: "Chat", to: `/c/${chat.id}` }),
    ),
  ];
  const found = entries
    .filter(({ label }) => label.toLowerCase().includes(words.trim().toLowerCase()))
    .slice(0, LONGEST);
  const current = Math.min(chosen, found.length - 1);

  function go(entry: Entry | undefined) {
    if (!entry) return;
    showOverlay(null);
    void navigate({ to: entry.to });
  }

  function onKeyDown(event: KeyboardEvent) {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setChosen((current + step + found.length) % Math.max(1, found.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(found[current]);
    }
  }

  return (
    <Dialog open onOpenChange={() => showOverlay(null)} title="Go to" place="top" quiet>
      <input
        role="combobox"
        aria-label="Go to"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={found[current] && `${listId}-${found[current].id}`}
        placeholder="Go to a screen or a chat…"
        value={words}
        onChange={(event) => {
          setWords(event.target.value);
          setChosen(0);
        }}
        onKeyDown={onKeyDown}
        className="min-h-12 shrink-0 border-b bg-transparent px-4 text-15 outline-none placeholder:text-muted"
      />
      <div id={listId} role="listbox" aria-label="Places" className="min-h-0 overflow-y-auto p-2">
        {found.map((entry, index) => (
          // The input keeps the focus and its keys choose; a click is for the mouse.
          // biome-ignore lint/a11y/useKeyWithClickEvents: see above
          <div
            key={entry.id}
            id={`${listId}-${entry.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === current}
            onClick={() => go(entry)}
            onPointerMove={() => setChosen(index)}
            className={clsx(
              "flex min-h-9 cursor-pointer items-center justify-between gap-3 rounded-control px-3 text-14 touch:min-h-11",
              index === current && "bg-accent-soft",
            )}
          >
            <span className="min-w-0 truncate">{entry.label}</span>
            <span className="shrink-0 text-12 text-muted">{entry.kind}</span>
          </div>
        ))}
        {found.length === 0 && <p className="px-3 py-2 text-14 text-muted">Nothing matches.</p>}
      </div>
    </Dialog>
  );
}
