import { clsx } from "clsx";
import type { ReactNode } from "react";
import type { ComparedDataset, Comparison } from "@/api/types";

type Fact = Comparison["facts"][number];
type Column = Comparison["columns"][number];

interface CompareTableProps {
  comparison: Comparison;
  facts: readonly Fact[];
  columns: readonly Column[];
  /** Beside the name of a dataset, and below it. */
  beside?: (dataset: ComparedDataset) => ReactNode;
  under?: (dataset: ComparedDataset) => ReactNode;
  /** It scrolls in a box of its own, where its header stays. */
  sticky?: boolean;
}

/** Datasets side by side, one in each column. What differs is marked by a sign, and said to be so. */
export function CompareTable({
  comparison,
  facts,
  columns,
  beside,
  under,
  sticky,
}: CompareTableProps) {
  const { datasets } = comparison;
  const known = datasets.map((one) => !one.problem && !one.table_problem);
  return (
    <table
      className="w-full table-fixed border-separate border-spacing-0 text-left text-13"
      style={{ minWidth: LABELS_PX + DATASET_PX * datasets.length }}
    >
      <thead>
        <tr className="align-top">
          <th
            className={clsx(
              HEAD,
              "w-24 min-w-24 sm:w-40",
              sticky && "sticky top-0 left-0 z-30 bg-card",
            )}
          >
            <span className="sr-only">Property</span>
          </th>
          {datasets.map((one) => (
            <th
              key={one.ref}
              scope="col"
              className={clsx(HEAD, "font-normal", sticky && "sticky top-0 z-20 bg-card")}
            >
              <span className="flex items-start gap-1">
                <span
                  dir="auto"
                  className="line-clamp-3 min-w-0 flex-1 font-semibold wrap-anywhere"
                >
                  {one.card?.title ?? one.ref}
                </span>
                {beside?.(one)}
              </span>
              {one.card && (
                <span
                  dir="ltr"
                  title={one.ref}
                  className="line-clamp-3 font-mono text-12 text-muted wrap-anywhere"
                >
                  {one.ref}
                </span>
              )}
              {under?.(one)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {facts.map((fact) => (
          <Row key={fact.name} name={fact.label} differs={fact.differs} sticky={sticky}>
            {fact.values.map((value, place) => (
              <Cell key={datasets[place]?.ref}>
                {value ?? <Unknown failed={datasets[place]?.problem != null} />}
              </Cell>
            ))}
          </Row>
        ))}
      </tbody>
      {columns.length > 0 && (
        <tbody>
          <tr>
            <th
              scope="rowgroup"
              colSpan={datasets.length + 1}
              className="border-b bg-panel px-2 py-1.5 text-12 font-semibold text-muted"
            >
              <span className="sticky left-2">Columns by name</span>
            </th>
          </tr>
          {columns.map((column) => (
            <Row key={column.name} name={column.name} differs={column.differs} sticky={sticky} mono>
              {column.types.map((dtype, place) => (
                <Cell key={datasets[place]?.ref}>
                  {dtype ? (
                    <>
                      {dtype}
                      <Empty column={column} place={place} dataset={datasets[place]} />
                    </>
                  ) : known[place] ? (
                    <span className="text-muted">no such column</span>
                  ) : (
                    <Unknown />
                  )}
                </Cell>
              ))}
            </Row>
          ))}
        </tbody>
      )}
    </table>
  );
}

const HEAD = "border-b px-1.5 py-2 align-top";
const LABEL = "w-28 sm:w-40";
/** What the labels take of a telephone's width, and the least of a dataset: two of them fit there. */
const LABELS_PX = 112;
const DATASET_PX = 122;

interface RowProps {
  name: string;
  differs: boolean;
  sticky?: boolean;
  mono?: boolean;
  children: ReactNode;
}

function Row({ name, differs, sticky, mono, children }: RowProps) {
  return (
    <tr data-differs={differs || undefined} className="align-top">
      <th
        scope="row"
        className={clsx(
          LABEL,
          "border-b py-1.5 pr-0.5 pl-1.5 font-medium break-words hyphens-auto max-sm:text-13",
          sticky && "sticky left-0 z-10 bg-card",
        )}
      >
        <span className="flex gap-0.5">
          <span aria-hidden className="w-3 shrink-0 text-accent">
            {differs && "≠"}
          </span>
          <span className={clsx("min-w-0", mono && "font-mono text-12")}>
            {name}
            {differs && <span className="sr-only"> (differs)</span>}
          </span>
        </span>
      </th>
      {children}
    </tr>
  );
}

function Cell({ children }: { children: ReactNode }) {
  return <td className="border-b px-1.5 py-1.5 wrap-anywhere tabular-nums">{children}</td>;
}

function Unknown({ failed = false }: { failed?: boolean }) {
  return <span className="text-muted">{failed ? "–" : "not known"}</span>;
}

interface EmptyProps {
  column: Column;
  place: number;
  dataset: ComparedDataset | undefined;
}

/** Empty cells among the rows that were read; none are not worth a word. */
function Empty({ column, place, dataset }: EmptyProps) {
  const empty = column.empty[place];
  if (!empty || dataset?.read_rows == null) return null;
  return (
    <span className="block text-12 text-muted">
      {empty.toLocaleString("en")} of {dataset.read_rows.toLocaleString("en")} rows empty
    </span>
  );
}
