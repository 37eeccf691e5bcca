import { ChevronDown, ChevronUp, CircleCheck } from "lucide-react";
import { useId, useState } from "react";
import type { DatasetCard as Card, CardCopy } from "@/api/types";
import { CardAction } from "@/features/downloads/CardAction";
import { CardFooter } from "@/features/downloads/CardFooter";
import { useCardState } from "@/features/downloads/useCardState";
import { EndKept } from "@/ui/EndKept";
import { ExternalLink } from "@/ui/ExternalLink";
import { formatBytes } from "@/ui/format";

/**
 * Where else the same data can be had: a line that says in what the copy differs, and opens to a list
 * from which another source can be taken.
 */
export function AlsoAt({ card }: { card: Card }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  // A card of an older answer has none.
  const copies = card.copies ?? [];
  const [first, ...others] = copies;
  const here = useCardState(first ?? card).kind === "here" && first !== undefined;
  if (!first) return null;
  const where = `${here ? "Already here from" : "Also at"} ${first.source}`;
  // What is here already is not chosen by its size.
  const differences = here ? [] : differencesOf(first, card);
  const more = [...differences, others.length > 0 && `and ${others.length} more`]
    .filter(Boolean)
    .join(" · ");
  const Chevron = open ? ChevronUp : ChevronDown;
  return (
    <>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={[where, first.id, more].filter(Boolean).join(" · ")}
        title={first.why_same}
        onClick={() => setOpen(!open)}
        className="flex max-w-full min-w-0 flex-wrap items-center gap-x-1.5 rounded-control text-left text-12 leading-4 text-muted hover:text-fg @min-[30rem]:flex-nowrap touch:min-h-11 [&_svg]:size-3.5 [&_svg]:shrink-0"
      >
        <Chevron aria-hidden />
        {here && <CircleCheck aria-hidden className="text-ok" />}
        <span className="shrink-0">{where} ·</span>
        <EndKept text={first.id} className="font-mono" />
        {more && <span className="shrink-0">· {more}</span>}
      </button>
      {open && (
        <ul
          id={id}
          aria-label={`${card.title} from other sources`}
          className="my-1 grid grid-cols-1 gap-1"
        >
          {copies.map((copy) => (
            <Copy key={copy.ref} copy={copy} card={card} />
          ))}
        </ul>
      )}
    </>
  );
}

/** One copy: its page, in what it differs, what tells that it is the same, and its own button. */
function Copy({ copy, card }: { copy: CardCopy; card: Card }) {
  const state = useCardState(copy);
  const named = { ...copy, description: "", title: `${card.title} from ${copy.source}` };
  const facts = [...differencesOf(copy, card), copy.gated && "terms to accept", copy.why_same];
  return (
    <li className="flex min-w-0 flex-wrap items-center justify-end gap-x-3 gap-y-1 rounded-control border px-2 py-1 text-12 @min-[30rem]:flex-nowrap">
      <div className="min-w-0 basis-full @min-[30rem]:flex-1 @min-[30rem]:basis-0">
        <ExternalLink href={copy.url} className="max-w-full min-w-0">
          <span className="mr-1.5 shrink-0">{copy.source} ·</span>
          <EndKept text={copy.id} className="font-mono" />
        </ExternalLink>
        <p className="text-muted wrap-anywhere">{facts.filter(Boolean).join(" · ")}</p>
        <CardFooter card={named} state={state} />
      </div>
      <CardAction card={named} state={state} size="sm" />
    </li>
  );
}

/** What a person must know before taking the one in place of the other. */
function differencesOf(copy: CardCopy, card: Card): string[] {
  const size = copy.size_bytes == null ? "size unknown" : formatBytes(copy.size_bytes);
  const ofCard = card.size_bytes == null ? "size unknown" : formatBytes(card.size_bytes);
  return [
    size !== ofCard && size,
    copy.licence.name !== card.licence.name && copy.licence.name,
    copy.formats.join() !== card.formats.join() && copy.formats.join(", "),
  ].filter((fact): fact is string => Boolean(fact));
}
