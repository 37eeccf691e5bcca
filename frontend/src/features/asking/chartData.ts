import type { Chart, QueryRows } from "@/api/types";

export type ChartKind = Chart["kind"];

export interface Point {
  x: number;
  y: number;
}

export interface Bar {
  label: string;
  value: number;
}

const BINS = 20;
/** More bars than these are no picture. */
export const MOST_BARS = 60;
const NUMBERS = ["number", "integer"];
const TIMES = ["date", "time"];

export function isNumber(result: QueryRows, column: number): boolean {
  return NUMBERS.includes(result.columns[column]?.kind ?? "");
}

export function isTime(result: QueryRows, column: number): boolean {
  return TIMES.includes(result.columns[column]?.kind ?? "");
}

/** A cell as a number that can be drawn: neither NaN nor infinite. */
export function numberOf(cell: string | null | undefined): number | null {
  if (cell == null || cell.trim() === "") return null;
  const number = Number(cell);
  return Number.isFinite(number) ? number : null;
}

/** A cell of a column of times as milliseconds. */
function timeOf(cell: string | null | undefined): number | null {
  if (cell == null) return null;
  const moment = Date.parse(/[ T]/.test(cell) ? `${cell.replace(" ", "T")}Z` : cell);
  const plain = Number.isNaN(moment) ? Date.parse(cell) : moment;
  return Number.isNaN(plain) ? null : plain;
}

/** Values by what stands in another column; what has no value is a bar too. */
export function barsOf({ rows }: QueryRows, x: number, y: number): Bar[] {
  return rows.slice(0, MOST_BARS).flatMap((row) => {
    const value = numberOf(row[y]);
    const label = row[x];
    return value === null ? [] : [{ label: label ?? "(no value)", value }];
  });
}

/** Points, from left to right where a line joins them. */
export function pointsOf(result: QueryRows, x: number, y: number): Point[] {
  const across = isTime(result, x) ? timeOf : numberOf;
  return result.rows
    .flatMap((row) => {
      const [left, up] = [across(row[x]), numberOf(row[y])];
      return left === null || up === null ? [] : [{ x: left, y: up }];
    })
    .sort((one, other) => one.x - other.x);
}

/** How many values are in each of some twenty equal steps. */
export function binsOf(
  { rows }: QueryRows,
  x: number,
): { start: number; end: number; count: number }[] {
  const values = rows.map((row) => numberOf(row[x])).filter((value) => value !== null);
  if (values.length === 0) return [];
  const least = values.reduce((one, other) => Math.min(one, other));
  const most = values.reduce((one, other) => Math.max(one, other));
  const width = (most - least) / BINS || 1;
  const count = most > least ? BINS : 1;
  const bins = Array.from({ length: count }, (_, place) => ({
    start: least + place * width,
    end: least + (place + 1) * width,
    count: 0,
  }));
  for (const value of values) {
    const bin = bins[Math.min(count - 1, Math.floor((value - least) / width))];
    if (bin) bin.count += 1;
  }
  return bins;
}

/** Round figures from `least` to `most` for an axis, a few of them. */
export function ticksOf(least: number, most: number, wanted = 4): number[] {
  const span = most - least;
  if (!(span > 0)) return [least];
  const power = 10 ** Math.floor(Math.log10(span / wanted));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => span / one <= wanted);
  if (!step) return [least, most];
  const ticks: number[] = [];
  for (let tick = Math.ceil(least / step) * step; tick <= most + step / 1e6; tick += step) {
    ticks.push(Number(tick.toPrecision(12)));
  }
  return ticks;
}

/** `1,234.5`, `1.2e+21` */
export function figure(number: number): string {
  const size = Math.abs(number);
  if (size !== 0 && (size >= 1e15 || size < 1e-4)) return number.toExponential(2);
  if (Number.isInteger(number)) return number.toLocaleString("en");
  return Number(number.toPrecision(6)).toLocaleString("en", { maximumFractionDigits: 6 });
}

/** The kinds of chart that a result can be drawn as. */
export function kindsFor(result: QueryRows): ChartKind[] {
  const numbers = result.columns.filter((_, place) => isNumber(result, place)).length;
  const times = result.columns.some((_, place) => isTime(result, place));
  if (result.rows.length < 2 || numbers === 0) return [];
  const kinds: ChartKind[] = [];
  if (result.columns.length > 1) kinds.push("bar");
  if (times || numbers > 1) kinds.push("line");
  kinds.push("histogram");
  if (numbers > 1) kinds.push("scatter");
  return kinds;
}

/** The columns that a chart of a kind begins with. */
export function chartOf(result: QueryRows, kind: ChartKind, suited?: Chart | null): Chart {
  if (suited?.kind === kind) return suited;
  const places = result.columns.map((_, place) => place);
  const numbers = places.filter((place) => isNumber(result, place));
  const times = places.filter((place) => isTime(result, place));
  if (kind === "histogram") return { kind, x: numbers[0] ?? 0 };
  const x = kind === "bar" ? 0 : ((kind === "line" ? times[0] : undefined) ?? numbers[0] ?? 0);
  return { kind, x, y: numbers.find((place) => place !== x) ?? numbers[0] ?? 0 };
}
