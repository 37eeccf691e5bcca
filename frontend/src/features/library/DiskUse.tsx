import { useQuery } from "@tanstack/react-query";
import { HardDrive } from "lucide-react";
import { storageQuery } from "@/api/queries";
import { formatBytes } from "@/ui/format";

/** The disk under the store: what datasets take of it, and what is free. */
export function DiskUse() {
  const { data } = useQuery(storageQuery);
  if (!data) return null;
  const { total_bytes: total, free_bytes: free, dataset_bytes: datasets, path } = data;
  const other = Math.max(0, total - free - datasets);
  const share = (bytes: number) => `${total > 0 ? (100 * bytes) / total : 0}%`;
  return (
    <div className="grid w-full max-w-72 grid-cols-1 gap-1 text-13 text-muted" title={path}>
      <p className="flex items-center gap-1.5">
        <HardDrive aria-hidden className="size-3.5" />
        {formatBytes(datasets)} in datasets · {formatBytes(free)} free
      </p>
      <div aria-hidden className="flex h-1.5 overflow-hidden rounded-full bg-track">
        <span className="bg-muted/50" style={{ width: share(other) }} />
        <span className="bg-accent" style={{ width: share(datasets) }} />
      </div>
    </div>
  );
}
