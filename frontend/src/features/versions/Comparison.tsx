import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { formatBytes, plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";
import {
  type Change,
  comparisonQuery,
  picturesQuery,
  type TableChanges,
  type VersionRow,
  type VersionValue,
  type VersionView,
} from "./queries";

interface ComparisonProps {
  name: string;
  older: VersionView;
  newer: VersionView;
}

const CHANGES = ["added", "removed", "changed"] as const satisfies readonly Change[];
const TONES = { added: "ok", removed: "bad", changed: "warn" } as const;

/** What differs between two versions, table by table, row by row. */
export function Comparison({ name, older, newer }: ComparisonProps) {
  const [table, setTable] = useState<string>();
  const [change, setChange] = useState<Change>();
  const compared = { from: older.id, to: newer.id, table, change };
  const pages = useInfiniteQuery(comparisonQuery(name, compared));
  const first = pages.data?.pages[0];
  const shown = first?.tables.find((one) => one.name === first.table);
  return (
    <Section title={`From version ${older.number} to ${newer.number}`}>
      {pages.isError && <ProblemBox title="Not compared" problem={asProblem(pages.error)} />}
      {pages.isPending && <Spinner label="Comparing row by row…" />}
      {first && !shown && <p className="text-14">No row and no field differs.</p>}
      {first && shown && (
        <>
          <div className="flex flex-wrap gap-2">
            {first.tables.map((one) => (
              <Button
                key={one.name}
                size="sm"
                aria-pressed={one.name === shown.name}
                variant={one.name === shown.name ? "primary" : "outline"}
                onClick={() => {
                  setTable(one.name);
                  setChange(undefined);
                }}
              >
                {one.name}
              </Button>
            ))}
          </div>
          <Summary table={shown} change={change} onChange={setChange} />
          {pages.data?.pages.map((page, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: pages only follow each other
            <Rows key={place} name={name} rows={page.rows} />
          ))}
          {pages.hasNextPage && (
            <Button
              size="sm"
              className="justify-self-start"
              disabled={pages.isFetchingNextPage}
              onClick={() => void pages.fetchNextPage()}
            >
              Show more of {plural(first.total, "row")}
            </Button>
          )}
        </>
      )}
    </Section>
  );
}

interface SummaryProps {
  table: TableChanges;
  change?: Change;
  onChange: (change?: Change) => void;
}

function Summary({ table, change, onChange }: SummaryProps) {
  const fields = [
    ...table.new_fields.map((field) => `+${field}`),
    ...table.dropped_fields.map((field) => `−${field}`),
  ];
  return (
    <div className="flex flex-wrap items-center gap-2">
      {CHANGES.filter((one) => table[one] > 0).map((one) => (
        <Button
          key={one}
          size="sm"
          variant="ghost"
          aria-pressed={change === one}
          className={change === one ? "underline" : undefined}
          onClick={() => onChange(change === one ? undefined : one)}
        >
          {plural(table[one], "row")} {one}
        </Button>
      ))}
      {fields.length > 0 && (
        <span className="font-mono text-12 text-muted wrap-anywhere">{fields.join(" ")}</span>
      )}
    </div>
  );
}

function Rows({ name, rows }: { name: string; rows: readonly VersionRow[] }) {
  const pictures = useQuery(picturesQuery(name, rows)).data;
  return (
    <ul className="grid grid-cols-1 divide-y rounded-card border">
      {rows.map((row) => (
        <li
          key={`${row.before} ${row.after}`}
          className="grid grid-cols-1 gap-1 px-3 py-2 text-13"
          // A long list is laid out as it is scrolled to.
          style={{ contentVisibility: "auto", containIntrinsicSize: "auto 64px" }}
        >
          <span className="flex min-w-0 items-center gap-2">
            <Badge tone={TONES[row.change]}>{row.change}</Badge>
            <bdi className="min-w-0 font-mono text-12 wrap-anywhere">
              {row.name ?? `row ${(row.after ?? row.before ?? 0) + 1}`}
            </bdi>
          </span>
          <dl className="flex flex-wrap gap-x-6 gap-y-1">
            {row.cells.map((cell) => (
              <div key={cell.field} className="flex min-w-0 items-center gap-2">
                <dt className="text-muted">{cell.field}</dt>
                <dd className="flex min-w-0 flex-wrap items-center gap-2">
                  {cell.before && <Value value={cell.before} pictures={pictures} gone />}
                  {cell.before && cell.after && <span aria-hidden>→</span>}
                  {cell.after && <Value value={cell.after} pictures={pictures} />}
                </dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}

interface ValueProps {
  value: VersionValue;
  pictures?: ReadonlyMap<string, string>;
  /** It is of the older version. */
  gone?: boolean;
}

function Value({ value, pictures, gone = false }: ValueProps) {
  const thumbnail = value.sha256 ? pictures?.get(value.sha256) : undefined;
  const when = gone ? "before" : "after";
  if (thumbnail) {
    return <img src={thumbnail} alt={when} className="h-16 max-w-32 rounded-control border" />;
  }
  const text = value.sha256
    ? `${value.text} ${value.sha256.slice(0, 8)} ${formatBytes(value.size_bytes ?? 0)}`
    : (value.text ?? "none");
  const Element = gone ? "del" : "ins";
  return (
    <Element dir="auto" className="min-w-0 no-underline wrap-anywhere">
      {gone ? <s>{text}</s> : text}
    </Element>
  );
}
