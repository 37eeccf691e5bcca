import { useQuery } from "@tanstack/react-query";
import { clsx } from "clsx";
import { Suspense, useId, useLayoutEffect, useRef } from "react";
import { samplesQuery } from "@/features/samples/queries";
import { sequencesQuery } from "@/features/sequences/queries";
import { lazily } from "@/ui/lazily";
import { Spinner } from "@/ui/Spinner";
import { DATASET_TABS, type DatasetTab } from "./datasetSearch";
import { FirstRows } from "./FirstRows";
import { useDatasetSearch } from "./useDatasetSearch";

const SamplesTab = lazily(() => import("@/features/samples/SamplesTab"));
const VersionsTab = lazily(() => import("@/features/versions/VersionsTab"));
const SequencesTab = lazily(() => import("@/features/sequences/SequencesTab"));
const OverviewTab = lazily(() => import("@/features/health/OverviewTab"));
const FigureStrip = lazily(() => import("@/features/health/FigureStrip"));
const HealthTab = lazily(() => import("@/features/health/HealthTab"));
const WholeTables = lazily(() => import("@/features/tables/WholeTables"));

const NAMES: Record<DatasetTab, string> = {
  sequences: "Sequences",
  samples: "Samples",
  first: "First rows",
  rows: "All rows",
  statistics: "Statistics",
  health: "Health",
  ask: "Ask",
  versions: "Versions",
};

/** What has no samples to look at. */
const UNSEEN = ["table", "none"];

interface DatasetTabsProps {
  /** As its address has it: a key, or the id of a row. */
  name: string;
  revision?: string;
  /** It is a built-in dataset, whose samples say why they cannot be shown. */
  builtin: boolean;
  /** The dataset's ref, by which its jobs are told. */
  datasetRef: string;
}

/** What is in a dataset that is here: its samples, the first rows of its tables, all rows, statistics,
 * and answers to questions. */
export function DatasetTabs({ name, revision, builtin, datasetRef }: DatasetTabsProps) {
  const [{ tab: asked }, change] = useDatasetSearch();
  const id = useId();
  const samples = useQuery(samplesQuery({ key: name, revision }));
  const sequences = useQuery(sequencesQuery({ key: name, revision }));
  if (builtin && samples.isPending && !asked) return <Spinner label="Looking for samples…" />;
  const sampled = samples.data ? !UNSEEN.includes(samples.data.task_type) : builtin;
  const pictured = sampled && samples.data?.task_type !== "text";
  const recorded = (sequences.data?.sequences.length ?? 0) > 0;
  const tabs = DATASET_TABS.filter((one) => {
    if (one === "sequences") return recorded;
    return one !== "samples" || sampled;
  });
  // Pictures beside tables are often not what a dataset is about.
  const usual = builtin ? tabs[0] : "first";
  const tab = tabs.find((one) => one === asked) ?? usual ?? "first";
  const listed = sampled && samples.data && samples.data.total > 0 ? samples.data : null;
  return (
    <div className="grid grid-cols-1 gap-3">
      {listed && (
        <Suspense fallback={null}>
          <FigureStrip
            place={{ key: name, revision }}
            samples={listed}
            onStatistics={() => change({ tab: "statistics" })}
          />
        </Suspense>
      )}
      <TabStrip id={id} tabs={tabs} tab={tab} onChoose={(next) => change({ tab: next })} />
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${tab}`}>
        {tab === "first" ? (
          <FirstRows name={name} revision={revision} here />
        ) : (
          <Suspense fallback={<Spinner label="Opening…" />}>
            {tab === "sequences" ? (
              <SequencesTab place={{ key: name, revision }} />
            ) : tab === "samples" ? (
              <SamplesTab place={{ key: name, revision }} />
            ) : tab === "versions" ? (
              <VersionsTab name={name} datasetRef={datasetRef} />
            ) : tab === "health" ? (
              <HealthTab place={{ key: name, revision }} />
            ) : tab === "statistics" && pictured ? (
              <OverviewTab place={{ key: name, revision }} />
            ) : (
              <WholeTables place={{ key: name, revision }} show={tab} />
            )}
          </Suspense>
        )}
      </div>
    </div>
  );
}

interface TabStripProps {
  id: string;
  tabs: readonly DatasetTab[];
  tab: DatasetTab;
  onChoose: (tab: DatasetTab) => void;
}

function TabStrip({ id, tabs, tab, onChoose }: TabStripProps) {
  const strip = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab is open.
  useLayoutEffect(() => {
    // On a telephone not all of them have room: the one that is open is seen.
    const row = strip.current;
    const open = row?.querySelector<HTMLElement>("[aria-selected=true]");
    if (!row || !open) return;
    const end = open.offsetLeft - row.offsetLeft + open.offsetWidth;
    row.scrollLeft = Math.max(0, end - row.clientWidth);
  }, [tab, tabs.length]);
  function move(by: number) {
    const next = tabs[(tabs.indexOf(tab) + by + tabs.length) % tabs.length] ?? tab;
    onChoose(next);
    document.getElementById(`${id}-${next}`)?.focus();
  }
  return (
    <div
      ref={strip}
      role="tablist"
      aria-label="What is in it"
      className="flex gap-1 overflow-x-auto border-b"
    >
      {tabs.map((one) => (
        <button
          key={one}
          id={`${id}-${one}`}
          type="button"
          role="tab"
          aria-selected={tab === one}
          aria-controls={`${id}-panel`}
          tabIndex={tab === one ? 0 : -1}
          onClick={() => onChoose(one)}
          onKeyDown={({ key }) => {
            if (key === "ArrowRight") move(1);
            if (key === "ArrowLeft") move(-1);
          }}
          className={clsx(
            "-mb-px min-h-9 shrink-0 border-b-2 px-3 text-14 touch:min-h-11",
            tab === one
              ? "border-accent font-medium text-fg"
              : "border-transparent text-muted hover:text-fg",
          )}
        >
          {NAMES[one]}
        </button>
      ))}
    </div>
  );
}
