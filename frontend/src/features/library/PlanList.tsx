import { Link } from "@tanstack/react-router";
import { formatBytes, formatDate, plural } from "@/ui/format";
import type { PrunePlan } from "./retention";

/** What would go, in the order in which it would, and what that frees. */
export function PlanList({ plan }: { plan: PrunePlan }) {
  const { datasets, hidden_count, pinned_count, busy_count, irreplaceable_count } = plan;
  const stays = [
    pinned_count > 0 && `${pinned_count.toLocaleString("en")} pinned`,
    busy_count > 0 && `${busy_count.toLocaleString("en")} in use`,
    irreplaceable_count > 0 &&
      `${irreplaceable_count.toLocaleString("en")} with versions or added here`,
  ].filter(Boolean);
  return (
    <div className="grid grid-cols-1 gap-2">
      {datasets.length > 0 && (
        <ul className="grid max-h-96 grid-cols-1 divide-y overflow-y-auto rounded-card border">
          {datasets.map((one) => (
            <li key={one.id} className="flex flex-wrap items-center gap-x-4 px-3 py-2">
              <span className="min-w-0 flex-1 basis-52">
                <Link
                  to="/library/$key"
                  params={{ key: one.key }}
                  search={{ revision: one.revision ?? undefined }}
                  dir="auto"
                  className="block truncate text-14 font-medium underline-offset-2 hover:underline"
                >
                  {one.title}
                </Link>
                <bdi className="block truncate font-mono text-12 text-muted">{one.ref}</bdi>
              </span>
              <span className="text-13 text-muted tabular-nums">
                {one.last_used_at ? `last used ${formatDate(one.last_used_at)}` : "never used"} ·
                frees {formatBytes(one.freed_bytes)}
              </span>
            </li>
          ))}
        </ul>
      )}
      <p className="text-13 text-muted" role="status">
        {datasets.length + hidden_count === 0
          ? "Nothing would go."
          : `${plural(datasets.length + hidden_count, "dataset")}, which frees ${formatBytes(plan.freed_bytes)}. Files that others have too free nothing.`}
        {hidden_count > 0 && ` ${hidden_count.toLocaleString("en")} of them are others'.`}
        {plan.more && " There are more: this is one run."}
        {stays.length > 0 && ` What stays: ${stays.join(", ")}.`}
      </p>
    </div>
  );
}
