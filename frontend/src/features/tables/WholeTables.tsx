import { useQuery } from "@tanstack/react-query";
import { asProblem } from "@/api/problem";
import type { TableView } from "@/api/types";
import AskTab from "@/features/asking/AskTab";
import { JobStatus } from "@/features/downloads/JobStatus";
import { useJobs } from "@/features/downloads/useJobs";
import { useDatasetSearch } from "@/features/library/useDatasetSearch";
import { Button } from "@/ui/Button";
import { Picker } from "@/ui/Picker";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { type TablesPlace, tableQuery } from "./queries";
import { RowsTab } from "./RowsTab";
import { StatisticsTab } from "./StatisticsTab";
import { usePreparedTables } from "./usePreparedTables";

/** Another table has other columns. */
const NO_SELECTION = { q: undefined, filters: undefined, sort: undefined, descending: undefined };

interface WholeTablesProps {
  place: TablesPlace;
  show: "rows" | "statistics" | "ask";
}

/** All rows, the statistics, or answers, of a dataset's tables; opening it starts what makes them readable. */
export default function WholeTables({ place, show }: WholeTablesProps) {
  const { list, prepare, ended } = usePreparedTables(place);
  const [{ table: chosen }, change] = useDatasetSearch();
  const { data } = list;
  const newest = useJobs().find(({ id }) => id === data?.job?.id) ?? data?.job;

  // While the server is away what is shown already stays.
  const trouble = (data ? null : list.error) ?? prepare.error;
  if (trouble) {
    return (
      <ProblemBox problem={asProblem(trouble)}>
        <Button size="sm" onClick={() => (prepare.error ? prepare.mutate() : void list.refetch())}>
          Retry
        </Button>
      </ProblemBox>
    );
  }
  if (!data) return <Spinner label="Looking for tables…" />;
  if (data.tables.length === 0) {
    return (
      <p className="text-14 text-muted">
        {data.reason} {data.next_step}
      </p>
    );
  }
  const table = data.tables.find(({ id }) => id === chosen) ?? firstOf(data.tables);
  return (
    <div className="grid grid-cols-1 gap-3">
      {!data.prepared && (
        <div className="grid grid-cols-1 gap-2 rounded-card border bg-panel p-3">
          <p className="text-14">
            Its files are read once, so that every row can be looked at, filtered and sorted.
          </p>
          {newest ? (
            <JobStatus job={newest} />
          ) : ended ? (
            <p className="text-13 text-muted">Its tables were not prepared.</p>
          ) : (
            <Spinner label="Preparing its tables…" />
          )}
          {ended && (
            <Button size="sm" className="justify-self-start" onClick={() => prepare.mutate()}>
              Try again
            </Button>
          )}
        </div>
      )}
      {data.tables.length > 1 && (
        <TablePicker
          tables={data.tables}
          chosen={table?.id ?? ""}
          onChoose={(id) => change({ ...NO_SELECTION, table: id })}
        />
      )}
      {table && <OneTable key={table.id} place={place} table={table} show={show} />}
    </div>
  );
}

function firstOf(tables: readonly TableView[]): TableView | undefined {
  return tables.find(({ state }) => state === "ready") ?? tables[0];
}

interface OneTableProps extends WholeTablesProps {
  table: TableView;
}

function OneTable({ place, table, show }: OneTableProps) {
  const whole = useQuery({
    ...tableQuery({ ...place, table: table.id }),
    enabled: table.state === "ready",
  });
  if (table.state === "unreadable") {
    return (
      <p className="text-14 text-muted wrap-anywhere">
        {table.label} cannot be shown as a table. {table.problem}
      </p>
    );
  }
  if (table.state === "absent") return null;
  if (whole.error) return <ProblemBox problem={asProblem(whole.error)} />;
  if (!whole.data) return <Spinner label="Opening the table…" />;
  if (show === "ask") return <AskTab place={{ ...place, table: table.id }} />;
  const Tab = show === "rows" ? RowsTab : StatisticsTab;
  return <Tab place={{ ...place, table: table.id }} table={whole.data} />;
}

interface TablePickerProps {
  tables: readonly TableView[];
  chosen: string;
  onChoose: (id: string) => void;
}

/** Which table is shown: by config and split where their files have them. */
function TablePicker({ tables, chosen, onChoose }: TablePickerProps) {
  return (
    <Picker label="Table" value={chosen} onChoose={onChoose}>
      {tables.map((one) => (
        <option key={one.id} value={one.id}>
          {optionText(one)}
        </option>
      ))}
    </Picker>
  );
}

function optionText({ config, split, label, row_count: rows, state }: TableView): string {
  const group = [config, split].filter(Boolean).join(" / ");
  const size =
    rows != null
      ? ` (${rows.toLocaleString("en")} rows)`
      : state === "unreadable"
        ? " (no table)"
        : "";
  return `${group ? `${group}: ` : ""}${label}${size}`;
}
