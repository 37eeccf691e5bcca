import { clsx } from "clsx";
import { type ComponentProps, type ReactNode, useId } from "react";
import { focused } from "./focused";

export const INPUT =
  "min-h-9 w-full rounded-control border bg-card px-3 text-14 placeholder:text-muted touch:min-h-11 touch:text-[16px]";

interface FieldProps extends ComponentProps<"input"> {
  label: string;
  /** Why it cannot be used as it is. */
  error?: string;
  hint?: string;
  /** Stands inside the input's right end. */
  end?: ReactNode;
}

/** A labelled input with its error right below it. */
export function Field({ label, error, hint, end, className, autoFocus, ...input }: FieldProps) {
  const id = useId();
  const said = error ?? hint;
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="text-13 font-medium">
        {label}
      </label>
      <div className="relative">
        <input
          id={id}
          ref={autoFocus ? focused : undefined}
          aria-invalid={error ? true : undefined}
          aria-describedby={said ? `${id}-said` : undefined}
          className={clsx(INPUT, error && "border-bad", end && "pr-11", className)}
          {...input}
        />
        {end && <div className="absolute inset-y-0 right-0 flex items-center">{end}</div>}
      </div>
      {said && (
        <p id={`${id}-said`} className={clsx("text-13", error ? "text-bad" : "text-muted")}>
          {said}
        </p>
      )}
    </div>
  );
}
