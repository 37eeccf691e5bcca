import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { ColumnStatistics, TableView } from "@/api/types";
import { Button } from "@/ui/Button";
import { formatCount, formatDate, plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { range } from "./gridGeometry";
import { aboutColumn, MiniChart } from "./MiniChart";
import { ALL_ROWS, statisticsQuery, type TablePlace } from "./queries";

const AT_A_TIME = 30;

/** Each column of the whole table in figures. */
export function StatisticsTab({ place, table }: { place: TablePlace; table: TableView }) {
  const [shown, setShown] = useState(AT_A_TIME);
  const all = table.columns?.length ?? 0;
  const places = range(0, Math.min(shown, all));
  const { data, error, refetch } = useQuery(statisticsQuery(place, ALL_ROWS, places));
  if (error) {
    return (
      <ProblemBox problem={asProblem(error)}>
        <Button size="sm" onClick={() => void refetch()}>
          Retry
        </Button>
      </ProblemBox>
    );
  }
  if (!data) return <Spinner label="Counting…" />;
  return (
    <div className="grid grid-cols-1 gap-3">
      <p className="text-13 text-muted">
        Of all {plural(data.row_count, "row")}, computed {formatDate(data.made_at)} from{" "}
        {plural(data.files.length, "file")} (SHA-256 {data.files[0]?.slice(0, 12)}…).
      </p>
      <ul className="grid grid-cols-1 gap-3 md:grid-cols-2 xl:grid-cols-3">
        {places.map((number) => {
          const one = data.columns[number];
          return one && <ColumnCard key={number} of={one} />;
        })}
      </ul>
      {shown < all && (
        <Button className="justify-self-start" onClick={() => setShown(shown + AT_A_TIME)}>
          More columns: {formatCount(all - shown)} to come
        </Button>
      )}
    </div>
  );
}

export function ColumnCard({ of }: { of: ColumnStatistics }) {
  return (
    <li className="grid min-w-0 grid-cols-1 content-start gap-2 rounded-card border bg-card p-3">
      <div className="flex min-w-0 items-baseline justify-between gap-2">
        <h2 dir="auto" className="min-w-0 truncate text-14 font-semibold">
          {of.name.trim() || "No name"}
        </h2>
        <span className="shrink-0 font-mono text-12 text-muted">{of.dtype}</span>
      </div>
      {(of.histogram || of.top) && <MiniChart of={of} className="h-16" />}
      <p className="text-12 text-muted">{aboutColumn(of) || "Every row has a value"}</p>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 text-13 tabular-nums">
        {figures(of).map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd dir="auto" className="min-w-0 truncate text-right" title={value}>
              {value}
            </dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

function figures(of: ColumnStatistics): [string, string][] {
  const told: [string, string | null | undefined][] = [
    ["Empty", of.nulls > 0 ? of.nulls.toLocaleString("en") : null],
    ["NaN", of.nan ? of.nan.toLocaleString("en") : null],
    ["Infinite", of.infinite ? of.infinite.toLocaleString("en") : null],
    ["Least", of.min],
    ["25 %", numberText(of.quantiles?.["0.25"])],
    ["50 % (median)", numberText(of.quantiles?.["0.5"])],
    ["75 %", numberText(of.quantiles?.["0.75"])],
    ["Greatest", of.max],
    ["Mean", numberText(of.mean)],
    ["Std. deviation", numberText(of.std)],
    ["Shortest", of.min_size?.toLocaleString("en")],
    ["Longest", of.max_size?.toLocaleString("en")],
    ...(of.top ?? [])
      .slice(0, 5)
      .map(({ value, count }): [string, string] => [value || "(empty text)", formatCount(count)]),
  ];
  return told.filter((one): one is [string, string] => one[1] != null);
}

function numberText(number: number | null | undefined): string | null {
  return number == null
    ? null
    : Number(number.toPrecision(6)).toLocaleString("en", { maximumFractionDigits: 6 });
}
