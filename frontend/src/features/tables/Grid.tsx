// biome-ignore-all lint/a11y/useSemanticElements: rows that are placed by pixels are no table of the browser
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and names the active cell
import { clsx } from "clsx";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { asProblem } from "@/api/problem";
import type { TableColumn, TableView } from "@/api/types";
import { Button } from "@/ui/Button";
import { ProblemBox } from "@/ui/ProblemBox";
import { CellContent, mediaAddress } from "./CellContent";
import { ColumnHead } from "./ColumnHead";
import {
  columnsBetween,
  moved,
  NUMBERS_PX,
  ROW_PX,
  range,
  type Spot,
  startsOf,
} from "./gridGeometry";
import { useNamedPictures } from "./namedPictures";
import type { RowSelection, TablePlace } from "./queries";
import { useBlocks } from "./useBlocks";
import { useColumnStatistics } from "./useColumnStatistics";
import { useGridScroll } from "./useGridScroll";
import { useMediaAccess } from "./useMediaAccess";

const HEAD_PX = 112;
/** Rows that are drawn beyond those that are seen. */
const BEYOND = 6;

interface GridProps {
  place: TablePlace;
  table: TableView;
  selection: RowSelection;
  onSort: (column: number) => void;
  onFilter: (column: number) => void;
  onOpen: (spot: Spot) => void;
  onCount: (rows: number) => void;
}

