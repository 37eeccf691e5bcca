import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import type { SequenceFrame } from "@/api/types";
import { Button } from "@/ui/Button";
import { type Camera, PointRenderer } from "./pointRenderer";

const START: Camera = { turn: 0, tilt: 0.5, distance: 35 };

interface ScanViewProps {
  frame: SequenceFrame;
  boxes: boolean;
}

/** The scan of a frame in space, or from above where this browser has no WebGL. */
export default function ScanView({ frame, boxes }: ScanViewProps) {
  const [flat, setFlat] = useState(false);
  const [without, setWithout] = useState(false);
  if (!frame.points) {
    return (
      <p className="rounded-card border bg-panel p-3 text-14 text-muted">
        The laser scanner recorded nothing at frame {frame.id}.
      </p>
    );
  }
  return (
    <div className="grid grid-cols-1 gap-1">
      {flat || without ? (
        <img
          src={frame.from_above ?? ""}
          alt={`The scan of frame ${frame.id} from above, the way that the car drives upwards`}
          className="aspect-square w-full max-w-xl rounded-control border bg-[black]"
        />
      ) : (
        <SpaceView frame={frame} boxes={boxes} onMissing={setWithout} />
      )}
      <div className="flex flex-wrap items-center gap-3">
        <p className="text-12 text-muted">
          {without
            ? "This browser has no WebGL: the scan is shown from above, 40 m to each side."
            : flat
              ? "From above, 40 m to each side."
              : "One point of each 20 cm. Drag, or use the arrow keys; + and − come nearer."}
        </p>
        {!without && (
          <Button size="sm" onClick={() => setFlat(!flat)}>
            {flat ? "In space" : "From above"}
          </Button>
        )}
      </div>
    </div>
  );
}

/** The points of a frame; the ones before stay until they come. */
function usePoints(address: string) {
  return useQuery({
    queryKey: ["scan-points", address],
    queryFn: async ({ signal }) => {
      const answer = await fetch(address, { signal });
      if (!answer.ok) throw new Error(`The scan cannot be read (${answer.status}).`);
      return new Int16Array(await answer.arrayBuffer());
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
    placeholderData: (before) => before,
  });
}

function SpaceView({
  frame,
  boxes,
  onMissing,
}: ScanViewProps & { onMissing: (missing: true) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const renderer = useRef<PointRenderer | null>(null);
  const [camera, setCamera] = useState(START);
  const points = usePoints(frame.points ?? "");

  useEffect(() => {
    renderer.current = canvas.current && PointRenderer.on(canvas.current);
    if (!renderer.current) onMissing(true);
    return () => renderer.current?.close();
  }, [onMissing]);

  useEffect(() => {
    const drawn = renderer.current;
    const box = canvas.current;
    if (!drawn || !box) return;
    const ratio = Math.min(2, devicePixelRatio);
    box.width = Math.round(box.clientWidth * ratio);
    box.height = Math.round(box.clientHeight * ratio);
    if (points.data) drawn.setPoints(points.data);
    const found = (frame.objects ?? []).flatMap(({ category, corners }) =>
      corners ? [{ category, corners }] : [],
    );
    drawn.setBoxes(boxes ? found : []);
    drawn.draw(camera);
  }, [points.data, frame, boxes, camera]);

  function move(turn: number, tilt: number, nearer = 1) {
    setCamera((now) => ({
      turn: now.turn + turn,
      tilt: Math.max(-0.1, Math.min(1.55, now.tilt + tilt)),
      distance: Math.max(4, Math.min(150, now.distance * nearer)),
    }));
  }

  function onPointerMove(event: PointerEvent) {
    if (event.buttons === 1) move(-event.movementX / 150, event.movementY / 150);
  }

  function onKeyDown(event: KeyboardEvent) {
    const moves: Record<string, [number, number, number?]> = {
      ArrowLeft: [0.1, 0],
      ArrowRight: [-0.1, 0],
      ArrowUp: [0, 0.1],
      ArrowDown: [0, -0.1],
      "+": [0, 0, 0.8],
      "-": [0, 0, 1.25],
      "0": [0, 0],
    };
    const found = moves[event.key];
    if (!found) return;
    // These keys step through the recording elsewhere.
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "0") setCamera(START);
    else move(...found);
  }

  if (points.error) return <p className="text-14 text-muted">{points.error.message}</p>;
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={`The scan of frame ${frame.id} in space, with ${(frame.objects ?? []).length} objects`}
      tabIndex={0}
      onPointerMove={onPointerMove}
      onKeyDown={onKeyDown}
      className="aspect-video w-full touch-none rounded-control border bg-[black]"
    />
  );
}
