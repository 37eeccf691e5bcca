import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useState } from "react";
import type { DatasetCard } from "@/api/types";
import { CardAction } from "@/features/downloads/CardAction";
import { CardFooter } from "@/features/downloads/CardFooter";
import { useCardState } from "@/features/downloads/useCardState";
import { LicenceText } from "@/features/verdict/LicenceText";
import { EndKept } from "@/ui/EndKept";
import { formatBytes, formatCount, formatDate } from "@/ui/format";

/** A result in the table. Enter opens it as it opens a card: its screen, or what it is about. */
export function ResultRow({ card, number }: { card: DatasetCard; number?: number }) {
  const state = useCardState(card);
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const size = card.size_bytes == null ? "unknown" : formatBytes(card.size_bytes);

  function onKeyDown(event: KeyboardEvent) {
    if (event.key !== "Enter" || event.target !== event.currentTarget) return;
    event.preventDefault();
    if (state.kind === "here") void navigate({ to: "/library/$key", params: { key: card.key } });
    else setOpen(!open);
  }

  return (
    <tr data-card={card.ref} tabIndex={-1} onKeyDown={onKeyDown} className="align-top">
      <td className="px-3 py-2">
        <p className="flex gap-1.5">
          {number && <span className="text-muted tabular-nums">{number}.</span>}
          <span dir="auto" className="min-w-0 text-left font-medium wrap-anywhere">
            {card.title}
          </span>
        </p>
        <p className="flex min-w-0 gap-1 text-12 text-muted">
          <span className="shrink-0">{card.source} ·</span>
          <EndKept text={card.id} className="font-mono" />
        </p>
        <p className="text-12 text-muted @min-[38rem]:hidden">
          <span className="@min-[30rem]:hidden">
            {card.size_bytes == null ? "size unknown" : size} ·{" "}
          </span>
          <span className="wrap-anywhere">
            <LicenceText licence={card.licence} />
          </span>
        </p>
        {(open || (state.kind !== "absent" && state.kind !== "here")) && (
          <CardFooter card={card} state={state} open={open} />
        )}
      </td>
      <td className="px-2 py-2 text-right tabular-nums @max-[30rem]:hidden">{size}</td>
      <td className="px-2 py-2 wrap-anywhere @max-[38rem]:hidden">
        <LicenceText licence={card.licence} />
      </td>
      <td className="px-2 py-2 text-right whitespace-nowrap tabular-nums @max-[44rem]:hidden">
        {card.updated_at && formatDate(card.updated_at)}
      </td>
      <td className="px-2 py-2 text-right tabular-nums @max-[44rem]:hidden">
        {card.downloads > 0 && formatCount(card.downloads)}
      </td>
      <td className="px-3 py-2 text-right">
        <CardAction card={card} state={state} size="sm" />
      </td>
    </tr>
  );
}
