import { useEffect, useRef } from "react";

interface CheckboxProps {
  label: string;
  checked: boolean;
  /** Some of what it stands for. */
  mixed?: boolean;
  /** `range`: Shift was held. */
  onToggle: (range: boolean) => void;
}

/** A checkbox of a table's row, with room for a finger around it. */
export function Checkbox({ label, checked, mixed = false, onToggle }: CheckboxProps) {
  const box = useRef<HTMLInputElement>(null);
  const range = useRef(false);
  useEffect(() => {
    if (box.current) box.current.indeterminate = mixed;
  }, [mixed]);
  return (
    <label
      className="flex size-9 items-center justify-center touch:size-11"
      // Shift would select the text between two clicks.
      onMouseDown={(event) => event.shiftKey && event.preventDefault()}
    >
      <input
        ref={box}
        type="checkbox"
        aria-label={label}
        checked={checked}
        className="size-4 accent-accent"
        onClick={(event) => {
          range.current = event.shiftKey;
        }}
        onChange={() => onToggle(range.current)}
      />
    </label>
  );
}
