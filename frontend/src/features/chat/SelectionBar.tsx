import { Download } from "lucide-react";
import { asProblem } from "@/api/problem";
import type { DatasetCard } from "@/api/types";
import { CompareLink } from "@/features/compare/CompareLink";
import { useDownloadSeveral } from "@/features/downloads/useDownload";
import { Button } from "@/ui/Button";
import { formatBytes } from "@/ui/format";

interface SelectionBarProps {
  cards: DatasetCard[];
  onClear: () => void;
}

/** Datasets that were chosen together, their size, and one button for all of them. */
export function SelectionBar({ cards, onClear }: SelectionBarProps) {
  const several = useDownloadSeveral();
  const absent = cards.filter((card) => card.local_status !== "downloaded");
  if (cards.length === 0) return null;
  return (
    <div className="flex flex-wrap items-center gap-2 rounded-card border border-accent/60 bg-accent-soft px-3 py-2 text-14">
      <p className="min-w-0 flex-1">
        {cards.length} selected · <span className="text-muted">{totalSize(cards)}</span>
        {several.isError && (
          <span role="alert" className="block text-13 text-bad">
            {asProblem(several.error).detail}
          </span>
        )}
      </p>
      <Button variant="ghost" size="sm" onClick={onClear}>
        Clear
      </Button>
      <CompareLink refs={cards.map((card) => card.ref)} />
      <Button
        variant="primary"
        size="sm"
        disabled={several.isPending || absent.length === 0}
        onClick={() => several.mutate(absent, { onSuccess: onClear })}
      >
        <Download aria-hidden /> Download selected
      </Button>
    </div>
  );
}

function totalSize(cards: DatasetCard[]): string {
  const known = cards.filter((card) => card.size_bytes != null);
  const total = formatBytes(known.reduce((sum, card) => sum + (card.size_bytes ?? 0), 0));
  if (known.length === cards.length) return total;
  return known.length ? `more than ${total}` : "size unknown";
}
