import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { StatisticsGroup } from "@/api/types";
import { ColumnCard } from "@/features/tables/StatisticsTab";
import { Button } from "@/ui/Button";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { type ReportPlace, statisticsQuery } from "./queries";
import { ReportState } from "./ReportState";

/** Classes that are shown before one asks for all. */
const FIRST_CLASSES = 15;

/** What the images of a dataset are, in figures. */
export default function OverviewTab({ place }: { place: ReportPlace }) {
  const { data, error } = useQuery(statisticsQuery(place));
  if (error && !data) return <ProblemBox problem={asProblem(error)} />;
  if (!data) return <Spinner label="Looking for its figures…" />;
  return (
    <div className="grid grid-cols-1 gap-4">
      <ReportState place={place} report={data} kind="statistics" />
      {data.groups?.map((group) => (
        <Group key={`${group.name} ${group.of}`} group={group} />
      ))}
    </div>
  );
}

const WORDS: Record<StatisticsGroup["of"], string> = { images: "image", boxes: "box", rows: "row" };

function Group({ group }: { group: StatisticsGroup }) {
  const noun = WORDS[group.of];
  const count =
    group.of === "boxes" && group.total !== 1 ? boxesOf(group.total) : plural(group.total, noun);
  return (
    <section className="grid grid-cols-1 gap-2">
      <h2 className="text-14 font-semibold">
        {group.name}: {count}
        {(group.unreadable ?? 0) > 0 && (
          <span className="font-normal text-bad">
            {" "}
            · {plural(group.unreadable ?? 0, noun)} could not be read
          </span>
        )}
      </h2>
      {group.classes && group.classes.length > 0 && <Classes group={group} />}
      {group.channels && group.channels.length > 0 && (
        <p className="text-13 text-muted">
          Mean and deviation, 0 to 255, of {plural(group.channels[0]?.sampled ?? 0, "image")}:{" "}
          {group.channels
            .map(
              ({ name, mean, deviation }) => `${name} ${mean.toFixed(1)} ± ${deviation.toFixed(1)}`,
            )
            .join(", ")}
        </p>
      )}
      <ul className="grid grid-cols-1 gap-3 md:grid-cols-2 xl:grid-cols-3">
        {group.columns.map((column) => (
          <ColumnCard key={column.name} of={column} />
        ))}
      </ul>
    </section>
  );
}

function boxesOf(total: number): string {
  return `${total.toLocaleString("en")} boxes`;
}

function Classes({ group }: { group: StatisticsGroup }) {
  const [all, setAll] = useState(false);
  const classes = group.classes ?? [];
  const shown = all ? classes : classes.slice(0, FIRST_CLASSES);
  const most = Math.max(1, ...classes.map(({ count }) => count));
  return (
    <div className="grid grid-cols-1 gap-2">
      <ul aria-label={`Classes of ${group.name}`} className="grid grid-cols-1 gap-1 text-13">
        {shown.map(({ value, count }) => (
          <li key={value} className="grid grid-cols-[minmax(0,10rem)_1fr_4rem] items-center gap-2">
            <span dir="auto" className="truncate" title={value}>
              {value}
            </span>
            <span aria-hidden className="h-2 rounded-full bg-panel">
              <span
                className="block h-full rounded-full bg-accent/60"
                style={{ width: `${(100 * count) / most}%` }}
              />
            </span>
            <span className="text-right tabular-nums">{count.toLocaleString("en")}</span>
          </li>
        ))}
      </ul>
      {classes.length > FIRST_CLASSES && !all && (
        <Button size="sm" className="justify-self-start" onClick={() => setAll(true)}>
          All {classes.length.toLocaleString("en")} classes
        </Button>
      )}
    </div>
  );
}
