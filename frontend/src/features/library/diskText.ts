import type { StorageView } from "@/api/types";
import { formatBytes } from "@/ui/format";

export interface DiskShares {
  /** Bytes: of datasets and of downloads that have not ended, of everything else, and of nothing. */
  mine: number;
  other: number;
  free: number;
}

export function sharesOf(disk: StorageView): DiskShares {
  const mine = Math.min(disk.dataset_bytes + disk.partial_bytes, disk.used_bytes);
  return { mine, other: disk.used_bytes - mine, free: disk.free_bytes };
}

/** A disk with less than this part of it free is called almost full. */
const LITTLE = 0.05;

/** What a person should know before the next download; null while there is room. */
export function diskWarning({
  free_bytes: free,
  total_bytes,
  reserve_bytes,
}: StorageView): string | null {
  const usable = free - reserve_bytes;
  if (usable <= 0) {
    return `Full: new downloads are refused while less than ${formatBytes(reserve_bytes)} is free. Delete something.`;
  }
  if (free >= total_bytes * LITTLE && usable >= 2 * reserve_bytes) return null;
  return `Almost full: a download of more than ${formatBytes(usable)} is refused.`;
}
