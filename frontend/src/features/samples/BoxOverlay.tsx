import type { SampleBox } from "@/api/types";
import { BOXES_ALONE, type Layers } from "./layers";
import { colourOf } from "./sampleText";

interface BoxOverlayProps {
  boxes: readonly SampleBox[];
  /** Of the whole image, in pixels. */
  width: number;
  height: number;
  /** What of them is drawn. */
  layers?: Layers;
}

/** The boxes of an image over it, wherever it is shown in the middle of its frame and as large as fits. */
export function BoxOverlay({ boxes, width, height, layers = BOXES_ALONE }: BoxOverlayProps) {
  return (
    <>
      <svg
        aria-hidden
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="xMidYMid meet"
        className="pointer-events-none absolute inset-0 size-full"
      >
        {boxes.map(
          (
            { bbox: [x = 0, y = 0, w = 0, h = 0], category_id: category, crowd, outlines },
            place,
          ) => {
            const rect = {
              x,
              y,
              width: Math.max(0, w),
              height: Math.max(0, h),
              fill: "none",
              vectorEffect: "non-scaling-stroke",
            } as const;
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: boxes have no name and never move
              <g key={place}>
                {layers.masks &&
                  outlines.map((outline, part) => (
                    <polygon
                      // biome-ignore lint/suspicious/noArrayIndexKey: as their boxes
                      key={part}
                      points={outline.join(" ")}
                      fill={colourOf(category)}
                      fillOpacity={0.35}
                      stroke={colourOf(category)}
                      vectorEffect="non-scaling-stroke"
                    />
                  ))}
                {layers.boxes && (
                  <>
                    <rect {...rect} stroke="black" strokeOpacity={0.6} strokeWidth={4} />
                    <rect
                      {...rect}
                      stroke={colourOf(category)}
                      strokeWidth={2}
                      strokeDasharray={crowd ? "6 4" : undefined}
                    />
                  </>
                )}
              </g>
            );
          },
        )}
      </svg>
      {layers.labels &&
        boxes.map(({ bbox: [x = 0, y = 0], category, category_id: number }, place) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: as their boxes
            key={place}
            className="pointer-events-none absolute max-w-full truncate rounded-br-control px-1 text-12 leading-tight text-[black]"
            style={{
              left: percent(x, width),
              top: percent(y, height),
              backgroundColor: colourOf(number),
            }}
          >
            {category}
          </span>
        ))}
    </>
  );
}

/** A box that begins beyond an edge has its name at the edge. */
function percent(place: number, whole: number): string {
  return `${Math.min(97, Math.max(0, (100 * place) / whole))}%`;
}
