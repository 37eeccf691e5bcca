import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Chart, QueryRows } from "@/api/types";
import { barsOf, binsOf, figure, isTime, MOST_BARS, pointsOf, ticksOf } from "./chartData";

interface ChartViewProps {
  result: QueryRows;
  chart: Chart;
}

/** A result as a picture; the table below it says the same in figures. */
export function ChartView({ result, chart }: ChartViewProps) {
  const x = result.columns[chart.x]?.name ?? "";
  const y = result.columns[chart.y ?? -1]?.name ?? "";
  switch (chart.kind) {
    case "bar":
      return <Bars result={result} x={chart.x} y={chart.y ?? 0} label={`${y} by ${x}`} />;
    case "histogram":
      return <Histogram result={result} x={chart.x} name={x} />;
    default:
      return <Points result={result} chart={chart} names={[x, y]} />;
  }
}

interface BarsProps {
  result: QueryRows;
  x: number;
  y: number;
  label: string;
}

/** Lying bars: their names are whole words, on a phone too. */
function Bars({ result, x, y, label }: BarsProps) {
  const bars = barsOf(result, x, y);
  if (bars.length === 0) return <NothingToDraw />;
  const most = Math.max(0, ...bars.map(({ value }) => value));
  const least = Math.min(0, ...bars.map(({ value }) => value));
  const span = most - least || 1;
  return (
    <figure className="grid gap-2 rounded-card border bg-card p-3">
      <figcaption className="text-13 text-muted wrap-anywhere">
        {label}
        {result.rows.length > MOST_BARS && ` · the first ${MOST_BARS}`}
      </figcaption>
      <ul
        aria-label={label}
        className="grid grid-cols-[minmax(3rem,9rem)_1fr_auto] gap-x-2 gap-y-1 text-13"
      >
        {bars.map(({ label: name, value }, place) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: two may have one name, and none moves
            key={place}
            className="col-span-3 grid grid-cols-subgrid items-center"
          >
            <span dir="auto" className="truncate" title={name}>
              {name || "(empty text)"}
            </span>
            <span aria-hidden className="relative h-4 rounded-[2px] bg-panel">
              <span
                className="absolute inset-y-0 rounded-[2px] bg-accent"
                style={{
                  left: `${(100 * (Math.min(0, value) - least)) / span}%`,
                  width: `${(100 * Math.abs(value)) / span}%`,
                }}
              />
            </span>
            <span className="text-right tabular-nums">{figure(value)}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** Before it is drawn once; then it is as wide as there is room, so that its words keep their size. */
const FIRST_WIDTH = 640;
const MOST_WIDTH = 768;
const HEIGHT = 260;
const EDGE = { left: 64, right: 12, top: 12, bottom: 34 };

/** Places on the drawing for the values of an axis. */
function scaleOf(least: number, most: number, from: number, to: number) {
  const span = most - least || 1;
  return (value: number) => from + ((value - least) / span) * (to - from);
}

interface FrameProps {
  label: string;
  across: { ticks: number[]; place: (value: number) => number; words: (value: number) => string };
  up: { ticks: number[]; place: (value: number) => number };
  names: readonly [string, string];
  width: number;
  onWidth: (width: number) => void;
  children: ReactNode;
}

/** The axes, their figures and their names. */
function Frame({ label, across, up, names, width, onWidth, children }: FrameProps) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    const seen = box.current;
    if (!seen || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(() => onWidth(Math.min(MOST_WIDTH, seen.clientWidth - 24)));
    observer.observe(seen);
    return () => observer.disconnect();
  }, [onWidth]);
  return (
    <figure ref={box} className="grid grid-cols-1 gap-1 rounded-card border bg-card p-3">
      <figcaption className="text-13 text-muted wrap-anywhere">{label}</figcaption>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={label}
        className="w-full max-w-3xl"
      >
        <g className="fill-muted text-[12px] tabular-nums">
          {up.ticks.map((tick) => (
            <g key={tick}>
              <line
                x1={EDGE.left}
                x2={width - EDGE.right}
                y1={up.place(tick)}
                y2={up.place(tick)}
                className="stroke-line"
              />
              <text x={EDGE.left - 6} y={up.place(tick) + 4} textAnchor="end">
                {figure(tick)}
              </text>
            </g>
          ))}
          {across.ticks.map((tick) => (
            <text
              key={tick}
              x={across.place(tick)}
              y={HEIGHT - EDGE.bottom + 16}
              textAnchor="middle"
            >
              {across.words(tick)}
            </text>
          ))}
          <text x={width - EDGE.right} y={HEIGHT - 4} textAnchor="end">
            {names[0].slice(0, 60)}
          </text>
          <text x={4} y={EDGE.top - 2}>
            {names[1].slice(0, 60)}
          </text>
        </g>
        {children}
      </svg>
    </figure>
  );
}

function Histogram({ result, x, name }: { result: QueryRows; x: number; name: string }) {
  const [width, setWidth] = useState(FIRST_WIDTH);
  const bins = binsOf(result, x);
  const [first, last] = [bins[0], bins.at(-1)];
  if (!first || !last) return <NothingToDraw />;
  const most = Math.max(...bins.map(({ count }) => count));
  const place = scaleOf(first.start, last.end, EDGE.left, width - EDGE.right);
  const height = scaleOf(0, most, HEIGHT - EDGE.bottom, EDGE.top);
  return (
    <Frame
      label={`Histogram of ${name}, from ${figure(first.start)} to ${figure(last.end)}`}
      across={{ ticks: ticksOf(first.start, last.end), place, words: figure }}
      up={{ ticks: ticksOf(0, most), place: height }}
      names={[name, "rows"]}
      width={width}
      onWidth={setWidth}
    >
      {bins.map(({ start, end, count }) => (
        <rect
          key={start}
          x={place(start) + 0.5}
          width={Math.max(1, place(end) - place(start) - 1)}
          y={height(count)}
          height={HEIGHT - EDGE.bottom - height(count)}
          className="fill-accent"
        >
          <title>{`${figure(start)} to ${figure(end)}: ${count.toLocaleString("en")}`}</title>
        </rect>
      ))}
    </Frame>
  );
}

interface PointsProps extends ChartViewProps {
  names: readonly [string, string];
}

/** A line, or points by themselves. */
function Points({ result, chart, names }: PointsProps) {
  const [width, setWidth] = useState(FIRST_WIDTH);
  const points = pointsOf(result, chart.x, chart.y ?? 0);
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return <NothingToDraw />;
  const ups = points.map(({ y }) => y);
  const [least, most] = [
    ups.reduce((one, other) => Math.min(one, other)),
    ups.reduce((one, other) => Math.max(one, other)),
  ];
  const place = scaleOf(first.x, last.x, EDGE.left, width - EDGE.right);
  const height = scaleOf(least, most, HEIGHT - EDGE.bottom, EDGE.top);
  const times = isTime(result, chart.x);
  const words = times ? (value: number) => new Date(value).toISOString().slice(0, 10) : figure;
  const ticks = times ? timeTicks(first.x, last.x) : ticksOf(first.x, last.x);
  const line = chart.kind === "line";
  return (
    <Frame
      label={`${names[1]} ${line ? "over" : "against"} ${names[0]}, ${points.length.toLocaleString("en")} points from ${words(first.x)} to ${words(last.x)}`}
      across={{ ticks, place, words }}
      up={{ ticks: ticksOf(least, most), place: height }}
      names={names}
      width={width}
      onWidth={setWidth}
    >
      {line && (
        <polyline
          points={points.map(({ x, y }) => `${place(x)},${height(y)}`).join(" ")}
          className="fill-none stroke-accent"
          strokeWidth={2}
        />
      )}
      {(!line || points.length <= 60) &&
        points.map(({ x, y }, number) => (
          <circle
            // biome-ignore lint/suspicious/noArrayIndexKey: two points may be at one place
            key={number}
            cx={place(x)}
            cy={height(y)}
            r={3}
            className="fill-accent"
            fillOpacity={line ? 1 : 0.6}
          >
            <title>{`${words(x)}: ${figure(y)}`}</title>
          </circle>
        ))}
    </Frame>
  );
}

function timeTicks(from: number, to: number): number[] {
  return from === to
    ? [from]
    : [0, 1, 2, 3].map((part) => from + ((to - from) * (part + 0.15)) / 3.4);
}

function NothingToDraw() {
  return <p className="text-14 text-muted">There is no number in these columns to draw.</p>;
}
