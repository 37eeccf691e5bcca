import { clsx } from "clsx";
import { Minus, Plus, Scan } from "lucide-react";
import { type ComponentProps, type ReactNode, useState } from "react";
import type { Sample } from "@/api/types";
import { LEAST_SIDE_PX, useRoom } from "@/features/annotations/useRoom";
import { Button } from "@/ui/Button";
import { Switch } from "@/ui/Switch";
import { BoxOverlay } from "./BoxOverlay";
import { LAYER_NAMES, type Layer, type Layers } from "./layers";

/** The server sends none that is larger. */
const WHOLE_EDGE = 4096;
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
  layers: Layers;
  /** Those that there are to show or hide. */
  toggles: readonly Layer[];
  onLayers: (layers: Layers) => void;
  /** Further acts, beside the zoom. */
  children?: ReactNode;
}

/** An image as large as fits, or larger, with its boxes and their names. */
export function ZoomedImage(props: ZoomedImageProps) {
  const { sample, address, words, zoom, most, onZoom, layers, toggles, onLayers, children } = props;
  const [failed, setFailed] = useState<"image" | "mask" | null>(null);
  const [whole, setWhole] = useState(false);
  const [seen, setSeen] = useState<{ width: number; height: number } | null>(null);
  const width = sample.width ?? seen?.width ?? LEAST_SIDE_PX;
  const height = sample.height ?? seen?.height ?? LEAST_SIDE_PX;
  const { frame, scale } = useRoom({ width, height }, zoom);
  // Of an image whose size nobody told, what its file has.
  function onLoad({ currentTarget: image }: { currentTarget: HTMLImageElement }) {
    setSeen({ width: image.naturalWidth, height: image.naturalHeight });
  }
  const told = sample.width != null || (whole && Math.max(width, height) < WHOLE_EDGE);
  if (failed === "image")
    return <p className="flex-1 text-14 text-muted">The image cannot be read.</p>;
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-14">
          {words}
          {told && (
            <span className="text-muted tabular-nums">
              {" · "}
              {width} × {height}
            </span>
          )}
          {failed === "mask" && <span className="text-bad"> · Its masks cannot be read.</span>}
        </p>
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          {children}
          {toggles.map((layer) => (
            <Switch
              key={layer}
              label={LAYER_NAMES[layer]}
              checked={layers[layer]}
              onChange={(shown) => onLayers({ ...layers, [layer]: shown })}
            />
          ))}
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
          {!whole && sample.thumbnail && (
            <img
              src={sample.thumbnail}
              alt=""
              onLoad={(event) => sample.width == null && onLoad(event)}
              className="absolute inset-0 size-full blur-sm"
            />
          )}
          <img
            src={address}
            alt={words}
            onLoad={(event) => {
              onLoad(event);
              setWhole(true);
            }}
            onError={() => setFailed("image")}
            className={clsx(
              "relative size-full",
              scale >= PIXELS_SEEN && "[image-rendering:pixelated]",
            )}
          />
          {sample.mask && layers.masks && failed === null && (
            <img
              src={sample.mask}
              alt=""
              onError={() => setFailed("mask")}
              className="absolute inset-0 size-full [image-rendering:pixelated]"
            />
          )}
          <BoxOverlay boxes={sample.boxes} width={width} height={height} layers={layers} />
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
