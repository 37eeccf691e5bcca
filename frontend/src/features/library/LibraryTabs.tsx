import { Link } from "@tanstack/react-router";

const TABS = [
  { to: "/library", label: "Datasets" },
  { to: "/library/built-in", label: "Built-in" },
  { to: "/library/add", label: "Add data" },
  { to: "/library/history", label: "History" },
  { to: "/library/clean-up", label: "Clean-up" },
] as const;

/** The screens of the library. */
export function LibraryTabs() {
  return (
    <nav aria-label="Library" className="flex gap-1 overflow-x-auto border-b">
      {TABS.map(({ to, label }) => (
        <Link
          key={to}
          to={to}
          activeOptions={{ exact: true, includeSearch: false }}
          className="-mb-px inline-flex min-h-9 shrink-0 items-center whitespace-nowrap border-b-2 border-transparent px-3 text-14 text-muted outline-offset-[-2px] hover:text-fg touch:min-h-11"
          activeProps={{ className: "border-accent! text-fg! font-medium" }}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
