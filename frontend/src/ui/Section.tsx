import type { ReactNode } from "react";

interface SectionProps {
  title: string;
  intro?: ReactNode;
  aside?: ReactNode;
  children?: ReactNode;
}

/** A titled part of a screen. */
export function Section({ title, intro, aside, children }: SectionProps) {
  return (
    <section className="grid grid-cols-1 gap-3">
      <div className="flex items-center justify-between gap-3">
        <div className="min-w-min">
          <h2 className="text-15 font-semibold">{title}</h2>
          {intro && <p className="text-14 text-muted">{intro}</p>}
        </div>
        {aside}
      </div>
      {children}
    </section>
  );
}
