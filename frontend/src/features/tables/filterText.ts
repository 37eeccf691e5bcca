import type { TableColumn, TableFilter, TableOperator } from "@/api/types";

/** In the order in which they are offered. */
export const OPERATORS: Record<TableOperator, string> = {
  eq: "=",
  ne: "≠",
  lt: "<",
  le: "≤",
  gt: ">",
  ge: "≥",
  between: "between",
  contains: "contains",
  in: "is one of",
  is_null: "is empty",
  not_null: "is not empty",
};

const OF_TEXT: TableOperator[] = ["contains", "eq", "ne", "in", "is_null", "not_null"];
const OF_NUMBERS: TableOperator[] = [
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "between",
  "in",
  "is_null",
  "not_null",
];

export function operatorsOf(kind: TableColumn["kind"]): TableOperator[] {
  switch (kind) {
    case "number":
    case "integer":
    case "date":
    case "time":
      return OF_NUMBERS;
    case "boolean":
      return ["eq", "is_null", "not_null"];
    case "binary":
    case "media":
      return ["is_null", "not_null"];
    default:
      return OF_TEXT;
  }
}

/** What a person has written, as values; null where it is not enough yet. */
export function valuesOf(op: TableOperator, first: string, second: string): string[] | null {
  if (op === "is_null" || op === "not_null") return [];
  if (op === "between") return first.trim() && second.trim() ? [first, second] : null;
  if (op === "in") {
    const several = first.split(",").map((one) => one.trim());
    return several.some(Boolean) ? several.filter(Boolean) : null;
  }
  return first === "" ? null : [first];
}

/** `price ≥ 100`, `price between 1 and 9` */
export function filterText({ op, values }: TableFilter, name: string): string {
  const word = OPERATORS[op];
  const told = op === "between" ? values.join(" and ") : values.join(", ");
  return [name.trim() || "No name", word, told].filter(Boolean).join(" ");
}
