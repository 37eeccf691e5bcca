import type { Sample } from "@/api/types";

/** A row of text: the beginning of each of its fields. */
export function TextTile({ sample }: { sample: Sample | undefined }) {
  return (
    <span className="block h-full p-1.5">
      <span className="block h-full overflow-hidden rounded-control border bg-card p-2 text-left">
        {sample?.problem && <span className="text-13 text-muted">{sample.problem}</span>}
        {Object.entries(sample?.row ?? {}).map(([name, text]) => (
          <span key={name} className="flex min-w-0 gap-2 text-13 leading-6">
            <span className="w-32 shrink-0 truncate text-muted">{name}</span>
            <span dir="auto" className="min-w-0 flex-1 truncate">
              {text.slice(0, 400).replaceAll(/\s+/g, " ")}
            </span>
          </span>
        ))}
      </span>
    </span>
  );
}
