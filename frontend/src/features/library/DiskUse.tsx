import { useQuery } from "@tanstack/react-query";
import { HardDrive, TriangleAlert } from "lucide-react";
import { storageQuery } from "@/api/queries";
import type { StorageView } from "@/api/types";
import { formatBytes } from "@/ui/format";
import { diskWarning, sharesOf } from "./diskText";

/** The disk of the downloads: what Dataferry has of it, what others have, and what is free. */
export function DiskUse() {
  const { data } = useQuery(storageQuery);
  return data ? <Disk disk={data} /> : null;
}

function Disk({ disk }: { disk: StorageView }) {
  const { mine, other, free } = sharesOf(disk);
  const warning = diskWarning(disk);
  const part = (bytes: number) => `${disk.total_bytes > 0 ? (100 * bytes) / disk.total_bytes : 0}%`;
  return (
    <section
      aria-label="Disk space"
      className="grid w-full max-w-96 grid-cols-1 gap-1 text-12 text-muted tabular-nums"
    >
      <p className="flex min-w-0 items-center gap-1.5" title={disk.path}>
        <HardDrive aria-hidden className="size-3.5 shrink-0" />
        <span className="min-w-0 truncate">
          {formatBytes(free)} free of {formatBytes(disk.total_bytes)}
          <span className="sr-only"> on the disk of {disk.path}</span>
        </span>
      </p>
      <div aria-hidden className="flex h-2 gap-px overflow-hidden rounded-full bg-track">
        <span className="min-w-px bg-accent" style={{ width: part(mine) }} />
        <span className="bg-muted/60" style={{ width: part(other) }} />
      </div>
      <p className="flex flex-wrap gap-x-3">
        <Key className="bg-accent">
          Dataferry {formatBytes(mine)}
          {disk.partial_bytes > 0 && ` (${formatBytes(disk.partial_bytes)} under way)`}
        </Key>
        <Key className="bg-muted/60">everything else {formatBytes(other)}</Key>
      </p>
      {warning && (
        <p className="flex items-start gap-1.5 text-warn">
          <TriangleAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
          {warning}
        </p>
      )}
      {disk.database_disk && (
        <p title={disk.database_disk.path}>
          Database on a disk of its own: {formatBytes(disk.database_disk.free_bytes)} free of{" "}
          {formatBytes(disk.database_disk.total_bytes)}
        </p>
      )}
    </section>
  );
}

function Key({ className, children }: { className: string; children: React.ReactNode }) {
  return (
    <span className="flex items-center gap-1.5">
      <span aria-hidden className={`size-2 shrink-0 rounded-full ${className}`} />
      <span>{children}</span>
    </span>
  );
}
