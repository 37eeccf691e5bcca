import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { DatasetCard } from "@/api/types";
import { Button } from "@/ui/Button";
import { INPUT } from "@/ui/Field";
import { OrderHeader } from "./OrderHeader";
import type { SearchInput, SearchOutput } from "./parts";
import { ResultRow } from "./ResultRow";
import { inOrder, type ResultOrder } from "./resultOrder";
import { searchAgain } from "./searchFilters";

const PAGE = 20;

interface ResultTableProps {
  input: SearchInput;
  output: SearchOutput;
  numbers: ReadonlyMap<string, number>;
  order: ResultOrder;
  onOrder: (order: ResultOrder) => void;
  onClose: () => void;
}

/** All results of a search, to be narrowed by words and source, sorted, and continued. */
export default function ResultTable({ input, output, numbers, ...rest }: ResultTableProps) {
  const { order, onOrder, onClose } = rest;
  const [further, setFurther] = useState<DatasetCard[]>([]);
  const [hasMore, setHasMore] = useState(output.more);
  const [words, setWords] = useState("");
  const [source, setSource] = useState("");
  const first = output.downloadable_datasets;
  const known = new Set(first.map((card) => card.ref));
  const found = [...first, ...further.filter((card) => !known.has(card.ref))];
  const more = useMutation({
    mutationFn: () => searchAgain(input, PAGE, output.offset + found.length),
    onSuccess: (page) => {
      const had = new Set(further.map((card) => card.ref));
      setFurther([...further, ...page.downloadable_datasets.filter((card) => !had.has(card.ref))]);
      setHasMore(page.more && page.downloadable_datasets.length > 0);
    },
  });
  const sources = [...new Set(found.map((card) => card.source))];
  const shown = inOrder(
    found.filter((card) => matches(card, words, source)),
    order,
  );
  const head = { order, onOrder };
  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <input
          type="search"
          aria-label="Filter results"
          placeholder="Filter by name, licence, tag…"
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
              <OrderHeader {...head} column="title" className="pl-3">
                Dataset
              </OrderHeader>
              <OrderHeader {...head} column="size" right className="w-22 @max-[30rem]:hidden">
                Size
              </OrderHeader>
              <OrderHeader {...head} column="licence" className="w-34 @max-[38rem]:hidden">
                Licence
              </OrderHeader>
              <OrderHeader {...head} column="date" right className="w-24 @max-[44rem]:hidden">
                Date
              </OrderHeader>
              <OrderHeader {...head} column="downloads" right className="w-26 @max-[44rem]:hidden">
                Downloads
              </OrderHeader>
              <th className="w-34 px-3 py-2">
                <span className="sr-only">Action</span>
              </th>
            </tr>
          </thead>
          <tbody className="divide-y">
            {shown.map((card) => (
              <ResultRow key={card.ref} card={card} number={numbers.get(card.ref)} />
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
          {shown.length < found.length && `${shown.length} of ${found.length} match the filter`}
          {shown.length === found.length && further.length > 0 && `${found.length} loaded`}
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

function matches(card: DatasetCard, words: string, source: string): boolean {
  if (source && card.source !== source) return false;
  const text = `${card.title} ${card.id} ${card.description} ${card.license ?? ""} ${card.tags.join(" ")}`;
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word));
}
