import { clsx } from "clsx";
import { ArrowDown, ArrowUp } from "lucide-react";
import type { ReactNode } from "react";
import type { ResultOrder } from "./resultOrder";

/** What the first press on a header shows first. */
const FIRST = {
  title: "up",
  size: "up",
  licence: "up",
  date: "down",
  downloads: "down",
} as const;

interface OrderHeaderProps {
  column: keyof typeof FIRST;
  order: ResultOrder;
  onOrder: (order: ResultOrder) => void;
  right?: boolean;
  className?: string;
  children: ReactNode;
}

/** The header of a column; pressed, the table is sorted by it, and pressed again the other way round. */
export function OrderHeader({ column, order, onOrder, right, ...rest }: OrderHeaderProps) {
  const { className, children } = rest;
  const [by, direction] = order.split(" ");
  const mine = by === column;
  const first = FIRST[column];
  const other = first === "up" ? "down" : "up";
  const Arrow = direction === "up" ? ArrowUp : ArrowDown;
  return (
    <th
      aria-sort={mine ? (direction === "up" ? "ascending" : "descending") : undefined}
      className={clsx("px-2 font-medium", className)}
    >
      <button
        type="button"
        onClick={() => onOrder(`${column} ${mine && direction === first ? other : first}`)}
        className={clsx(
          "flex min-h-8 w-full items-center gap-1 hover:text-fg touch:min-h-11",
          right && "justify-end",
          mine && "text-fg",
        )}
      >
        {children}
        {mine && <Arrow aria-hidden className="size-3.5 shrink-0" />}
      </button>
    </th>
  );
}
