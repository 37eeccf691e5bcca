import { useState } from "react";
import type { Chart, QueryRows } from "@/api/types";
import { INPUT } from "@/ui/Field";
import { Picker } from "@/ui/Picker";
import { ChartView } from "./ChartView";
import { type ChartKind, chartOf, isNumber, kindsFor } from "./chartData";

const NAMES: Record<ChartKind, string> = {
  bar: "Bars",
  line: "Line",
  histogram: "Histogram",
  scatter: "Scatter",
};

interface ChartPickerProps {
  result: QueryRows;
  /** What the server finds suits it. */
  suited?: Chart | null;
}

/** A chart of the answer, of the kind and the columns that a person chooses. */
export function ChartPicker({ result, suited }: ChartPickerProps) {
  const [chart, setChart] = useState<Chart | null>(suited ?? null);
  const kinds = kindsFor(result);
  if (kinds.length === 0) return null;
  const numbers = result.columns.map((_, place) => place).filter((at) => isNumber(result, at));
  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <Picker
          label="Chart"
          value={chart?.kind ?? ""}
          onChoose={(kind) => setChart(kind ? chartOf(result, kind as ChartKind, suited) : null)}
        >
          <option value="">None</option>
          {kinds.map((kind) => (
            <option key={kind} value={kind}>
              {NAMES[kind]}
            </option>
          ))}
        </Picker>
        {chart && result.columns.length > 1 && (
          <>
            <ColumnSelect
              name={chart.kind === "histogram" ? "of" : "across"}
              result={result}
              places={
                chart.kind === "histogram" || chart.kind === "scatter"
                  ? numbers
                  : result.columns.map((_, place) => place)
              }
              value={chart.x}
              onChoose={(x) => setChart({ ...chart, x })}
            />
            {chart.kind !== "histogram" && (
              <ColumnSelect
                name="up"
                result={result}
                places={numbers}
                value={chart.y ?? 0}
                onChoose={(y) => setChart({ ...chart, y })}
              />
            )}
          </>
        )}
      </div>
      {chart && <ChartView result={result} chart={chart} />}
    </div>
  );
}

interface ColumnSelectProps {
  name: string;
  result: QueryRows;
  places: readonly number[];
  value: number;
  onChoose: (place: number) => void;
}

function ColumnSelect({ name, result, places, value, onChoose }: ColumnSelectProps) {
  return (
    <select
      aria-label={`Column ${name}`}
      value={value}
      onChange={({ target }) => onChoose(Number(target.value))}
      className={`${INPUT} w-auto! max-w-48 truncate text-13!`}
    >
      {places.map((place) => (
        <option key={place} value={place}>
          {name}: {result.columns[place]?.name || "(no name)"}
        </option>
      ))}
    </select>
  );
}
