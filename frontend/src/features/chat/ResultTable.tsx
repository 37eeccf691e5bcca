import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, api } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { DatasetCard } from "@/api/types";
import { CardAction } from "@/features/downloads/CardAction";
import { CardFooter } from "@/features/downloads/CardFooter";
import { useCardState } from "@/features/downloads/useCardState";
import { Button } from "@/ui/Button";
import { INPUT } from "@/ui/Field";
import { formatBytes, formatCount } from "@/ui/format";
import type { SearchInput, SearchOutput } from "./parts";

const PAGE = 20;

interface ResultTableProps {
  input: SearchInput;
  output: SearchOutput;
  onClose: () => void;
}

/** All results of a search, to be narrowed by words and source, and continued. */
export default function ResultTable({ input, output, onClose }: ResultTableProps) {
  const [found, setFound] = useState(output.downloadable_datasets);
  const [hasMore, setHasMore] = useState(output.more);
  const [words, setWords] = useState("");
  const [source, setSource] = useState("");
  const more = useMutation({
    mutationFn: () => searchOn(input, output.offset + found.length),
    onSuccess: (page) => {
      const known = new Set(found.map((card) => card.ref));
      setFound([...found, ...page.datasets.filter((card) => !known.has(card.ref))]);
      setHasMore(page.more && page.datasets.length > 0);
    },
  });
  const sources = [...new Set(found.map((card) => card.source))];
  const shown = found.filter((card) => matches(card, words, source));
  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <input
          type="search"
          aria-label="Filter results"
          placeholder="Filter…"
          value={words}
          onChange={(event) => setWords(event.target.value)}
          className={`${INPUT} min-w-40 flex-1`}
        />
        <select
          aria-label="Source"
          value={source}
          onChange={(event) => setSource(event.target.value)}
          className={`${INPUT} w-auto!`}
        >
          <option value="">All sources</option>
          {sources.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <Button onClick={onClose}>Show fewer</Button>
      </div>
      <div className="@container overflow-hidden rounded-card border bg-card">
        <table className="w-full table-fixed text-13">
          <caption className="sr-only">Datasets found</caption>
          <thead className="border-b bg-panel text-left text-12 text-muted">
            <tr>
              <th className="px-3 py-2 font-medium">Dataset</th>
              <th className="w-24 px-2 py-2 text-right font-medium @max-[30rem]:hidden">Size</th>
              <th className="w-28 px-2 py-2 font-medium @max-[38rem]:hidden">Licence</th>
              <th className="w-24 px-2 py-2 text-right font-medium @max-[46rem]:hidden">
                Downloads
              </th>
              <th className="w-36 px-3 py-2 font-medium">
                <span className="sr-only">Action</span>
              </th>
            </tr>
          </thead>
          <tbody className="divide-y">
            {shown.map((card) => (
              <ResultRow key={card.ref} card={card} />
            ))}
          </tbody>
        </table>
        {shown.length === 0 && (
          <p className="p-4 text-14 text-muted">No result matches the filter.</p>
        )}
      </div>
      <div className="flex flex-wrap items-center gap-3 text-13 text-muted">
        {hasMore && (
          <Button size="sm" disabled={more.isPending} onClick={() => more.mutate()}>
            {more.isPending ? "Loading…" : "Load more"}
          </Button>
        )}
        <span role="status">
          {shown.length} of {found.length} shown
        </span>
        {more.isError && (
          <span role="alert" className="text-bad">
            {asProblem(more.error).detail}
          </span>
        )}
      </div>
    </div>
  );
}

function ResultRow({ card }: { card: DatasetCard }) {
  const state = useCardState(card);
  return (
    <tr data-card={card.ref} tabIndex={-1} className="align-top">
      <td className="px-3 py-2">
        <p className="font-medium wrap-anywhere">{card.title}</p>
        <p className="truncate font-mono text-12 text-muted" title={card.ref}>
          {card.source} · {card.id}
        </p>
        <p className="text-12 text-muted @min-[30rem]:hidden">{sizeOf(card)}</p>
        {state.kind !== "absent" && state.kind !== "here" && (
          <CardFooter card={card} state={state} />
        )}
      </td>
      <td className="px-2 py-2 text-right tabular-nums @max-[30rem]:hidden">{sizeOf(card)}</td>
      <td className="truncate px-2 py-2 @max-[38rem]:hidden">{card.license ?? "none stated"}</td>
      <td className="px-2 py-2 text-right tabular-nums @max-[46rem]:hidden">
        {card.downloads > 0 ? formatCount(card.downloads) : ""}
      </td>
      <td className="px-3 py-2 text-right">
        <CardAction card={card} state={state} size="sm" />
      </td>
    </tr>
  );
}

function sizeOf(card: DatasetCard): string {
  return card.size_bytes == null ? "size unknown" : formatBytes(card.size_bytes);
}

function searchOn(input: SearchInput, offset: number) {
  const { query, sources, license, format, task, min_bytes, max_bytes, sort } = input;
  const filters = { license, format, task, min_bytes, max_bytes, sort: sort ?? "relevance" };
  return answerOf(
    api.POST("/api/datasets/search-all", {
      body: { query, sources, filters, limit: PAGE, offset },
    }),
  );
}

function matches(card: DatasetCard, words: string, source: string): boolean {
  if (source && card.source !== source) return false;
  const text = `${card.title} ${card.id} ${card.description} ${card.license ?? ""} ${card.tags.join(" ")}`;
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word));
}
