import { ORDERS, type ResultOrder } from "./resultOrder";

interface OrderSelectProps {
  order: ResultOrder;
  onChange: (order: ResultOrder) => void;
}

export function OrderSelect({ order, onChange }: OrderSelectProps) {
  return (
    <select
      aria-label="Sort results"
      value={order}
      onChange={(event) => onChange(event.target.value as ResultOrder)}
      className="min-h-7 max-w-full shrink-0 rounded-control border bg-card px-1.5 text-13 touch:min-h-11"
    >
      {ORDERS.map(({ order: one, label }) => (
        <option key={one} value={one}>
          {label}
        </option>
      ))}
    </select>
  );
}
