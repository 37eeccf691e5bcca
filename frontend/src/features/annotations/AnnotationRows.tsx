import { clsx } from "clsx";
import { Trash2 } from "lucide-react";
import { useId } from "react";
import type { Annotation } from "@/api/types";
import { Button } from "@/ui/Button";
import { INPUT } from "@/ui/Field";
import { type Box, type Size, withValue } from "./boxes";
import type { Draft, Trouble } from "./sheet";

const EDGES = ["x", "y", "width", "height"] as const;

interface AnnotationRowsProps {
  drafts: readonly Draft[];
  others: readonly Annotation[];
  troubles: ReadonlyMap<string, Trouble>;
  selected: string | undefined;
  size: Size;
  /** The id of the list of labels that are offered. */
  labels: string;
  onSelect: (id: string) => void;
  onChange: (draft: Draft) => void;
  onRemove: (id: string) => void;
  onSettle: (id: string, mine: boolean) => void;
}

/** Every box and label as a row of fields: all that is drawn can be read and typed without a mouse. */
export function AnnotationRows(props: AnnotationRowsProps) {
  const { drafts, others, troubles, selected } = props;
  return (
    <div className="grid grid-cols-1 gap-3">
      <ul aria-label="My annotations" className="grid grid-cols-1 gap-2">
        {drafts.map((draft, place) => (
          <Row
            key={draft.id}
            {...props}
            draft={draft}
            place={place}
            chosen={draft.id === selected}
            trouble={troubles.get(draft.id)}
          />
        ))}
        {drafts.length === 0 && <li className="text-13 text-muted">Nothing is drawn yet.</li>}
      </ul>
      {others.length > 0 && (
        <ul aria-label="Annotations of others" className="grid gap-1 border-t pt-2 text-13">
          {others.map((one) => (
            <li key={one.id} className="wrap-anywhere">
              {one.label} <span className="text-muted tabular-nums">{placeText(one.box)}</span>
              <span className="block text-12 text-muted">
                {one.author ?? "an account that is gone"}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function placeText(box: readonly number[] | null): string {
  return box ? box.join(", ") : "the whole image";
}

interface RowProps extends AnnotationRowsProps {
  draft: Draft;
  place: number;
  chosen: boolean;
  trouble: Trouble | undefined;
}

function Row({ draft, place, chosen, trouble, size, labels, ...acts }: RowProps) {
  const { id, kind, label, box } = draft;
  const name = `${kind === "box" ? "Box" : "Label"} ${place + 1}`;
  return (
    <li>
      <fieldset
        aria-label={name}
        onFocus={() => acts.onSelect(id)}
        className={clsx("rounded-card border p-2", chosen && "border-accent bg-accent-soft")}
      >
        <div className="flex items-center gap-1">
          <input
            // Another value from outside, of an undo or a key, is shown.
            key={label}
            aria-label={`${name}: label`}
            list={labels}
            defaultValue={label}
            maxLength={200}
            className={clsx(INPUT, "min-w-0")}
            onBlur={({ currentTarget }) => {
              const typed = currentTarget.value.trim();
              if (!typed) currentTarget.value = label;
              else if (typed !== label) acts.onChange({ ...draft, label: typed });
            }}
            onKeyDown={(event) => {
              if (event.key === "Enter") event.currentTarget.blur();
            }}
          />
          <Button
            variant="ghost"
            size="icon"
            aria-label={`Delete ${name.toLowerCase()}`}
            title="Delete (Del)"
            onClick={() => acts.onRemove(id)}
          >
            <Trash2 aria-hidden />
          </Button>
        </div>
        {box && (
          <Edges
            name={name}
            box={box}
            size={size}
            onChange={(to) => acts.onChange({ ...draft, box: to })}
          />
        )}
        {draft.finding && (
          <p className="mt-1 text-12 text-muted">An accepted finding of a model.</p>
        )}
        {trouble && (
          <div role="alert" className="mt-2 grid gap-2 text-13 text-bad">
            <p>
              {trouble.changed
                ? "It was changed or deleted in another window."
                : trouble.problem.detail}
            </p>
            {trouble.changed && (
              <div className="flex gap-2">
                <Button size="sm" onClick={() => acts.onSettle(id, true)}>
                  Keep mine
                </Button>
                <Button size="sm" onClick={() => acts.onSettle(id, false)}>
                  Take the other
                </Button>
              </div>
            )}
          </div>
        )}
      </fieldset>
    </li>
  );
}

interface EdgesProps {
  name: string;
  box: Box;
  size: Size;
  onChange: (box: Box) => void;
}

function Edges({ name, box, size, onChange }: EdgesProps) {
  const id = useId();
  return (
    <div className="mt-1 grid grid-cols-4 gap-1">
      {EDGES.map((edge, place) => (
        <div key={edge} className="min-w-0">
          <label htmlFor={`${id}-${edge}`} className="text-12 text-muted">
            <span className="sr-only">{name}: </span>
            {edge}
          </label>
          <input
            id={`${id}-${edge}`}
            key={box[place]}
            type="number"
            step="any"
            min={0}
            defaultValue={box[place]}
            className={clsx(INPUT, "px-1! tabular-nums")}
            onBlur={({ currentTarget }) => {
              const to = withValue(box, place as 0 | 1 | 2 | 3, currentTarget.valueAsNumber, size);
              if (!to) currentTarget.value = String(box[place]);
              else if (to[place] !== box[place]) onChange(to);
            }}
            onKeyDown={(event) => {
              if (event.key === "Enter") event.currentTarget.blur();
            }}
          />
        </div>
      ))}
    </div>
  );
}
