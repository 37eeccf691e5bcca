import { clsx } from "clsx";
import { Suspense, useId, useState } from "react";
import { FirstRows } from "@/features/library/FirstRows";
import { lazily } from "@/ui/lazily";
import { Spinner } from "@/ui/Spinner";

const WholeTables = lazily(() => import("./WholeTables"));

const TABS = { first: "First rows", rows: "All rows", statistics: "Statistics" } as const;
type Tab = keyof typeof TABS;

/** The tables of a dataset that is here: their first rows at once, all rows and statistics once prepared. */
export function TableTabs({ name, revision }: { name: string; revision?: string }) {
  const [tab, setTab] = useState<Tab>("first");
  const id = useId();
  const tabs = Object.keys(TABS) as Tab[];
  function move(by: number) {
    const next = tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length] ?? "first";
    setTab(next);
    document.getElementById(`${id}-${next}`)?.focus();
  }
  return (
    <div className="grid grid-cols-1 gap-3">
      <div role="tablist" aria-label="Tables" className="flex gap-1 border-b">
        {tabs.map((one) => (
          <button
            key={one}
            id={`${id}-${one}`}
            type="button"
            role="tab"
            aria-selected={tab === one}
            aria-controls={`${id}-panel`}
            tabIndex={tab === one ? 0 : -1}
            onClick={() => setTab(one)}
            onKeyDown={({ key }) => {
              if (key === "ArrowRight") move(1);
              if (key === "ArrowLeft") move(-1);
            }}
            className={clsx(
              "-mb-px min-h-9 border-b-2 px-3 text-14 touch:min-h-11",
              tab === one
                ? "border-accent font-medium text-fg"
                : "border-transparent text-muted hover:text-fg",
            )}
          >
            {TABS[one]}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${tab}`}>
        {tab === "first" ? (
          <FirstRows name={name} revision={revision} here />
        ) : (
          <Suspense fallback={<Spinner label="Opening the tables…" />}>
            <WholeTables place={{ key: name, revision }} show={tab} />
          </Suspense>
        )}
      </div>
    </div>
  );
}
