import { clsx } from "clsx";
import { Minus, Plus, Redo2, Scan, Square, Undo2 } from "lucide-react";
import { type ReactNode, useId, useRef, useState } from "react";
import { newId } from "@/api/ids";
import { asProblem } from "@/api/problem";
import type { Annotation, SampleBox } from "@/api/types";
import { announce } from "@/ui/announcer";
import { Button } from "@/ui/Button";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { Switch } from "@/ui/Switch";
import { AnnotationCanvas } from "./AnnotationCanvas";
import { AnnotationRows } from "./AnnotationRows";
import { type Box, middleBox, moved, resized, type Size } from "./boxes";
import { annotatorKeys } from "./keys";
import { LabelChooser } from "./LabelChooser";
import type { AnnotatedImage } from "./queries";
import { SavedState } from "./SavedState";
import type { Draft, Sheet, SheetState } from "./sheet";
import { useRoom } from "./useRoom";
import { useLabel, useSheet } from "./useSheet";

const MOST_ZOOM = 16;

export interface AnnotatorProps {
  image: AnnotatedImage;
  address: string;
  alt: string;
  /** The dataset's own, the first of which number keys choose. */
  classes: readonly string[];
  /** The dataset's own boxes, which stay as they are. */
  given?: readonly SampleBox[];
  /** The rows below the image, in a page that scrolls, in place of beside it, in a dialog. */
  stacked?: boolean;
  onClose: () => void;
  /** What else belongs to the image: its export, findings to accept. */
  children?:
    | ReactNode
    | ((put: (draft: Omit<Draft, "id">) => void, taken: ReadonlySet<string>) => ReactNode);
}

/** An image with boxes and labels that are drawn, listed, saved by themselves and undone. */
export default function Annotator(props: AnnotatorProps) {
  const { sheet, state, page } = useSheet(props.image);
  if (page.error && !page.data)
    return (
      <ProblemBox problem={asProblem(page.error)}>
        <Button size="sm" onClick={props.onClose}>
          Back
        </Button>
      </ProblemBox>
    );
  const size = page.data?.image;
  if (!page.data || !size) return <Spinner label="Looking for annotations…" />;
  const others = page.data.annotations.filter(({ mine }) => !mine);
  const used = [...page.data.labels, ...state.drafts.map(({ label }) => label)];
  return (
    <Drawing
      {...props}
      {...{ sheet, state, size, others }}
      labels={[...new Set([...props.classes, ...used])]}
    />
  );
}

interface DrawingProps extends AnnotatorProps {
  sheet: Sheet;
  state: SheetState;
  others: readonly Annotation[];
  size: Size;
  labels: readonly string[];
}

