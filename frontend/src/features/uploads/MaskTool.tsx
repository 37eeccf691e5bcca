import { useMutation } from "@tanstack/react-query";
import { clsx } from "clsx";
import { type PointerEvent, useRef, useState } from "react";
import { answerOf, api } from "@/api/client";
import { queryClient } from "@/api/live";
import { asProblem } from "@/api/problem";
import type { UploadView } from "@/api/types";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { type Area, areaBetween, inPixels, type Point } from "./mask";
import { UPLOADS_KEY } from "./queries";

interface MaskToolProps {
  upload: UploadView;
  address: string;
  /** The picture that is wanted is on its way; this is the one before. */
  stale: boolean;
  masking: boolean;
  onDone: () => void;
}

/** The picture, and while `masking` rectangles that are drawn on it to be painted over. */
export function MaskTool({ upload, address, stale, masking, onDone }: MaskToolProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [from, setFrom] = useState<Point>();
  const [areas, setAreas] = useState<readonly Area[]>([]);
  const [drawn, setDrawn] = useState<Area>();

  function pointOf({ clientX, clientY }: PointerEvent): Point {
    const box = frame.current?.getBoundingClientRect();
    if (!box) return { x: 0, y: 0 };
    return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
  }

  function onPointerDown(event: PointerEvent) {
    if (!masking || event.button !== 0) return;
    event.preventDefault();
    frame.current?.setPointerCapture(event.pointerId);
    setFrom(pointOf(event));
  }

  function onPointerMove(event: PointerEvent) {
    if (from) setDrawn(areaBetween(from, pointOf(event)));
  }

  function onPointerUp() {
    if (drawn && drawn.width > 0.002 && drawn.height > 0.002) setAreas([...areas, drawn]);
    setFrom(undefined);
    setDrawn(undefined);
  }

  return (
    <div className="grid gap-3">
      <div className="flex justify-center rounded-card border bg-panel p-1">
        <div
          ref={frame}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          className={clsx("relative", masking && "cursor-crosshair touch-none select-none")}
          style={{
            aspectRatio: `${upload.width} / ${upload.height}`,
            width: `min(100%, calc(65dvh * ${upload.width / upload.height}))`,
          }}
        >
          <img
            src={address}
            alt={upload.original_filename}
            draggable={false}
            className={clsx("size-full", stale && "opacity-70")}
          />
          {[...areas, ...(drawn ? [drawn] : [])].map((area) => (
            <span
              key={`${area.x} ${area.y} ${area.width} ${area.height}`}
              className="absolute border border-bad bg-black"
              style={{
                left: `${100 * area.x}%`,
                top: `${100 * area.y}%`,
                width: `${100 * area.width}%`,
                height: `${100 * area.height}%`,
              }}
            />
          ))}
        </div>
      </div>
      {masking && (
        <MaskForm
          upload={upload}
          areas={areas}
          onUndo={() => setAreas(areas.slice(0, -1))}
          onDone={() => {
            setAreas([]);
            onDone();
          }}
        />
      )}
    </div>
  );
}

interface MaskFormProps {
  upload: UploadView;
  areas: readonly Area[];
  onUndo: () => void;
  onDone: () => void;
}

function MaskForm({ upload, areas, onUndo, onDone }: MaskFormProps) {
  const path = { category: upload.category, upload_id: upload.id };
  const mask = useMutation({
    mutationFn: () =>
      answerOf(
        api.POST("/api/uploads/{category}/{upload_id}/mask", {
          params: { path },
          body: { rectangles: areas.map((area) => inPixels(area, upload)) },
        }),
      ),
    onSuccess: async () => {
      announce(areas.length > 0 ? "Painted over" : "Noted");
      await queryClient.invalidateQueries({ queryKey: UPLOADS_KEY });
      onDone();
    },
  });
  return (
    <div className="grid gap-2 rounded-card border bg-card p-3 text-14">
      <p>
        {areas.length > 0
          ? `${plural(areas.length, "rectangle")} will be painted over in every frame. That cannot be undone.`
          : "Draw rectangles over what names a person. If nothing does, say so."}
      </p>
      {mask.isError && <ProblemBox problem={asProblem(mask.error)} />}
      <div className="flex flex-wrap gap-2">
        <Button variant="primary" disabled={mask.isPending} onClick={() => mask.mutate()}>
          {areas.length > 0 ? "Paint over" : "I have looked; there is nothing"}
        </Button>
        <Button disabled={areas.length === 0} onClick={onUndo}>
          Undo
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
    </div>
  );
}
