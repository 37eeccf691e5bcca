import { useQuery } from "@tanstack/react-query";
import { storageQuery } from "@/api/queries";
import { formatBytes } from "@/ui/format";

export interface DiskSpaceCheck {
  fits: boolean;
  /** `needs 4.0 GB, 51.0 GB free` */
  text: string;
}

/** Whether `size` bytes fit into the store; null while either is not known. */
export function useDiskSpace(size: number | null | undefined): DiskSpaceCheck | null {
  const { data: storage } = useQuery(storageQuery);
  if (!storage || size == null) return null;
  const { free_bytes: free, reserve_bytes: reserve } = storage;
  const fits = size + reserve <= free;
  // What the server keeps free counts where it is what is missing, as in its own refusal.
  const needed = fits ? size : size + reserve;
  return { fits, text: `needs ${formatBytes(needed)}, ${formatBytes(free)} free` };
}