function Drawing({
  sheet,
  state,
  others,
  size,
  labels,
  given = [],
  stacked,
  ...props
}: DrawingProps) {
  const { address, alt, onClose, children } = props;
  const whole = useRef<HTMLDivElement>(null);
  const list = useId();
  const { label, setLabel } = useLabel(labels);
  const [selected, select] = useState<string>();
  const [zoom, setZoom] = useState(1);
  const [everybodys, showEverybodys] = useState(true);
  const { frame, scale } = useRoom(size, zoom);
  const { drafts } = state;
  const chosen = drafts.find(({ id }) => id === selected);

  function put(draft: Omit<Draft, "id">) {
    const id = `annotation_${newId()}`;
    sheet.put({ ...draft, id });
    select(id);
    announce(`${draft.label}: ${draft.box ? "box drawn" : "label given"}`);
  }
  function draw(box: Box) {
    put({ kind: "box", label: label || "object", box });
  }
  function choose(name: string | undefined) {
    if (name === undefined) return;
    setLabel(name);
    if (chosen) sheet.put({ ...chosen, label: name });
  }
  function step(by: 1 | -1) {
    const at = drafts.findIndex(({ id }) => id === selected);
    const next = drafts[(at + by + drafts.length) % drafts.length] ?? drafts[0];
    select(next?.id);
    if (next) announce(`${next.label}, ${drafts.indexOf(next) + 1} of ${drafts.length}`);
  }
  function shift(change: (box: Box) => Box) {
    if (chosen?.box) sheet.put({ ...chosen, box: change(chosen.box) }, `keys ${chosen.id}`);
  }
  function remove(id: string) {
    sheet.remove(id);
    if (id === selected) select(undefined);
    whole.current?.focus();
    announce("Deleted. Ctrl Z brings it back.");
  }
  function travel(back: boolean) {
    const done = back ? sheet.undo() : sheet.redo();
    announce(done ? (back ? "Undone" : "Done again") : `Nothing to ${back ? "undo" : "do again"}`);
  }
  const zoomed = (to: number) => setZoom(Math.min(MOST_ZOOM, Math.max(1, to)));
  const onKeyDown = annotatorKeys({
    selected: chosen !== undefined,
    nudge: (x, y) => shift((box) => moved(box, { x, y }, size)),
    grow: (x, y) => shift((box) => resized(box, "se", { x, y }, size)),
    step,
    draw: () => draw(middleBox(size)),
    remove: () => chosen && remove(chosen.id),
    leave: () => (chosen ? select(undefined) : onClose()),
    undo: () => travel(true),
    redo: () => travel(false),
    choose: (number) => choose(labels[number]),
    zoom: (change) => zoomed(change === "fit" ? 1 : change === "larger" ? zoom * 2 : zoom / 2),
  });
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it hears the keys of what is inside
    <div
      ref={whole}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      data-testid="annotator"
      className={clsx(
        "grid grid-cols-1 gap-3 outline-none",
        !stacked &&
          "min-h-0 flex-1 overflow-y-auto lg:grid-cols-[minmax(0,1fr)_20rem] lg:overflow-hidden",
      )}
    >
      <div
        className={clsx(
          "flex min-w-0 flex-col gap-2",
          stacked ? "h-[70dvh]" : "h-[60dvh] lg:h-auto lg:min-h-0",
        )}
      >
        <div className="flex flex-wrap items-center gap-1">
          <Tool
            label="Undo"
            keyName="Ctrl Z"
            disabled={!state.canUndo}
            onClick={() => travel(true)}
          >
            <Undo2 aria-hidden />
          </Tool>
          <Tool
            label="Do again"
            keyName="Ctrl Shift Z"
            disabled={!state.canRedo}
            onClick={() => travel(false)}
          >
            <Redo2 aria-hidden />
          </Tool>
          <Tool label="New box" keyName="N" onClick={() => draw(middleBox(size))}>
            <Square aria-hidden />
          </Tool>
          <Tool label="Smaller" keyName="−" disabled={zoom <= 1} onClick={() => zoomed(zoom / 2)}>
            <Minus aria-hidden />
          </Tool>
          <Tool label="Fit" keyName="0" disabled={zoom <= 1} onClick={() => zoomed(1)}>
            <Scan aria-hidden />
          </Tool>
          <Tool
            label="Larger"
            keyName="+"
            disabled={zoom >= MOST_ZOOM}
            onClick={() => zoomed(zoom * 2)}
          >
            <Plus aria-hidden />
          </Tool>
          <SavedState state={state} onAgain={sheet.again} />
        </div>
        <section
          ref={frame}
          aria-label="Image to annotate"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
          className="flex min-h-0 flex-1 overflow-auto rounded-card border bg-panel"
        >
          <AnnotationCanvas
            {...{ address, alt, size, scale, drafts, selected }}
            others={everybodys ? others : []}
            numberOf={(name) => labels.indexOf(name)}
            onSelect={select}
            onDraw={draw}
            onChange={(draft) => sheet.put(draft)}
          >
            {everybodys &&
              given.map(({ bbox: [x = 0, y = 0, width = 0, height = 0] }, place) => (
                <rect
                  // biome-ignore lint/suspicious/noArrayIndexKey: they have no name and never move
                  key={place}
                  {...{ x, y, width: Math.max(0, width), height: Math.max(0, height) }}
                  fill="none"
                  stroke="white"
                  strokeOpacity={0.7}
                  strokeDasharray="1 3"
                  vectorEffect="non-scaling-stroke"
                  className="pointer-events-none"
                />
              ))}
          </AnnotationCanvas>
        </section>
      </div>
      <div className={clsx("grid min-w-0 content-start gap-4", !stacked && "lg:overflow-y-auto")}>
        <LabelChooser
          {...{ list, labels, label }}
          onChoose={choose}
          onGive={(name) => put({ kind: "label", label: name, box: null })}
        />
        {(others.length > 0 || given.length > 0) && (
          <Switch
            checked={everybodys}
            onChange={showEverybodys}
            label="Boxes of others"
            hint="Dashed: another person's. Dotted: the dataset's own."
          />
        )}
        <AnnotationRows
          {...{ drafts, selected, size, others: everybodys ? others : [] }}
          troubles={state.troubles}
          labels={list}
          onSelect={select}
          onChange={(draft) => sheet.put(draft)}
          onRemove={remove}
          onSettle={(id, mine) => sheet.settle(id, mine)}
        />
        {typeof children === "function"
          ? children(put, new Set(drafts.flatMap(({ finding }) => finding ?? [])))
          : children}
        <Button onClick={onClose}>Leave off annotating</Button>
      </div>
    </div>
  );
}

interface ToolProps {
  label: string;
  keyName: string;
  disabled?: boolean;
  onClick: () => void;
  children: ReactNode;
}

function Tool({ label, keyName, ...rest }: ToolProps) {
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
