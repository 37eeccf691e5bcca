import { formatRate } from "@/ui/format";
import type { Sample } from "./rateHistory";

const WIDTH = 300;
const HEIGHT = 56;
/** What the graph shows: up to now. */
const SPAN_MS = 180_000;

/** The points of a line from the left end (three minutes ago) to the right (now), highest at the top. */
export function linePoints(samples: readonly Sample[], now: number, most: number): string {
  return samples
    .filter(({ at }) => now - at <= SPAN_MS)
    .map(({ at, rate }) => {
      const x = WIDTH * (1 - (now - at) / SPAN_MS);
      const y = HEIGHT - (most > 0 ? (HEIGHT - 2) * (rate / most) : 0) - 1;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}

/** How fast a download was in the last three minutes. */
export function RateGraph({ samples }: { samples: readonly Sample[] }) {
  const last = samples.at(-1);
  if (samples.length < 2 || !last) return null;
  const most = Math.max(...samples.map(({ rate }) => rate));
  const points = linePoints(samples, last.at, most);
  const first = points.split(",")[0] ?? "0";
  return (
    <figure className="grid grid-cols-1 gap-1">
      <svg
        role="img"
        aria-label={`Rate of the last minutes: at most ${formatRate(most)}, last ${formatRate(last.rate)}`}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-14 w-full rounded-control border bg-card text-accent"
      >
        <polygon
          points={`${first},${HEIGHT} ${points} ${WIDTH},${HEIGHT}`}
          fill="currentColor"
          opacity="0.15"
        />
        <polyline
          points={points}
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
      <figcaption className="flex justify-between text-12 text-muted tabular-nums">
        <span>3 min ago</span>
        <span>at most {formatRate(most)}</span>
        <span>now</span>
      </figcaption>
    </figure>
  );
}