/** Every row of a table; what is drawn is what is seen. */
export function Grid({ place, table, selection, onSort, onFilter, onOpen, onCount }: GridProps) {
  const box = useRef<HTMLDivElement>(null);
  const [count, setCount] = useState(table.row_count ?? 0);
  const [spot, setSpot] = useState<Spot>({ row: 0, column: 0 });
  const columns = table.columns ?? [];
  const starts = useMemo(() => startsOf(columns), [columns]);
  const scroll = useGridScroll(box, count, HEAD_PX, NUMBERS_PX);
  const shown = {
    from: Math.max(0, Math.floor(scroll.top) - BEYOND),
    to: Math.min(count, Math.ceil(scroll.top + scroll.height / ROW_PX) + BEYOND),
  };
  const across = columnsBetween(starts, scroll.left, scroll.left + Math.max(scroll.width, 320));
  const blocks = useBlocks(place, selection, shown, across, columns.length);
  const visible = range(across.from, across.to);
  const counted = useColumnStatistics(place, selection, across, columns.length);
  const address = useMediaAccess(
    place,
    columns.some(({ kind }) => kind === "media"),
  );
  const texts = visible.filter((number) => columns[number]?.kind === "text");
  const named = useNamedPictures(place, shown, texts, blocks.cell);
  function sourceOf(kind: TableColumn["kind"], row: number, column: number): string | undefined {
    if (kind === "media") return address && mediaAddress(address, place, selection, row, column);
    return kind === "text" ? named.get(blocks.cell(row, column) ?? "")?.thumbnail : undefined;
  }
  const { toTop } = scroll;
  const order = JSON.stringify(selection);
  const ordered = useRef(order);
  useEffect(() => {
    if (ordered.current === order) return;
    ordered.current = order;
    setSpot(({ row, column }) => ({ row: Math.min(row, 0), column }));
    toTop();
  }, [order, toTop]);
  const rowCount = blocks.rowCount;
  useEffect(() => {
    if (rowCount === undefined) return;
    setCount(rowCount);
    onCount(rowCount);
  }, [rowCount, onCount]);

  function onKeyDown(event: KeyboardEvent) {
    if (event.target !== box.current) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (spot.row < 0) onSort(spot.column);
      else onOpen(spot);
      return;
    }
    const page = Math.max(1, Math.floor((scroll.height - HEAD_PX) / ROW_PX) - 1);
    const far = event.ctrlKey || event.metaKey;
    const to = moved(spot, event.key, far, count, columns.length, page);
    if (to === null) return;
    event.preventDefault();
    setSpot(to);
    scroll.show(to.row, starts[to.column] ?? 0, starts[to.column + 1] ?? 0);
  }

  const drawn =
    (spot.row === -1 || (spot.row >= shown.from && spot.row < shown.to)) &&
    spot.column >= across.from &&
    spot.column < across.to;
  const top = scroll.top * ROW_PX;
  const offset = (box.current?.scrollTop ?? 0) - top;
  const width = NUMBERS_PX + (starts.at(-1) ?? 0);
  return (
    <>
      {blocks.error !== undefined && (
        <ProblemBox problem={asProblem(blocks.error)}>
          <Button size="sm" onClick={blocks.refetch}>
            Retry
          </Button>
        </ProblemBox>
      )}
      <div
        ref={box}
        role="grid"
        aria-label={`Rows of ${table.label}`}
        aria-rowcount={count + 1}
        aria-colcount={columns.length + 1}
        // What is out of sight is not drawn, and no place to name.
        aria-activedescendant={drawn ? cellId(spot) : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
        className="h-[32rem] max-h-[75dvh] overflow-auto overscroll-x-contain rounded-card border bg-card text-13 tabular-nums -outline-offset-2"
      >
        <div className="relative" style={{ width, height: HEAD_PX + scroll.px }}>
          <div
            role="row"
            aria-rowindex={1}
            className="sticky top-0 z-20 border-b bg-panel"
            style={{ height: HEAD_PX, width }}
          >
            <div
              role="columnheader"
              aria-colindex={1}
              className="sticky left-0 z-10 h-full border-r bg-panel"
              style={{ width: NUMBERS_PX }}
            >
              <span className="sr-only">Row</span>
            </div>
            {visible.map((number) => {
              const column = columns[number];
              return (
                column && (
                  <div
                    key={number}
                    id={cellId({ row: -1, column: number })}
                    role="columnheader"
                    aria-colindex={number + 2}
                    aria-sort={sortWord(selection, number)}
                    className={clsx(
                      "absolute inset-y-0 border-r",
                      spot.row === -1 && spot.column === number && "bg-selected",
                    )}
                    style={placeOf(starts, number)}
                  >
                    <ColumnHead
                      column={column}
                      statistics={counted[number]}
                      descending={
                        selection.sort === number ? (selection.descending ?? false) : null
                      }
                      onSort={() => onSort(number)}
                      onFilter={() => onFilter(number)}
                    />
                  </div>
                )
              );
            })}
          </div>
          {range(shown.from, shown.to).map((row) => (
            <div
              key={row}
              role="row"
              aria-rowindex={row + 2}
              className="absolute left-0 border-b"
              style={{ top: HEAD_PX + offset + row * ROW_PX, height: ROW_PX, width }}
            >
              <div
                role="rowheader"
                aria-colindex={1}
                className="sticky left-0 z-10 flex h-full items-center justify-end border-r bg-panel px-2 text-12 text-muted"
                style={{ width: NUMBERS_PX }}
              >
                {(row + 1).toLocaleString("en")}
              </div>
              {visible.map((number) => {
                const column = columns[number];
                const here = spot.row === row && spot.column === number;
                return (
                  column && (
                    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid takes the keys
                    <div
                      key={number}
                      id={cellId({ row, column: number })}
                      role="gridcell"
                      tabIndex={-1}
                      aria-colindex={number + 2}
                      onClick={() => {
                        setSpot({ row, column: number });
                        onOpen({ row, column: number });
                      }}
                      className={clsx(
                        "absolute inset-y-0 flex cursor-pointer items-center overflow-hidden px-2 *:min-w-0",
                        (column.kind === "number" || column.kind === "integer") && "justify-end",
                        here && "bg-selected ring-1 ring-ring ring-inset",
                      )}
                      style={placeOf(starts, number)}
                    >
                      <CellContent
                        cell={blocks.cell(row, number)}
                        source={sourceOf(column.kind, row, number)}
                      />
                    </div>
                  )
                );
              })}
            </div>
          ))}
        </div>
      </div>
    </>
  );
}

function cellId({ row, column }: Spot): string {
  return `cell-${row}-${column}`;
}

function placeOf(starts: readonly number[], column: number) {
  const left = starts[column] ?? 0;
  return { left: NUMBERS_PX + left, width: (starts[column + 1] ?? 0) - left };
}

function sortWord({ sort, descending }: RowSelection, column: number) {
  if (sort !== column) return "none" as const;
  return descending ? ("descending" as const) : ("ascending" as const);
}
