import { clsx } from "clsx";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { asProblem } from "@/api/problem";
import { range } from "@/features/tables/gridGeometry";
import { Button } from "@/ui/Button";
import { ProblemBox } from "@/ui/ProblemBox";
import { drawn, layOut, stepped } from "./galleryGeometry";
import type { SamplesPlace } from "./queries";
import { SampleTile } from "./SampleTile";
import { labelText } from "./sampleText";
import { TextTile } from "./TextTile";
import { useSampleBlocks } from "./useSampleBlocks";
import { useScrolled } from "./useScrolled";

const MOST_HEIGHT_PX = 576;

interface GalleryProps {
  place: SamplesPlace;
  /** Of the samples of that place. */
  total: number;
  task: string;
  /** How many a text has. */
  fields: number;
  /** The place of the one that is shown large, or was last. */
  shown: number | undefined;
  allowed: boolean;
  onOpen: (place: number) => void;
}

/** Every sample of a split or class; what is drawn is what is seen. */
export function Gallery(props: GalleryProps) {
  const { place, total, task, fields, shown, allowed, onOpen } = props;
  const id = useId();
  const box = useRef<HTMLUListElement>(null);
  const [active, setActive] = useState(shown ?? 0);
  const focusing = useRef(false);
  const { top, width, height, show } = useScrolled(box);
  const texts = task === "text";
  const laid = layOut(total, width, texts ? fields : null);
  const [from, to] = drawn(laid, top, height);
  const blocks = useSampleBlocks(place, from, to);

  const { columns, rowPx } = laid;
  useEffect(() => {
    if (shown === undefined) return;
    setActive(shown);
    show(Math.floor(shown / columns) * rowPx, rowPx);
  }, [shown, columns, rowPx, show]);

  useEffect(() => {
    const tile = focusing.current ? document.getElementById(`${id}-${active}`) : null;
    if (!tile) return;
    focusing.current = false;
    tile.focus({ preventScroll: true });
  });

  function onKeyDown(event: KeyboardEvent) {
    const next = stepped(active, event.key, columns, laid.placed);
    if (next === null) return;
    event.preventDefault();
    focusing.current = true;
    setActive(next);
    show(Math.floor(next / columns) * rowPx, rowPx);
  }

  return (
    <>
      {blocks.error !== undefined && (
        <ProblemBox problem={asProblem(blocks.error)}>
          <Button size="sm" onClick={blocks.refetch}>
            Retry
          </Button>
        </ProblemBox>
      )}
      <ul
        ref={box}
        aria-label="Samples"
        onKeyDown={onKeyDown}
        style={{ height: Math.min(MOST_HEIGHT_PX, laid.heightPx + 2) }}
        className="relative max-h-[75dvh] overflow-x-hidden overflow-y-auto rounded-card border bg-card"
      >
        <li aria-hidden style={{ height: laid.heightPx }} />
        {width > 0 &&
          range(from, to).map((number) => {
            const sample = blocks.sample(number);
            return (
              <li
                key={number}
                aria-setsize={total}
                aria-posinset={number + 1}
                className="absolute"
                style={{
                  top: Math.floor(number / columns) * rowPx,
                  left: (number % columns) * laid.tilePx,
                  width: laid.tilePx,
                  height: rowPx,
                }}
              >
                <button
                  id={`${id}-${number}`}
                  type="button"
                  tabIndex={number === Math.min(to - 1, Math.max(from, active)) ? 0 : -1}
                  aria-label={nameOf(
                    number,
                    sample && !texts ? labelText(sample, task === "detection") : "",
                  )}
                  onFocus={() => setActive(number)}
                  onClick={() => onOpen(number)}
                  className={clsx(
                    "block size-full cursor-pointer rounded-card -outline-offset-2 hover:bg-panel",
                    number === shown && "bg-selected",
                  )}
                >
                  {texts ? (
                    <TextTile sample={sample} />
                  ) : (
                    <SampleTile
                      sample={sample}
                      boxed={task === "detection"}
                      allowed={allowed}
                      tilePx={Math.round(laid.tilePx)}
                    />
                  )}
                </button>
              </li>
            );
          })}
      </ul>
      {laid.placed < total && (
        <p className="text-13 text-muted">
          The first {laid.placed.toLocaleString("en")} are shown: choose a class for others.
        </p>
      )}
    </>
  );
}

/** `Sample 13: cat` */
function nameOf(number: number, label: string): string {
  const name = `Sample ${(number + 1).toLocaleString("en")}`;
  return label ? `${name}: ${label}` : name;
}
