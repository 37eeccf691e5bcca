import { useState } from "react";
import type { SequenceFrame } from "@/api/types";
import { objectColour } from "./objectColours";

const NAMES: Record<string, string> = {
  image_00: "Left grey camera",
  image_01: "Right grey camera",
  image_02: "Left colour camera",
  image_03: "Right colour camera",
};

interface CameraViewProps {
  camera: string;
  frame: SequenceFrame;
  boxes: boolean;
  /** Its image is there, or is known not to come. */
  onLoad?: () => void;
}

/** One camera's image, with the edges of the objects in it. */
export function CameraView({ camera, frame, boxes, onLoad }: CameraViewProps) {
  const [failed, setFailed] = useState("");
  const image = frame.cameras[camera];
  if (!image) return null;
  const name = NAMES[camera] ?? camera;
  const seen = (frame.objects ?? []).filter((one) => one.cameras[camera]);
  const words = `${name}, frame ${frame.id}: ${seen.map((one) => one.category).join(", ") || "no objects"}`;
  return (
    <figure className="grid grid-cols-1 gap-1">
      <div
        className="relative overflow-hidden rounded-control border bg-panel"
        style={{ aspectRatio: `${image.width} / ${image.height}` }}
      >
        {failed === image.address ? (
          <p className="p-2 text-13 text-muted">The image cannot be read.</p>
        ) : (
          <img
            src={image.address}
            alt={words}
            onLoad={onLoad}
            onError={() => {
              setFailed(image.address);
              onLoad?.();
            }}
            className="absolute inset-0 size-full object-contain"
          />
        )}
        {boxes && (
          <svg
            aria-hidden
            viewBox={`0 0 ${image.width} ${image.height}`}
            className="pointer-events-none absolute inset-0 size-full"
          >
            {seen.map((one, place) => (
              <path
                // biome-ignore lint/suspicious/noArrayIndexKey: objects have no name and never move
                key={place}
                d={outline(one.cameras[camera])}
                fill="none"
                stroke={objectColour(one.category)}
                strokeWidth={2}
                vectorEffect="non-scaling-stroke"
              />
            ))}
          </svg>
        )}
      </div>
      <figcaption className="text-12 text-muted">{name}</figcaption>
    </figure>
  );
}

/** The edges of an object's box in space, or the box in the image where only that is known. */
function outline(box: { bbox: number[]; edges: number[][] } | undefined): string {
  const [x = 0, y = 0, w = 0, h = 0] = box?.bbox ?? [];
  if (!box || box.edges.length === 0) return `M${x} ${y}h${w}v${h}h${-w}z`;
  return box.edges.map(([a, b, c, d]) => `M${a} ${b}L${c} ${d}`).join("");
}
