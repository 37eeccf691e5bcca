import { clsx } from "clsx";
import { type ComponentProps, useId } from "react";
import { INPUT } from "./Field";

interface PickerProps extends Omit<ComponentProps<"select">, "id" | "onChange"> {
  label: string;
  onChoose: (value: string) => void;
}

/** A menu behind its label, of which a long choice is cut rather than the screen widened. */
export function Picker({ label, onChoose, className, children, ...select }: PickerProps) {
  const id = useId();
  return (
    <span className="flex min-w-0 items-center gap-2">
      <label htmlFor={id} className="text-13 text-muted">
        {label}
      </label>
      <select
        id={id}
        onChange={({ target }) => onChoose(target.value)}
        className={clsx(INPUT, "w-auto! min-w-0 max-w-96 truncate text-13!", className)}
        {...select}
      >
        {children}
      </select>
    </span>
  );
}
