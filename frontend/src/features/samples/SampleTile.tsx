import { clsx } from "clsx";
import { useState } from "react";
import type { Sample } from "@/api/types";
import { BoxOverlay } from "./BoxOverlay";
import { thumbnailSizes, withEdge } from "./layers";
import { labelText } from "./sampleText";

/** Shorter sides of an image show its pixels. */
const FEW_PIXELS = 96;

interface SampleTileProps {
  /** Undefined until it has come. */
  sample: Sample | undefined;
  boxed: boolean;
  /** The browser may fetch pictures. */
  allowed: boolean;
  /** How wide it is. */
  tilePx: number;
}

/** An image in small with its boxes and its label. */
export function SampleTile({ sample, boxed, allowed, tilePx }: SampleTileProps) {
  return (
    <span className="flex h-full min-w-0 flex-col p-1.5">
      <span className="relative min-h-0 flex-1 overflow-hidden rounded-control border bg-panel">
        {sample?.thumbnail && allowed && (
          <Thumbnail sample={sample} address={sample.thumbnail} tilePx={tilePx} />
        )}
        {sample?.problem && (
          <span className="block p-2 text-left text-12 text-muted wrap-anywhere">
            {sample.problem}
          </span>
        )}
      </span>
      <span className="block h-6 truncate pt-1 text-left text-12">
        {sample ? (sample.problem ? "Cannot be shown" : labelText(sample, boxed)) : ""}
      </span>
    </span>
  );
}

interface ThumbnailProps {
  sample: Sample;
  address: string;
  tilePx: number;
}

function Thumbnail({ sample, address, tilePx }: ThumbnailProps) {
  const { width, height, boxes, mask } = sample;
  const [failed, setFailed] = useState(false);
  if (failed) return <span className="block p-2 text-12 text-muted">It cannot be read.</span>;
  const few = width != null && height != null && Math.max(width, height) <= FEW_PIXELS;
  return (
    <>
      <img
        src={address}
        srcSet={thumbnailSizes(address)}
        sizes={`${tilePx}px`}
        alt=""
        loading="lazy"
        decoding="async"
        onError={() => setFailed(true)}
        className={clsx(
          "absolute inset-0 size-full object-contain",
          few && "[image-rendering:pixelated]",
        )}
      />
      {mask && (
        <img
          src={withEdge(mask, 192)}
          alt=""
          loading="lazy"
          decoding="async"
          // What cannot be laid over it says so where it is shown large.
          onError={({ currentTarget }) => currentTarget.remove()}
          className="absolute inset-0 size-full object-contain"
        />
      )}
      {width != null && height != null && boxes.length > 0 && (
        <BoxOverlay boxes={boxes} width={width} height={height} />
      )}
    </>
  );
}
