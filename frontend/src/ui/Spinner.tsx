import { LoaderCircle } from "lucide-react";

export function Spinner({ label }: { label?: string }) {
  return (
    <span className="inline-flex items-center gap-2 text-14 text-muted">
      <LoaderCircle aria-hidden className="size-4 animate-spin" />
      {label}
    </span>
  );
}

/** A screen that is on its way. */
export function Loading({ label = "Loading…" }: { label?: string }) {
  return (
    <div className="p-6" role="status">
      <Spinner label={label} />
    </div>
  );
}
