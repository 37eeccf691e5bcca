import { INPUT } from "@/ui/Field";

interface SelectProps<T extends string> {
  label: string;
  value: T;
  options: readonly { id: T; label: string }[];
  onChange: (value: T) => void;
  disabled?: boolean;
}

/** A choice of a few, as the browser draws it. */
export function Select<T extends string>({ label, value, options, ...rest }: SelectProps<T>) {
  return (
    <select
      aria-label={label}
      title={label}
      value={value}
      disabled={rest.disabled}
      onChange={({ currentTarget }) => rest.onChange(currentTarget.value as T)}
      className={`${INPUT} w-auto! min-w-0 max-sm:flex-1`}
    >
      {options.map(({ id, label: words }) => (
        <option key={id} value={id}>
          {words}
        </option>
      ))}
    </select>
  );
}
