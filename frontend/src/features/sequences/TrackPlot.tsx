import type { TrackPoint } from "@/api/types";

const SIDE = 200;
const EDGE = 12;

interface TrackPlotProps {
  track: readonly TrackPoint[];
  /** The frame that is shown. */
  frame: string;
  position: Record<string, number> | undefined;
}

/** The way that the car drove, north upwards, and what its GPS and IMU say at this frame. No map is asked for. */
export function TrackPlot({ track, frame, position }: TrackPlotProps) {
  const east = track.map((point) => point.east);
  const north = track.map((point) => point.north);
  const [left, bottom] = [Math.min(...east), Math.min(...north)];
  const span = Math.max(1, Math.max(...east) - left, Math.max(...north) - bottom);
  const scale = (SIDE - 2 * EDGE) / span;
  const at = (point: TrackPoint): [number, number] => [
    EDGE + (point.east - left) * scale,
    SIDE - EDGE - (point.north - bottom) * scale,
  ];
  const now = track.find((point) => point.frame === frame);
  const speed = position?.vf;
  return (
    <div className="flex flex-wrap items-start gap-4">
      <figure>
        <svg
          role="img"
          aria-label={`The way that the car drove, ${Math.round(span)} metres across`}
          viewBox={`0 0 ${SIDE} ${SIDE}`}
          className="size-40 rounded-control border bg-panel text-accent"
        >
          <polyline
            points={track.map((point) => at(point).join(",")).join(" ")}
            fill="none"
            stroke="currentColor"
            strokeWidth={2}
          />
          {now && <circle cx={at(now)[0]} cy={at(now)[1]} r={5} fill="currentColor" />}
        </svg>
        <figcaption className="pt-1 text-12 text-muted">
          {Math.round(span)} m across, north upwards
        </figcaption>
      </figure>
      {position ? (
        <dl className="grid grid-cols-[auto_auto] gap-x-3 gap-y-0.5 text-13 tabular-nums">
          <Fact name="Latitude" value={position.lat?.toFixed(6)} />
          <Fact name="Longitude" value={position.lon?.toFixed(6)} />
          <Fact name="Altitude" value={position.alt && `${position.alt.toFixed(1)} m`} />
          <Fact
            name="Speed"
            value={speed === undefined ? undefined : `${(3.6 * speed).toFixed(1)} km/h`}
          />
          <Fact name="Satellites" value={position.numsats} />
        </dl>
      ) : (
        <p className="text-13 text-muted">GPS and IMU recorded nothing at this frame.</p>
      )}
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string | number | undefined }) {
  if (value === undefined) return null;
  return (
    <div className="contents">
      <dt className="text-muted">{name}</dt>
      <dd className="text-right">{value}</dd>
    </div>
  );
}
