import { clsx } from "clsx";
import { type PointerEvent, type ReactNode, useRef, useState } from "react";
import type { Annotation } from "@/api/types";
import { colourOf } from "@/features/samples/sampleText";
import {
  type Box,
  boxBetween,
  HANDLES,
  type Handle,
  handlePoint,
  moved,
  type Point,
  resized,
  type Size,
} from "./boxes";
import type { Draft } from "./sheet";

/** Pixels of the screen: a shorter way of the pointer is a click. */
const CLICK_PX = 4;
const HANDLE_PX = 10;
/** A finger is wider than what it points at. */
const TOUCH_PX = 26;

interface AnnotationCanvasProps {
  address: string;
  alt: string;
  size: Size;
  /** Pixels of the screen for one of the image. */
  scale: number;
  drafts: readonly Draft[];
  others: readonly Annotation[];
  selected: string | undefined;
  numberOf: (label: string) => number;
  onSelect: (id: string | undefined) => void;
  onDraw: (box: Box) => void;
  onChange: (draft: Draft) => void;
  children?: ReactNode;
}

type Act =
  | { does: "draw"; from: Point; hit: string | undefined }
  | { does: "move"; from: Point; draft: Draft }
  | { does: "resize"; from: Point; draft: Draft; handle: Handle };

/** The image with boxes over it, drawn, moved and resized by mouse, pen or finger. */
export function AnnotationCanvas(props: AnnotationCanvasProps) {
  const { address, alt, size, scale, drafts, others, selected, numberOf, children } = props;
  const svg = useRef<SVGSVGElement>(null);
  const [act, setAct] = useState<Act>();
  const [live, setLive] = useState<Box>();
  const boxes = drafts.filter(({ box }) => box !== null);
  const chosen = boxes.find(({ id }) => id === selected);

  function pointOf({ clientX, clientY }: PointerEvent): Point {
    const frame = svg.current?.getBoundingClientRect();
    if (!frame) return { x: 0, y: 0 };
    return {
      x: ((clientX - frame.left) / frame.width) * size.width,
      y: ((clientY - frame.top) / frame.height) * size.height,
    };
  }

  function onPointerDown(event: PointerEvent<SVGSVGElement>) {
    // A second finger moves and enlarges the page.
    if (event.button !== 0 || !event.isPrimary) return;
    event.preventDefault();
    svg.current?.setPointerCapture(event.pointerId);
    const { handle, box: hit } = (event.target as SVGElement).dataset;
    const from = pointOf(event);
    if (handle && chosen) setAct({ does: "resize", from, draft: chosen, handle: handle as Handle });
    else if (hit !== undefined && hit === chosen?.id) setAct({ does: "move", from, draft: chosen });
    else setAct({ does: "draw", from, hit });
  }

  function onPointerMove(event: PointerEvent) {
    if (!act) return;
    const to = pointOf(event);
    const by = { x: to.x - act.from.x, y: to.y - act.from.y };
    if (live === undefined && Math.hypot(by.x, by.y) * scale < CLICK_PX) return;
    if (act.does === "draw") setLive(boxBetween(act.from, to, size));
    else if (act.draft.box)
      setLive(
        act.does === "move"
          ? moved(act.draft.box, by, size)
          : resized(act.draft.box, act.handle, by, size),
      );
  }

  function onPointerUp() {
    if (act?.does === "draw") {
      if (live === undefined) props.onSelect(act.hit);
      else if (hasArea(live)) props.onDraw(live);
    } else if (act && live && hasArea(live)) props.onChange({ ...act.draft, box: live });
    stop();
  }

  function stop() {
    setAct(undefined);
    setLive(undefined);
  }

  const changing = act && act.does !== "draw" ? act.draft.id : undefined;
  const shownBox = (draft: Draft) => (draft.id === changing && live ? live : draft.box) as Box;
  return (
    <div
      className="relative m-auto shrink-0 overflow-hidden"
      style={{ width: size.width * scale, height: size.height * scale }}
    >
      <img
        src={address}
        alt={alt}
        draggable={false}
        className={clsx("size-full", scale >= 3 && "[image-rendering:pixelated]")}
      />
      <svg
        ref={svg}
        aria-hidden
        data-testid="drawing"
        viewBox={`0 0 ${size.width} ${size.height}`}
        preserveAspectRatio="none"
        className="absolute inset-0 size-full cursor-crosshair touch-pinch-zoom select-none"
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={stop}
      >
        {children}
        {others.map((one) =>
          one.box ? (
            <Drawn key={one.id} box={one.box as Box} colour={colourOf(numberOf(one.label))} other />
          ) : null,
        )}
        {boxes.map((draft) => (
          <Drawn
            key={draft.id}
            id={draft.id}
            box={shownBox(draft)}
            colour={colourOf(numberOf(draft.label))}
            selected={draft.id === selected}
          />
        ))}
        {act?.does === "draw" && live && <Drawn box={live} colour="white" selected />}
        {chosen && <Handles box={shownBox(chosen)} scale={scale} />}
      </svg>
      {others.map((one) => (
        <Name
          key={one.id}
          box={one.box}
          size={size}
          text={`${one.label} · ${one.author ?? "account gone"}`}
        />
      ))}
      {boxes.map((draft) => (
        <Name
          key={draft.id}
          box={shownBox(draft)}
          size={size}
          text={draft.label}
          colour={colourOf(numberOf(draft.label))}
        />
      ))}
    </div>
  );
}

