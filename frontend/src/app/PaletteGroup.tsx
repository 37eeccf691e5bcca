import { clsx } from "clsx";
import { useId } from "react";
import type { Entry, EntryGroup } from "./paletteEntries";

interface PaletteGroupProps {
  group: EntryGroup;
  current: Entry | undefined;
  optionId: (entry: Entry) => string;
  onChoose: (entry: Entry) => void;
  onPoint: (entry: Entry) => void;
}

/** Entries of one kind, below its name. */
export function PaletteGroup({ group, current, optionId, onChoose, onPoint }: PaletteGroupProps) {
  const titleId = useId();
  const { title, entries, total } = group;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of a listbox, which no element is
    <div role="group" aria-labelledby={titleId} className="pb-1">
      <div
        id={titleId}
        role="presentation"
        className="flex justify-between gap-3 px-3 pt-1.5 pb-0.5 text-12 font-medium text-muted"
      >
        {title}
        {total > entries.length && (
          <span className="font-normal">{`${entries.length} of ${total}`}</span>
        )}
      </div>
      {entries.map((entry) => (
        // The input keeps the focus and its keys choose; a click is for the mouse.
        // biome-ignore lint/a11y/useKeyWithClickEvents: see above
        <div
          key={entry.id}
          id={optionId(entry)}
          role="option"
          tabIndex={-1}
          aria-selected={entry === current}
          onClick={() => onChoose(entry)}
          onPointerMove={() => onPoint(entry)}
          className={clsx(
            "relative flex min-h-9 cursor-pointer flex-wrap items-center justify-between gap-x-4 rounded-control px-3 py-1 text-14 touch:min-h-11",
            entry === current &&
              "bg-selected before:absolute before:inset-y-1 before:left-0 before:w-0.75 before:rounded-full before:bg-accent forced-colors:before:bg-[Highlight]",
          )}
        >
          <span dir="auto" className="max-w-full min-w-0 flex-1 basis-40 truncate">
            {entry.label}
          </span>
          <span className="max-w-full truncate text-12 text-muted">{entry.detail}</span>
        </div>
      ))}
    </div>
  );
}
