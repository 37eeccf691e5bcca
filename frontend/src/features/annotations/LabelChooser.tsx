import { clsx } from "clsx";
import { type FormEvent, useState } from "react";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";

const KEYS = 9;

interface LabelChooserProps {
  /** The id that fields know the list of labels by. */
  list: string;
  labels: readonly string[];
  /** What the next box gets. */
  label: string;
  onChoose: (label: string) => void;
  /** Give a label to the whole image. */
  onGive: (label: string) => void;
}

/** The label of the next box, or of the one that is selected: a class by its key, or any words. */
export function LabelChooser({ list, labels, label, onChoose, onGive }: LabelChooserProps) {
  const [typed, setTyped] = useState("");
  const words = typed.trim();
  function onSubmit(event: FormEvent) {
    event.preventDefault();
    if (words) onChoose(words);
    setTyped("");
  }
  return (
    <form onSubmit={onSubmit} className="grid gap-2">
      <datalist id={list}>
        {labels.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <fieldset className="flex flex-wrap gap-1">
        <legend className="mb-1 text-13 font-medium">Label</legend>
        {labels.slice(0, KEYS).map((name, place) => (
          <Button
            key={name}
            size="sm"
            aria-pressed={name === label}
            className={clsx("max-w-full", name === label && "border-accent! bg-accent-soft!")}
            onClick={() => onChoose(name)}
          >
            <kbd className="font-mono text-12 text-muted">{place + 1}</kbd>
            <span className="truncate">{name}</span>
          </Button>
        ))}
        {!labels.slice(0, KEYS).includes(label) && label && (
          <Button size="sm" aria-pressed className="max-w-full border-accent! bg-accent-soft!">
            <span className="truncate">{label}</span>
          </Button>
        )}
      </fieldset>
      <Field
        label="Other label"
        list={list}
        value={typed}
        maxLength={200}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      <div className="flex flex-wrap gap-2">
        <Button size="sm" type="submit" disabled={!words}>
          Use for boxes
        </Button>
        <Button
          size="sm"
          disabled={!words && !label}
          onClick={() => {
            onGive(words || label);
            setTyped("");
          }}
        >
          Label the whole image
        </Button>
      </div>
    </form>
  );
}
