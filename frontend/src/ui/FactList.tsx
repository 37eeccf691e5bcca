import type { ReactNode } from "react";

/** Facts by their names, each on a line of its own where the page is wide. */
export function FactList({ children }: { children: ReactNode }) {
  return <dl className="divide-y rounded-card border bg-card text-13">{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid grid-cols-1 gap-x-4 px-3 py-1.5 sm:grid-cols-[11rem_minmax(0,1fr)]">
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </div>
  );
}
