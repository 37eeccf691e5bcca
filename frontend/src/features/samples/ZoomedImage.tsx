import { clsx } from "clsx";
import { Minus, Plus, Scan } from "lucide-react";
import { type ComponentProps, useLayoutEffect, useRef, useState } from "react";
import type { Sample } from "@/api/types";
import { Button } from "@/ui/Button";
import { Switch } from "@/ui/Switch";
import { BoxOverlay } from "./BoxOverlay";

/** A smaller image is shown as large as this, where there is room. */
const LEAST_SIDE_PX = 480;
/** From so many pixels of the screen for one of its own an image shows these. */
const PIXELS_SEEN = 3;

interface ZoomedImageProps {
  sample: Sample;
  address: string;
  /** What is in it. */
  words: string;
  /** Times as large as fits. */
  zoom: number;
  most: number;
  onZoom: (factor: number) => void;
  boxes: boolean;
  /** Undefined where there are none to show or hide. */
  onBoxes?: (shown: boolean) => void;
}

/** An image as large as fits, or larger, with its boxes and their names. */
export function ZoomedImage(props: ZoomedImageProps) {
  const { sample, address, words, zoom, most, onZoom, boxes, onBoxes } = props;
  const frame = useRef<HTMLElement>(null);
  const [room, setRoom] = useState({ width: 0, height: 0 });
  const [failed, setFailed] = useState(false);
  useLayoutEffect(() => {
    const box = frame.current;
    if (!box) return;
    const look = () => setRoom({ width: box.clientWidth, height: box.clientHeight });
    look();
    const watch = typeof ResizeObserver === "function" ? new ResizeObserver(look) : null;
    watch?.observe(box);
    return () => watch?.disconnect();
  }, []);

  const width = sample.width ?? LEAST_SIDE_PX;
  const height = sample.height ?? LEAST_SIDE_PX;
  const enough = Math.max(1, LEAST_SIDE_PX / Math.max(width, height));
  const scale = zoom * Math.min(room.width / width, room.height / height, enough);
  if (failed) return <p className="flex-1 text-14 text-muted">The image cannot be read.</p>;
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-14">
          {words}
          <span className="text-muted tabular-nums">
            {" · "}
            {sample.width} × {sample.height}
          </span>
        </p>
        <div className="flex items-center gap-1">
          {onBoxes && <Switch checked={boxes} onChange={onBoxes} label="Boxes" />}
          <ZoomButton
            label="Smaller"
            keyName="−"
            disabled={zoom <= 1}
            onClick={() => onZoom(zoom / 2)}
          >
            <Minus aria-hidden />
          </ZoomButton>
          <ZoomButton label="Fit" keyName="0" disabled={zoom <= 1} onClick={() => onZoom(1)}>
            <Scan aria-hidden />
          </ZoomButton>
          <ZoomButton
            label="Larger"
            keyName="+"
            disabled={zoom >= most}
            onClick={() => onZoom(zoom * 2)}
          >
            <Plus aria-hidden />
          </ZoomButton>
        </div>
      </div>
      <section
        ref={frame}
        aria-label="Image"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        // In an image that is larger than its frame the arrows move it.
        onKeyDown={(event) => {
          if (zoom > 1 && event.key.startsWith("Arrow")) event.stopPropagation();
        }}
        onDoubleClick={() => onZoom(zoom === 1 ? 2 : 1)}
        className="flex min-h-0 flex-1 overflow-auto rounded-card border bg-panel"
      >
        <div
          className="relative m-auto shrink-0 overflow-hidden"
          style={{ width: width * scale, height: height * scale }}
        >
          <img
            src={address}
            alt={words}
            onError={() => setFailed(true)}
            className={clsx("size-full", scale >= PIXELS_SEEN && "[image-rendering:pixelated]")}
          />
          {boxes && <BoxOverlay boxes={sample.boxes} width={width} height={height} named />}
        </div>
      </section>
    </div>
  );
}

interface ZoomButtonProps extends ComponentProps<"button"> {
  label: string;
  keyName: string;
}

function ZoomButton({ label, keyName, ...rest }: ZoomButtonProps) {
  return (
    <Button
      variant="ghost"
      size="icon"
      aria-label={label}
      title={`${label} (${keyName})`}
      {...rest}
    />
  );
}
