import { clsx } from "clsx";
import type { ReactNode } from "react";
import { useTitle } from "./useTitle";

interface ScreenProps {
  title: string;
  /** Beside the title. */
  aside?: ReactNode;
  /** It has tables: as wide as there is room. */
  wide?: boolean;
  children: ReactNode;
}

/** A screen that scrolls by itself, with its title. */
export function Screen({ title, aside, wide = false, children }: ScreenProps) {
  useTitle(title);
  return (
    <div className="h-full overflow-y-auto">
      <div
        className={clsx(
          "mx-auto grid grid-cols-1 gap-5 px-4 py-6 md:px-8",
          wide ? "max-w-screen-2xl" : "max-w-5xl",
        )}
      >
        <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
          <h1 dir="auto" className="min-w-0 text-24 font-semibold tracking-tight wrap-anywhere">
            {title}
          </h1>
          {aside}
        </header>
        {children}
      </div>
    </div>
  );
}