function hasArea([, , width, height]: Box): boolean {
  return width > 0 && height > 0;
}

interface DrawnProps {
  id?: string;
  box: Box;
  colour: string;
  selected?: boolean;
  /** Another person's: dashed, and not to be touched. */
  other?: boolean;
}

function Drawn({
  id,
  box: [x, y, width, height],
  colour,
  selected = false,
  other = false,
}: DrawnProps) {
  const rect = { x, y, width, height, vectorEffect: "non-scaling-stroke" } as const;
  return (
    <g className={other ? "pointer-events-none" : undefined}>
      <rect
        {...rect}
        fill="none"
        stroke="black"
        strokeOpacity={0.6}
        strokeWidth={selected ? 6 : 4}
      />
      <rect
        {...rect}
        data-box={id}
        fill={selected ? colour : "transparent"}
        fillOpacity={0.15}
        stroke={colour}
        strokeWidth={selected ? 3 : 2}
        strokeDasharray={other ? "3 5" : undefined}
        className={selected ? "cursor-move" : undefined}
      />
    </g>
  );
}

function Handles({ box, scale }: { box: Box; scale: number }) {
  const coarse = typeof matchMedia === "function" && matchMedia("(pointer: coarse)").matches;
  const reach = (coarse ? TOUCH_PX : HANDLE_PX + 6) / scale;
  const side = HANDLE_PX / scale;
  return HANDLES.map((handle) => {
    const { x, y } = handlePoint(box, handle);
    return (
      <g key={handle} style={{ cursor: `${handle}-resize` }}>
        <rect
          x={x - side / 2}
          y={y - side / 2}
          width={side}
          height={side}
          fill="white"
          stroke="black"
          vectorEffect="non-scaling-stroke"
        />
        <rect
          data-handle={handle}
          x={x - reach / 2}
          y={y - reach / 2}
          width={reach}
          height={reach}
          fill="transparent"
        />
      </g>
    );
  });
}

interface NameProps {
  box: readonly number[] | null;
  size: Size;
  text: string;
  /** Of my own; another's is white. */
  colour?: string;
}

function Name({ box, size, text, colour = "white" }: NameProps) {
  const [x = 0, y = 0] = box ?? [];
  if (!box) return null;
  return (
    <span
      aria-hidden
      className="pointer-events-none absolute max-w-full truncate rounded-br-control px-1 text-12 leading-tight text-[black]"
      style={{
        left: `${Math.min(97, (100 * x) / size.width)}%`,
        top: `${Math.min(97, (100 * y) / size.height)}%`,
        backgroundColor: colour,
      }}
    >
      {text}
    </span>
  );
}
