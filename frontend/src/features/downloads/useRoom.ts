import { useQuery } from "@tanstack/react-query";
import { storageQuery } from "@/api/queries";
import { formatBytes } from "@/ui/format";

export interface Room {
  fits: boolean;
  /** `needs 4.0 GB, 51.0 GB free` */
  text: string;
}

/** Whether `size` bytes have room in the store; null while either is not known. */
export function useRoom(size: number | null | undefined): Room | null {
  const { data: storage } = useQuery(storageQuery);
  if (!storage || size == null) return null;
  const fits = size + storage.reserve <= storage.free;
  // What the server keeps free counts where it is what is missing, as in its own refusal.
  const needs = fits ? size : size + storage.reserve;
  return { fits, text: `needs ${formatBytes(needs)}, ${formatBytes(storage.free)} free` };
}
